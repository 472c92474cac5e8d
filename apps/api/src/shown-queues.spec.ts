import type { KindScaling, TaskQueueScaling } from '@tidewheel/engine';
import { SCALING as NOTHING } from './recording-service.fixture.js';
import { ShownQueues } from './shown-queues.js';

/** An engine whose queues are what the test says: those with workers, and others. */
class FakeEngine {
  namespaces = ['default'];
  readonly queues = new Map<string, Partial<TaskQueueScaling>>();
  /** What was polled before, by namespace and name. */
  polled: { namespace: string; taskQueue: string }[] = [];
  asked: string[] = [];

  listNamespaces() {
    return Promise.resolve(
      this.namespaces.map(
        (name) => ({ name, description: '', ownerEmail: '', retentionMs: 1, state: 'REGISTERED' }) as never,
      ),
    );
  }

  scaleTaskQueue(namespace: string, taskQueue: string): Promise<TaskQueueScaling> {
    this.asked.push(taskQueue);
    return Promise.resolve(this.scaling(namespace, taskQueue));
  }

  scaleTaskQueues(namespace: string, most: number): Promise<TaskQueueScaling[]> {
    const served = [...this.queues.keys()].map((taskQueue) => this.scaling(namespace, taskQueue));
    return Promise.resolve(
      served.filter(({ workflow, activity }) => workflow.pollers + activity.pollers > 0).slice(0, most),
    );
  }

  listPolledTaskQueues() {
    return Promise.resolve(this.polled.splice(0));
  }

  private scaling(namespace: string, taskQueue: string): TaskQueueScaling {
    const known = this.queues.get(taskQueue);
    return { namespace, taskQueue, desired: 0, workflow: NOTHING, activity: NOTHING, ...known };
  }
}

const workers = (pollers: number): KindScaling => ({ ...NOTHING, pollers });
const waiting = (backlog: number): KindScaling => ({ ...NOTHING, backlog });

let engine: FakeEngine;
let shown: ShownQueues;
beforeEach(() => {
  engine = new FakeEngine();
  shown = new ShownQueues();
});

describe('the task queues that are shown', () => {
  it('have the kinds of task that have workers or wait', async () => {
    engine.queues.set('both', { workflow: workers(1), activity: waiting(2) });
    engine.queues.set('one', { activity: workers(1) });
    engine.queues.set('none', { workflow: waiting(1) });
    expect(await shown.look(engine)).toMatchObject([
      { taskQueue: 'both', workflow: { pollers: 1 }, activity: { pollers: 0, backlog: 2 } },
      { taskQueue: 'one', workflow: undefined, activity: { pollers: 1 } },
    ]);
  });

  it('stay when their workers have gone, with what waits there', async () => {
    engine.queues.set('lost', { workflow: workers(2) });
    await shown.look(engine);
    engine.queues.set('lost', {});
    expect(await shown.look(engine)).toEqual([
      { namespace: 'default', taskQueue: 'lost', workflow: NOTHING, activity: undefined },
    ]);
    engine.queues.set('lost', { workflow: waiting(3) });
    expect(await shown.look(engine)).toMatchObject([{ workflow: { pollers: 0, backlog: 3 } }]);
    engine.queues.set('lost', { workflow: workers(1) });
    expect(await shown.look(engine)).toMatchObject([{ workflow: { pollers: 1, backlog: 0 } }]);
  });

  it('keep a kind that was shown when nothing waits any more', async () => {
    engine.queues.set('q', { workflow: workers(1), activity: waiting(1) });
    await shown.look(engine);
    engine.queues.set('q', { workflow: workers(1) });
    expect(await shown.look(engine)).toMatchObject([{ activity: { backlog: 0 } }]);
  });

  it('end with their namespace', async () => {
    engine.queues.set('q', { workflow: workers(1), activity: waiting(1) });
    await shown.look(engine);
    engine.namespaces = [];
    expect(await shown.look(engine)).toEqual([]);
    expect(engine.asked).toEqual([]);
  });

  it('are asked for up to a hundred with workers, and a hundred that had some last', async () => {
    const add = (name: string, count: number): void => {
      for (let i = 0; i < count; i++) engine.queues.set(`${name}-${i}`, { workflow: workers(1) });
    };
    const endAll = (): void => {
      for (const name of engine.queues.keys()) engine.queues.set(name, { workflow: waiting(1) });
    };
    add('old', 60);
    await shown.look(engine);
    endAll();
    add('new', 60);
    await shown.look(engine);
    expect(engine.asked).toHaveLength(60);
    endAll();
    engine.asked = [];
    const queues = await shown.look(engine);
    expect(engine.asked).toHaveLength(100);
    expect(engine.asked.filter((name) => name.startsWith('new'))).toHaveLength(60);
    expect(queues).toHaveLength(100);
    expect(queues.filter(({ workflow }) => workflow?.backlog === 1)).toHaveLength(100);
    add('new', 60);
    expect(await shown.look(engine)).toHaveLength(120);
  });

  it('are also those that were polled before the process began', async () => {
    engine.polled = ['waits', 'idle', 'served'].map((taskQueue) => ({ namespace: 'default', taskQueue }));
    engine.polled.push({ namespace: 'gone', taskQueue: 'waits' });
    engine.queues.set('waits', { activity: waiting(2) });
    engine.queues.set('served', { workflow: workers(1) });
    const withNumbers = async () =>
      (await shown.look(engine)).filter(({ workflow, activity }) => workflow ?? activity);
    expect(await withNumbers()).toEqual([
      { namespace: 'default', taskQueue: 'waits', workflow: undefined, activity: waiting(2) },
      { namespace: 'default', taskQueue: 'served', workflow: workers(1), activity: undefined },
    ]);
    engine.queues.set('idle', { workflow: waiting(1) });
    expect(await withNumbers()).toMatchObject([{ taskQueue: 'waits' }, { taskQueue: 'idle' }, {}]);
  });

  it.each([
    [900, ['oldest']],
    [1_000, []],
  ])('are forgotten after a thousand others: %i', async (others, asked) => {
    engine.namespaces = ['default', 'other'];
    engine.polled = Array.from({ length: others }, (_, i) => ({ namespace: 'other', taskQueue: `q-${i}` }));
    engine.polled.unshift({ namespace: 'default', taskQueue: 'oldest' });
    engine.queues.set('new', { workflow: workers(1) });
    await shown.look(engine);
    engine.namespaces = ['default'];
    engine.asked = [];
    await shown.look(engine);
    expect(engine.asked).toEqual(asked);
  });
});
