import { context, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import { ExportResultCode, globalErrorHandler, suppressTracing } from '@opentelemetry/core';
import type { ExportResult } from '@opentelemetry/core';
import type { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import type { EncodedSpans } from './encoded-spans-exporter.js';
import { SpanEncoder } from './span-encoder.js';
import type { EncodableSpan } from './span-encoder.js';

/** How spans are exported; the limits are those of the OpenTelemetry SDK. */
interface SpanBatchesOptions {
  /** Spans in a batch at most; as many are exported at once. */
  readonly maxExportBatchSize: number;
  /** Spans that wait at most; more are dropped. */
  readonly maxQueueSize: number;
  /** How long a span waits for others, in milliseconds. */
  readonly scheduledDelayMs: number;
  /** Nothing is exported before. */
  readonly ready?: Promise<void> | undefined;
}

/**
 * Spans that wait to be exported, laid out one after the other: some hundred bytes each, and no trees of objects that
 * the garbage collector has to move about.
 */
export class SpanBatches {
  private readonly encoder = new SpanEncoder();
  /** Spans that have not become a batch yet. */
  private count = 0;
  private readonly batches: EncodedSpans[] = [];
  private waiting = 0;
  private dropped = 0;
  private timer: NodeJS.Timeout | undefined;
  private exporting: Promise<void> | undefined;

  constructor(
    private readonly exporter: OTLPExporterBase<EncodedSpans>,
    private readonly options: SpanBatchesOptions,
  ) {}

  add(span: EncodableSpan): void {
    if (this.waiting >= this.options.maxQueueSize) {
      this.dropped++;
      return;
    }
    this.encoder.span(span);
    this.waiting++;
    this.count++;
    if (this.count >= this.options.maxExportBatchSize) this.exportBatches();
    else this.timer ??= setTimeout(() => this.exportBatches(), this.options.scheduledDelayMs).unref();
  }

  /** Exports what waits. */
  async forceFlush(): Promise<void> {
    this.exportBatches();
    await this.exporting;
  }

  /** Exports what waits, and lets go of the exporter. */
  async shutdown(): Promise<void> {
    await this.forceFlush();
    await this.exporter.shutdown();
  }

  private exportBatches(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.count > 0) this.batches.push({ bytes: this.encoder.take(), count: this.count });
    this.count = 0;
    this.exporting ??= this.exportAll();
  }

  /** One after the other, so that a slow collector is not asked ever more at a time. */
  private async exportAll(): Promise<void> {
    await this.options.ready;
    for (let batch = this.batches.shift(); batch; batch = this.batches.shift()) {
      const { code, error } = await this.export(batch);
      this.waiting -= batch.count;
      if (code === ExportResultCode.FAILED)
        globalErrorHandler(error ?? new Error('the export of spans failed'));
      if (this.dropped > 0)
        diag.warn(`${this.dropped} spans were dropped: OTEL_BSP_MAX_QUEUE_SIZE waited already`);
      this.dropped = 0;
    }
    // At once, so that no batch comes in between and waits for the next one.
    this.exporting = undefined;
  }

  private export(batch: EncodedSpans): Promise<ExportResult> {
    // What the exporter itself does belongs to no trace.
    return new Promise<ExportResult>((resolve) => {
      context.with(suppressTracing(ROOT_CONTEXT), () => this.exporter.export(batch, resolve));
    }).catch((error: unknown) => ({ code: ExportResultCode.FAILED, error: error as Error }));
  }
}
