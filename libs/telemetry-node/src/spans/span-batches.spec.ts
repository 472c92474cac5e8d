import { diag, DiagLogLevel, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { ExportResultCode, setGlobalErrorHandler } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import type { EncodedSpans } from './encoded-spans-exporter.js';
import { SpanBatches } from './span-batches.js';

const SPAN = {
  name: 'a',
  kind: SpanKind.INTERNAL,
  context: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 },
  parent: undefined,
  startMs: 0,
  endMs: 0,
  attributes: {},
  status: { code: SpanStatusCode.UNSET },
};
const LIMITS = { maxExportBatchSize: 3, maxQueueSize: 5, scheduledDelayMs: 1_000 };

/** Batches that were exported, and what ends their exports. */
let exports: { readonly count: number; readonly bytes: Buffer; end(result: ExportResult): void }[];
let isShutDown: boolean;
let batches: SpanBatches;
let failures: unknown[];
/** What the exporter throws. */
let fault: Error | undefined;

function start(ready?: Promise<void>): SpanBatches {
  return new SpanBatches(
    new OTLPExporterBase<EncodedSpans>({
      export: ({ bytes, count }, end) => {
        if (fault) throw fault;
        exports.push({ bytes, count, end });
      },
      forceFlush: async () => undefined,
      shutdown: async () => {
        isShutDown = true;
      },
      setMetrics: () => undefined,
    }),
    { ...LIMITS, ready },
  );
}

function add(count: number): void {
  for (let added = 0; added < count; added++) batches.add(SPAN);
}

function counts(): number[] {
  return exports.map(({ count }) => count);
}

async function endExport(result: ExportResult = { code: ExportResultCode.SUCCESS }): Promise<void> {
  exports.at(-1)?.end(result);
  await jest.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  jest.useFakeTimers();
  [exports, isShutDown, failures, fault] = [[], false, [], undefined];
  setGlobalErrorHandler((error) => failures.push(error));
  batches = start();
});
afterEach(() => {
  jest.useRealTimers();
  diag.disable();
});

describe('batches of spans', () => {
  it('are exported when they are full, one at a time', async () => {
    add(2);
    await jest.advanceTimersByTimeAsync(0);
    expect(counts()).toEqual([]);
    add(3);
    await jest.advanceTimersByTimeAsync(0);
    expect(counts()).toEqual([3]);
    await jest.advanceTimersByTimeAsync(LIMITS.scheduledDelayMs);
    expect(counts()).toEqual([3]);
    await endExport();
    expect(counts()).toEqual([3, 2]);
    const [first, second] = exports.map(({ bytes }) => bytes.length / 6);
    expect(first).toBe((second as number) * 1.5);
  });

  it('are exported some time after their first span', async () => {
    add(1);
    await jest.advanceTimersByTimeAsync(LIMITS.scheduledDelayMs - 1);
    add(1);
    expect(counts()).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(counts()).toEqual([2]);
    await endExport();
    add(1);
    await jest.advanceTimersByTimeAsync(LIMITS.scheduledDelayMs);
    expect(counts()).toEqual([2, 1]);
  });

  it('take no more spans than may wait, say how many they did not take, and go on', async () => {
    const warn = jest.fn();
    const silent = () => undefined;
    diag.setLogger(
      { warn, error: silent, info: silent, debug: silent, verbose: silent },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
    add(LIMITS.maxQueueSize + 2);
    await jest.advanceTimersByTimeAsync(LIMITS.scheduledDelayMs);
    await endExport();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('2 spans were dropped'));
    await endExport();
    add(LIMITS.maxExportBatchSize);
    await endExport();
    expect(counts()).toEqual([3, 2, 3]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('go on after an export that failed, which is told', async () => {
    add(LIMITS.maxExportBatchSize);
    await jest.advanceTimersByTimeAsync(0);
    const error = new Error('no collector');
    await endExport({ code: ExportResultCode.FAILED, error });
    expect(failures).toEqual([error]);
    add(LIMITS.maxExportBatchSize);
    await jest.advanceTimersByTimeAsync(0);
    expect(counts()).toEqual([3, 3]);
  });

  it('go on after an exporter that throws, which is told, and harms nobody', async () => {
    fault = new Error('cannot be laid out');
    add(LIMITS.maxExportBatchSize);
    await jest.advanceTimersByTimeAsync(0);
    expect(failures).toEqual([fault]);
    fault = undefined;
    add(LIMITS.maxExportBatchSize);
    await jest.advanceTimersByTimeAsync(0);
    expect(counts()).toEqual([3]);
  });

  it('are exported at once when they are asked to, and before the end', async () => {
    add(1);
    const flushed = batches.forceFlush();
    await jest.advanceTimersByTimeAsync(0);
    await endExport();
    await flushed;
    add(1);
    const ended = batches.shutdown();
    await jest.advanceTimersByTimeAsync(0);
    expect([counts(), isShutDown]).toEqual([[1, 1], false]);
    await endExport();
    await ended;
    expect(isShutDown).toBe(true);
  });

  it('wait until they are ready to be exported', async () => {
    let becomeReady = () => undefined as void;
    batches = start(new Promise<void>((resolve) => (becomeReady = resolve)));
    add(LIMITS.maxExportBatchSize);
    await jest.advanceTimersByTimeAsync(LIMITS.scheduledDelayMs);
    expect(counts()).toEqual([]);
    becomeReady();
    await jest.advanceTimersByTimeAsync(0);
    expect(counts()).toEqual([3]);
  });
});
