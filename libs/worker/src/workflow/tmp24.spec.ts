import { writeSync } from 'node:fs';
import { decodeEvents } from '@tidewheel/codec';
import { FakeHistory } from './fake-history.fixture.js';
import { bundleSdk } from './sdk-bundle.js';
import { WorkflowSandbox } from './workflow-sandbox.js';
const say = (t: string) => writeSync(2, t + '\n');
test('a', async () => {
  const mk = async (code: string) => new WorkflowSandbox({ sdk: await bundleSdk(), workflows: code }, { maxCachedWorkflows: 1, maxCachedBytes: 1e9 }, decodeEvents);
  for (const body of ['return 1', 'const e = new Error("x"); return 1', 'const e = new Error("x"); return e.stack.length', 'throw new Error("x")']) {
    say(body);
    const s = await mk('exports.bad = async () => { ' + body + ' }');
    say('made');
    let r: { kind: string } = { kind: "?" }; try { r = new FakeHistory("bad").tryRun(s); } catch (e) { say("caught " + String(e)); } finally { say("finally"); }
    say(r.kind);
    await Promise.resolve();
    say('next');
  }
});
