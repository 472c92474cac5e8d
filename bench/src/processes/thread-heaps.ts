import { Session } from 'node:inspector/promises';

/** Bytes that are alive on the heaps of a process. */
export interface ThreadHeaps {
  readonly mainBytes: number;
  /** Of the one other thread. */
  readonly threadBytes: number;
}

const COLLECT_GARBAGE = 'HeapProfiler.collectGarbage';
const HEAP_USAGE = 'Runtime.getHeapUsage';
const ANSWER_TIMEOUT_MS = 30_000;

interface HeapUsage {
  readonly usedSize: number;
}

/** What the inspector of a thread answers to a numbered command. */
interface ThreadAnswer {
  readonly id: number;
  readonly result?: Partial<HeapUsage>;
}

/**
 * Collects garbage on the main thread and on the one other thread of this process, and measures both heaps. It asks
 * through the inspector, so that the thread runs nothing of the bench: its code and flags are those of every worker.
 */
export async function measureThreadHeaps(): Promise<ThreadHeaps> {
  const inspector = new Session();
  inspector.connect();
  try {
    const threadBytes = await otherThreadBytes(inspector);
    await inspector.post(COLLECT_GARBAGE);
    // The declarations of Node.js do not know this one.
    const post = inspector.post.bind(inspector) as unknown as (method: string) => Promise<HeapUsage>;
    const { usedSize } = await post(HEAP_USAGE);
    return { mainBytes: usedSize, threadBytes };
  } finally {
    inspector.disconnect();
  }
}

function otherThreadBytes(inspector: Session): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no thread told its heap')), ANSWER_TIMEOUT_MS);
    inspector.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => {
      for (const [id, method] of [COLLECT_GARBAGE, HEAP_USAGE].entries()) {
        const message = JSON.stringify({ id, method });
        inspector.post('NodeWorker.sendMessageToWorker', { sessionId, message }).catch(reject);
      }
    });
    inspector.on('NodeWorker.receivedMessageFromWorker', ({ params: { message } }) => {
      const { result } = JSON.parse(message) as ThreadAnswer;
      if (result?.usedSize === undefined) return;
      clearTimeout(timer);
      resolve(result.usedSize);
    });
    inspector.post('NodeWorker.enable', { waitForDebuggerOnStart: false }).catch(reject);
  });
}
