import { decodeEvent } from '@tidewheel/codec';
import { DEFAULTS, isEventOf } from '@tidewheel/core';
import type { HistoryEvent } from '@tidewheel/core';
import { awaitClose } from '@tidewheel/engine';
import type { Engine, ExecutionAddress } from '@tidewheel/engine';
import { decodeHistoryToken, encodeHistoryToken } from '@tidewheel/remote-polling';
import type { HistoryToken } from '@tidewheel/remote-polling';
import type { CallContext, MethodTable } from '../call-context.js';
import { historyEventFilter } from '../convert/enums.js';
import type { EventContext } from '../convert/event.js';
import { eventsToProto, leavesOutWhatTheFirstSays } from '../convert/event.js';
import { typesForEvents } from '../convert/search-attributes.js';
import { invalidArgument } from '../errors.js';
import type { GatewayContext } from '../gateway-context.js';
import type { RequestOf, ResponseOf } from '../proto.js';
import { tokenRefusal } from '../token-refusal.js';
import { executionAddress } from './request-fields.js';

type HistoryRequest = RequestOf<'GetWorkflowExecutionHistory'>;
type HistoryResponse = ResponseOf<'GetWorkflowExecutionHistory'>;

/** One less than the engine reads at a time, which tells whether there are more. */
const MAX_PAGE_SIZE = 255;
/**
 * Bytes of events on one page, roughly, unless a single event is larger: well under the 4 MiB that gRPC clients accept by
 * default.
 */
const MAX_PAGE_BYTES = 2 * 1024 * 1024;
/** Time left to answer that nothing happened, before the caller stops waiting. */
const MARGIN_MS = 1_000;

export function historyMethods({ engine }: GatewayContext): MethodTable {
  return {
    GetWorkflowExecutionHistory(request, call) {
      const reader = new HistoryReader(engine, request);
      return historyEventFilter.fromProto(request.historyEventFilterType) === 'CLOSE_EVENT'
        ? reader.closeEvent(call)
        : reader.page(call);
    },

    GetWorkflowExecutionHistoryReverse(request) {
      return new HistoryReader(engine, request).pageBackwards();
    },
  };
}

/** Answers one request for a history, which is about the run in its token where it has one. */
class HistoryReader {
  private readonly address: ExecutionAddress;
  private readonly token: HistoryToken | undefined;
  private readonly pageSize: number;

  constructor(
    private readonly engine: Engine,
    private readonly request: HistoryRequest,
  ) {
    const { namespace, execution, nextPageToken, maximumPageSize } = request;
    const address = executionAddress(namespace, execution, 'execution');
    this.token = nextPageToken?.length ? readHistoryToken(nextPageToken) : undefined;
    if (this.token && address.runId && this.token.runId !== address.runId) {
      throw invalidArgument('next_page_token', 'is of another run than the one asked for');
    }
    this.address = this.token ? { ...address, runId: this.token.runId } : address;
    if (maximumPageSize && maximumPageSize < 0)
      throw invalidArgument('maximum_page_size', 'must not be negative');
    this.pageSize = Math.min(maximumPageSize || MAX_PAGE_SIZE, MAX_PAGE_SIZE);
  }

  /** The next events; with `wait_new_event` those that are still to come as well. */
  async page(call: CallContext): Promise<HistoryResponse> {
    const { token, pageSize } = this;
    const waits = this.request.waitNewEvent === true && token?.lastEventId === undefined;
    const from = token?.nextEventId ?? 1;
    const most = Math.min(pageSize, (token?.lastEventId ?? Infinity) - from + 1);
    const page = await this.read(from, most + 1, waits ? longPollMs(call) : 0, call.signal);
    const events = fitting(page.events.slice(0, most));
    const next = from + events.length;
    const last = token?.lastEventId;
    if (token && last !== undefined && next > last) {
      const virtual = (token.virtualEvents ?? []).map((bytes, i) =>
        decodeEvent(Buffer.from(bytes), last + 1 + i),
      );
      return this.respond(page.runId, [...events, ...virtual], undefined);
    }
    const goesOn = page.events.length > events.length || (waits && page.nextEventId !== undefined);
    return this.respond(
      page.runId,
      events,
      goesOn ? { ...token, runId: page.runId, nextEventId: next } : undefined,
    );
  }

  /**
   * The last event of a closed run. While it runs: nothing, and with `wait_new_event` a token to ask again with, as soon
   * as it closes or the long poll is over.
   */
  async closeEvent(call: CallContext): Promise<HistoryResponse> {
    const waits = this.request.waitNewEvent === true;
    const { runId, closeEvent } = await awaitClose(this.engine.context, {
      ...this.address,
      waitMs: waits ? longPollMs(call) : 0,
      signal: call.signal,
    });
    if (closeEvent) return this.respond(runId, [closeEvent], undefined);
    return this.respond(runId, [], waits ? { runId, nextEventId: 1 } : undefined);
  }

  /** Events from the newest, or from where the page before ended, towards the first. */
  async pageBackwards(): Promise<HistoryResponse> {
    const { engine, address, token, pageSize } = this;
    const page = await engine.getHistory({
      ...address,
      reverse: true,
      pageSize,
      ...(token && { fromEventId: token.nextEventId }),
    });
    const events = fitting(page.events);
    const next = (events.at(-1)?.eventId ?? 1) - 1;
    return this.respond(page.runId, events, next > 0 ? { runId: page.runId, nextEventId: next } : undefined);
  }

  private read(fromEventId: number, pageSize: number, waitMs: number, signal: AbortSignal) {
    return this.engine.getHistory({ ...this.address, fromEventId, pageSize, waitMs, signal });
  }

  private async respond(
    runId: string,
    events: readonly HistoryEvent[],
    next: HistoryToken | undefined,
  ): Promise<HistoryResponse> {
    const converted =
      events.length === 0 ? [] : eventsToProto(events, await this.eventContext(runId, events));
    return {
      history: { events: converted },
      nextPageToken: next ? encodeHistoryToken(next) : Buffer.alloc(0),
    };
  }

  /** Events leave out what the first one says for all, so that one is read when it is not on the page. */
  private async eventContext(runId: string, events: readonly HistoryEvent[]): Promise<EventContext> {
    const { namespace, workflowId } = this.address;
    const onPage = events.find(({ eventId }) => eventId === 1);
    const first =
      onPage ?? (events.some(leavesOutWhatTheFirstSays) ? await this.firstEvent(runId) : undefined);
    const started = first && isEventOf(first, 'WorkflowExecutionStarted') ? first.attributes : undefined;
    return {
      namespace,
      workflowId,
      runId,
      taskQueue: started?.taskQueue ?? '',
      workflowTaskTimeoutMs: started?.workflowTaskTimeoutMs ?? DEFAULTS.workflowTaskTimeoutMs,
      searchAttributeTypes: await typesForEvents(this.engine.context, namespace, events),
    };
  }

  private async firstEvent(runId: string): Promise<HistoryEvent | undefined> {
    const { events } = await this.engine.getHistory({ ...this.address, runId, pageSize: 1 });
    return events[0];
  }
}

function readHistoryToken(bytes: Uint8Array): HistoryToken {
  try {
    return decodeHistoryToken(bytes);
  } catch (error) {
    throw tokenRefusal(error);
  }
}

/** As many of the events as one page should carry, at least one. */
function fitting(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  let bytes = 0;
  const tooMuch = events.findIndex((event, index) => {
    bytes += sizeOf(event);
    return bytes > MAX_PAGE_BYTES && index > 0;
  });
  return tooMuch < 0 ? events : events.slice(0, tooMuch);
}

/** Bytes of all text and payloads in a value. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  let size = 0;
  for (const [name, inner] of Object.entries(value)) size += name.length + sizeOf(inner);
  return size;
}

function longPollMs({ deadlineMs }: CallContext): number {
  return Math.min(Math.max(0, deadlineMs - Date.now() - MARGIN_MS), DEFAULTS.longPollMs);
}
