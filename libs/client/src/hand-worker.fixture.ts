import type { Command, QueryAnswer } from '@tidewheel/core';
import { answerQuery, completeWorkflowTask, startWorkflowTasks, takeQuery } from '@tidewheel/engine';
import type { Engine, TaskQuery, WorkflowTask } from '@tidewheel/engine';
import { parseTaskEntry, WORKERS_GROUP } from '@tidewheel/store';
import type { RawStreamEntry } from '@tidewheel/store';

const IDENTITY = 'hand-worker';
const BLOCK_MS = 200;

/** What the test does in the place of workflow code. */
interface Decisions {
  /** The commands of a workflow task. */
  readonly commands: (task: WorkflowTask) => readonly Command[];
  readonly answer?: (query: TaskQuery) => QueryAnswer;
}

/** Polls the first partition's stream of one task queue and answers every task as told, without any workflow code. */
export async function startHandWorker(
  engine: Engine,
  namespace: string,
  taskQueue: string,
  decisions: Decisions,
): Promise<{ stop(): Promise<void> }> {
  const { context } = engine;
  const streamKey = context.keys.taskStream(0, 'workflow', namespace, taskQueue);
  const source = { partition: 0, streamKey, taskQueue, identity: IDENTITY, sticky: false };
  const connection = engine.context.connections.open('hand-worker');
  await connection.xgroup('CREATE', streamKey, WORKERS_GROUP, '0', 'MKSTREAM');
  let stopped = false;

  const work = async ([, entries]: [string, RawStreamEntry[]]): Promise<void> => {
    for (const raw of entries) {
      const entry = parseTaskEntry(raw);
      if (entry?.kind === 'query') {
        const task = await takeQuery(context, source, entry);
        if (task && decisions.answer) {
          await answerQuery(context, task.run.partition, task.query.queryId, decisions.answer(task.query));
        }
      } else if (entry?.kind === 'workflowTask') {
        const [task] = await startWorkflowTasks(context, source, [entry]);
        if (task) {
          await completeWorkflowTask(context, task, {
            commands: decisions.commands(task),
            identity: IDENTITY,
          });
        }
      }
    }
  };

  const poll = async (): Promise<void> => {
    while (!stopped) {
      const reply = (await connection.call(
        ...['XREADGROUP', 'GROUP', WORKERS_GROUP, IDENTITY, 'COUNT', '10'],
        ...['BLOCK', BLOCK_MS, 'STREAMS', streamKey, '>'],
      )) as [string, RawStreamEntry[]][] | null;
      for (const stream of reply ?? []) await work(stream);
    }
  };
  const polling = poll();
  return {
    async stop() {
      stopped = true;
      await polling;
      connection.disconnect();
    },
  };
}
