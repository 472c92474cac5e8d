import { BroadcastChannel, isMainThread } from 'node:worker_threads';
import { getHeapStatistics } from 'node:v8';

/** Name of the channel on which a process asks its threads for their heaps. */
const CHANNEL = 'tidewheel-bench-heap';
const QUESTION = 'measure';
const ANSWER_TIMEOUT_MS = 30_000;

/** Bytes that are alive on the heap of the calling thread. Needs `--expose-gc`. */
export function liveHeapBytes(): number {
  if (!globalThis.gc) throw new Error('measuring the heap needs --expose-gc');
  // What the first collection finalizes, only the second one frees.
  void globalThis.gc();
  void globalThis.gc();
  return getHeapStatistics().used_heap_size;
}

/** Bytes that are alive on the heap of the one other thread of this process, which must have the probe below. */
export function threadHeapBytes(): Promise<number> {
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no thread told its heap')), ANSWER_TIMEOUT_MS);
    channel.onmessage = (message) => {
      const { data } = message as { readonly data: unknown };
      if (typeof data !== 'number') return;
      clearTimeout(timer);
      resolve(data);
    };
    channel.postMessage(QUESTION);
  }).finally(() => channel.close());
}

/** Makes this thread answer {@link threadHeapBytes}; does nothing on the main thread. */
export function answerHeapQuestions(): void {
  if (isMainThread) return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (message) => {
    const { data } = message as { readonly data: unknown };
    if (data === QUESTION) channel.postMessage(liveHeapBytes());
  };
  channel.unref();
}
