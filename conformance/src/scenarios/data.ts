import { Context } from '@temporalio/activity';
import type { ActivityExecuteInput } from '@temporalio/worker';
import { ApplicationFailure, DefaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import type { Headers, Payload, PayloadCodec } from '@temporalio/common';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import assert from 'node:assert/strict';
import { workflowModule } from '../harness/bundles.js';
import { onlyEvent } from '../harness/history.js';
import type { Scenario } from '../harness/scenario.js';
import { waitUntil } from '../harness/wait.js';
import { runActivity } from '../workflows/activity-workflows.js';
import { add, collected, collectSignals } from '../workflows/message-workflows.js';
import { failWith, tellSinks } from '../workflows/property-workflows.js';
import type { NoteSinks } from '../workflows/property-workflows.js';
import type { InjectedSinks } from '@temporalio/worker';
import { causeOf } from './timers-and-cancellation.js';

const ENCODING = Buffer.from('binary/encrypted');
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts whole payloads, as an application with secrets would. */
class EncryptingCodec implements PayloadCodec {
  private readonly key = randomBytes(32);

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(
      payloads.map((payload) => {
        const nonce = randomBytes(NONCE_BYTES);
        const cipher = createCipheriv('aes-256-gcm', this.key, nonce);
        const plain = JSON.stringify([
          Buffer.from(payload.metadata?.['encoding'] ?? []).toString('latin1'),
          Buffer.from(payload.data ?? []).toString('base64'),
        ]);
        const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
        return { metadata: { encoding: ENCODING }, data };
      }),
    );
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(
      payloads.map((payload) => {
        assert.deepEqual(Buffer.from(payload.metadata?.['encoding'] ?? []), ENCODING);
        const bytes = Buffer.from(payload.data ?? []);
        const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, NONCE_BYTES));
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
        const plain = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8');
        const [encoding, data] = JSON.parse(plain + decipher.final('utf8')) as [string, string];
        return {
          metadata: { encoding: Buffer.from(encoding, 'latin1') },
          data: Buffer.from(data, 'base64'),
        };
      }),
    );
  }
}

const HEADER = 'trace';

function readHeader(headers: Headers): string {
  const payload = headers[HEADER];
  return payload ? defaultPayloadConverter.fromPayload<string>(payload) : 'no header';
}

function withHeader(headers: Headers, value: string): Headers {
  return { ...headers, [HEADER]: defaultPayloadConverter.toPayload(value) };
}

const headerInterceptor: WorkflowClientInterceptor = {
  async startWithDetails(input, next) {
    return await next({ ...input, headers: withHeader(input.headers, 'from the start') });
  },
  async signal(input, next) {
    await next({ ...input, headers: withHeader(input.headers, 'from the signal') });
  },
  async query(input, next) {
    return await next({ ...input, headers: withHeader(input.headers, 'from the query') });
  },
};

export const dataScenarios: readonly Scenario[] = [
  {
    name: 'payloads-of-2-mib',
    async run(context) {
      await context.work();
      const text = 'ä'.repeat(1024 * 1024 - 64);
      assert.ok(Buffer.byteLength(text) > 2_000_000);
      const handle = await context.start(runActivity, {
        args: [{ name: 'echo', args: [text], options: { startToCloseTimeout: '1 minute' } }],
      });
      assert.equal(await handle.result(), text);
    },
  },
  {
    name: 'payloads-of-all-kinds',
    async run(context) {
      await context.work();
      const kinds = [null, '', 0, -1.5, false, [], {}, { ключ: ['值', '\u0000'] }, 'x'.repeat(70_000)];
      for (const value of kinds) {
        const handle = await context.start(runActivity, { args: [{ name: 'echo', args: [value] }] });
        assert.deepEqual(await handle.result(), value);
      }
      const bytes = new Uint8Array([0, 255, 128, 10]);
      const signaled = await context.start(collectSignals, { args: [1] });
      await signaled.signal(add, bytes);
      await signaled.result();
      const { payloads } =
        onlyEvent(await context.history(signaled), 'WorkflowExecutionSignaled')
          .workflowExecutionSignaledEventAttributes?.input ?? {};
      assert.deepEqual(Buffer.from(payloads?.[0]?.data ?? []), Buffer.from(bytes));
      const nothing = await context.start(runActivity, { args: [{ name: 'echo', args: [undefined] }] });
      assert.equal((await nothing.result()) ?? undefined, undefined);
    },
  },
  {
    name: 'payload-codec-encrypts',
    replays: false,
    async run(context) {
      const dataConverter = { payloadCodecs: [new EncryptingCodec()] };
      const client = context.newClient({ dataConverter });
      await context.work({ dataConverter });
      const secret = { card: '4111' };
      const memo = { secret: 'memo 4111' };
      const started = await context.start(
        runActivity,
        { args: [{ name: 'echo', args: [secret] }], memo },
        client,
      );
      const handle = client.workflow.getHandle(started.workflowId);
      assert.deepEqual(await handle.result(), secret);
      assert.deepEqual((await handle.describe()).memo, memo);
      const failing = await context.start(failWith, { args: ['secret 4111', 'Wrong'] }, client);
      const failure = await causeOf(client.workflow.getHandle(failing.workflowId).result());
      assert.ok(failure instanceof ApplicationFailure);
      assert.deepEqual(failure.details, [{ order: 7 }, 'second']);
      const history = await context.history(started);
      assert.ok(!JSON.stringify(history).includes(Buffer.from('4111').toString('base64')));
      const { input } =
        onlyEvent(history, 'WorkflowExecutionStarted').workflowExecutionStartedEventAttributes ?? {};
      assert.deepEqual(Buffer.from(input?.payloads?.[0]?.metadata?.['encoding'] ?? []), ENCODING);
    },
  },
  {
    name: 'failures-with-encoded-attributes',
    replays: false,
    async run(context) {
      await context.work({
        bundle: 'with-encoded-failures',
        dataConverter: { failureConverterPath: workflowModule('encoding-failure-converter') },
      });
      const started = await context.start(failWith, { args: ['not for everybody', 'Wrong'] });
      const plain = await causeOf(started.result());
      assert.equal(plain?.message, 'not for everybody', 'the default converter decodes too');
      const failed = onlyEvent(await context.history(started), 'WorkflowExecutionFailed');
      const { failure } = failed.workflowExecutionFailedEventAttributes ?? {};
      assert.equal(failure?.message, 'Encoded failure');
      assert.equal(failure.stackTrace, '');
      assert.ok(failure.encodedAttributes?.data);
      const converter = new DefaultFailureConverter();
      const decoded = converter.failureToError(failure, defaultPayloadConverter);
      assert.equal(decoded.message, 'not for everybody');
    },
  },
  {
    name: 'interceptors-carry-headers',
    replays: false,
    async run(context) {
      const client = context.newClient({ interceptors: { workflow: [headerInterceptor] } });
      await context.work({
        bundle: 'with-interceptors',
        activities: { tellHeader: async () => Promise.resolve(Context.current().info.activityType) },
        interceptors: {
          activity: [
            () => ({
              inbound: {
                async execute(input: ActivityExecuteInput) {
                  return Promise.resolve(readHeader(input.headers));
                },
              },
            }),
          ],
        },
      });
      const started = await context.start('traced', {}, client);
      const handle = client.workflow.getHandle(started.workflowId);
      assert.deepEqual(await handle.query('seen'), { start: 'from the start', query: 'from the query' });
      await handle.signal('proceed');
      const told = (await handle.result()) as Record<string, string>;
      assert.equal(told['start'], 'from the start');
      assert.equal(told['signal'], 'from the signal');
      assert.equal(told['activity'], 'from the start>activity');
    },
  },
  {
    name: 'sinks-write-once',
    async run(context) {
      const written: string[] = [];
      const sinks: InjectedSinks<NoteSinks> = {
        notes: {
          write: {
            fn(info, text) {
              written.push(`${info.workflowId} ${text}`);
            },
          },
        },
      };
      const first = await context.work({ sinks });
      const handle = await context.start(tellSinks, {});
      await waitUntil('the first note', () => written.length === 1);
      await first.stop();
      await context.work({ sinks });
      await handle.signal('proceed');
      await handle.result();
      assert.deepEqual(written, [`${handle.workflowId} begun`, `${handle.workflowId} proceeding`]);
    },
  },
  {
    name: 'query-answers-of-1-mib',
    async run(context) {
      await context.work();
      const handle = await context.start(collectSignals, { args: [3] });
      const text = 'z'.repeat(1024 * 1024);
      await handle.signal(add, text);
      assert.deepEqual(await handle.query(collected), [text]);
      await handle.signal(add, 1);
      await handle.signal(add, 2);
      await handle.result();
    },
  },
];
