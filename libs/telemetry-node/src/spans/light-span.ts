import { SpanStatusCode } from '@opentelemetry/api';
import type { Attributes, Span, SpanContext, SpanKind, SpanStatus, TimeInput } from '@opentelemetry/api';
import { hrTimeToMilliseconds, timeInputToHrTime } from '@opentelemetry/core';
import type { EncodableSpan } from './span-encoder.js';

/** What becomes of a span. */
export interface SpanFate {
  /** The span has ended. */
  readonly ended: (span: EncodableSpan) => void;
  /** Starts the span again as one of the OpenTelemetry SDK, under the same ids. */
  readonly restarted: (span: EncodableSpan) => Span;
}

const UNSET: SpanStatus = { code: SpanStatusCode.UNSET };

/**
 * A recorded span that can do little and costs little: it has attributes and a status. A span of the OpenTelemetry SDK
 * takes its place when it is to have events or links.
 */
export class LightSpan implements Span, EncodableSpan {
  readonly startMs: number;
  endMs = 0;
  status = UNSET;
  private isOpen = true;
  private full: Span | undefined;
  /** By the clock that never goes back; below zero when somebody said when the span started. */
  private readonly startedMs: number;

  /**
   * @param attributes become those of the span
   * @param startTime default: now
   */
  constructor(
    private readonly fate: SpanFate,
    public name: string,
    readonly kind: SpanKind,
    readonly context: SpanContext,
    readonly parent: SpanContext | undefined,
    readonly attributes: Attributes,
    startTime?: TimeInput,
  ) {
    this.startedMs = startTime === undefined ? performance.now() : -1;
    this.startMs = startTime === undefined ? Date.now() : millisecondsOf(startTime);
  }

  spanContext(): SpanContext {
    return this.context;
  }

  isRecording(): boolean {
    return this.isOpen;
  }

  setAttribute(...[key, value]: Parameters<Span['setAttribute']>): this {
    if (this.full) this.full.setAttribute(key, value);
    else if (this.isOpen) this.attributes[key] = value;
    return this;
  }

  setAttributes(attributes: Attributes): this {
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined) this.setAttribute(key, value);
    }
    return this;
  }

  setStatus(status: SpanStatus): this {
    if (this.full) this.full.setStatus(status);
    else if (this.isOpen && this.status.code !== SpanStatusCode.OK && status.code !== SpanStatusCode.UNSET)
      this.status = status;
    return this;
  }

  updateName(name: string): this {
    if (this.full) this.full.updateName(name);
    else if (this.isOpen) this.name = name;
    return this;
  }

  addEvent(...event: Parameters<Span['addEvent']>): this {
    this.inFull()?.addEvent(...event);
    return this;
  }

  addLink(...link: Parameters<Span['addLink']>): this {
    this.inFull()?.addLink(...link);
    return this;
  }

  addLinks(...links: Parameters<Span['addLinks']>): this {
    this.inFull()?.addLinks(...links);
    return this;
  }

  recordException(...exception: Parameters<Span['recordException']>): void {
    this.inFull()?.recordException(...exception);
  }

  end(endTime?: TimeInput): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    if (this.full) {
      this.full.end(endTime);
      return;
    }
    this.endMs = Math.max(this.startMs, endTime === undefined ? this.nowMs() : millisecondsOf(endTime));
    this.fate.ended(this);
  }

  private nowMs(): number {
    return this.startedMs < 0 ? Date.now() : this.startMs + performance.now() - this.startedMs;
  }

  /** The span of the SDK, unless this one has ended. */
  private inFull(): Span | undefined {
    if (!this.full && this.isOpen) this.full = this.fate.restarted(this);
    return this.full;
  }
}

function millisecondsOf(time: TimeInput): number {
  return typeof time === 'number' && time > performance.timeOrigin / 2
    ? time
    : hrTimeToMilliseconds(timeInputToHrTime(time));
}
