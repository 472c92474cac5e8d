import { encodeEventBody } from '@tidewheel/codec';
import { parseMember } from '@tidewheel/store';
import type { WorkflowExecutionTarget } from '@tidewheel/core';
import { BusyWorkflowError, LimitExceededError } from '@tidewheel/core';
import type { EngineContext } from '../engine-context.js';
import { decodeOutboxMessage } from '../outbox-message.js';
import type { OutboxMessage } from '../outbox-message.js';
import { deliverEvent, executionExists } from '../record-event.js';
import type { Duty } from './duty.js';

const GROUP = 'outbox';
/** New messages ring; this only finds what a process left behind that died. */
const PERIOD_MS = 5_000;
const ABANDONED_MS = 10_000;
/** When a target that is about to close is tried again. */
const BUSY_RETRY_MS = 200;
const BATCH = 50;

type Entry = readonly [id: Buffer, fields: readonly Buffer[] | null];

/**
 * Delivers what executions of a partition ask of others: at least once, and, because every event it records carries a
 * request id made of the asking event, applied exactly once.
 */
export class Outbox implements Duty {
  readonly name: string;
  private readonly stream: string;
  private grouped = false;
  /** Entries whose target was busy. Should this process die, another one finds them. */
  private postponed: readonly Entry[] = [];

  constructor(
    private readonly context: EngineContext,
    partition: number,
    private readonly consumer: string,
  ) {
    this.name = `outbox of partition ${partition}`;
    this.stream = context.keys.partition(partition).outbox;
  }

  async turn(): Promise<number> {
    await this.ensureGroup();
    const abandoned = await this.call<[Buffer, Entry[]]>([
      'XAUTOCLAIM',
      this.stream,
      GROUP,
      this.consumer,
      ABANDONED_MS,
      '0-0',
      'COUNT',
      BATCH,
    ]);
    const read = await this.call<[Buffer, Entry[]][] | null>([
      'XREADGROUP',
      'GROUP',
      GROUP,
      this.consumer,
      'COUNT',
      BATCH,
      'STREAMS',
      this.stream,
      '>',
    ]);
    const fresh = read?.[0]?.[1] ?? [];
    const postponed: Entry[] = [];
    for (const entry of [...this.postponed, ...abandoned[1], ...fresh]) {
      if ((await this.tryToDeliver(entry)) === 'busy') postponed.push(entry);
    }
    this.postponed = postponed;
    if (fresh.length === BATCH) return 0;
    return postponed.length > 0 ? BUSY_RETRY_MS : PERIOD_MS;
  }

  /** One that cannot be delivered does not hold up the others; it is found again as abandoned. */
  private async tryToDeliver(entry: Entry): Promise<'delivered' | 'busy' | 'failed'> {
    try {
      await this.deliver(entry);
      return 'delivered';
    } catch (error) {
      if (error instanceof BusyWorkflowError) return 'busy';
      this.context.logger.warn({ error, entry: entry[0].toString() }, 'a message could not be delivered');
      return 'failed';
    }
  }

  private async deliver([id, fields]: Entry): Promise<void> {
    const { redis } = this.context;
    if (fields) {
      const values = new Map<string, Buffer>();
      for (let i = 0; i + 1 < fields.length; i += 2)
        values.set((fields[i] as Buffer).toString(), fields[i + 1] as Buffer);
      const message = decodeOutboxMessage(values.get('m') ?? Buffer.alloc(0));
      await this.apply(message, {
        ...parseMember(values.get('f')?.toString() ?? ''),
        runId: values.get('r')?.toString() ?? '',
        initiatedEventId: Number(values.get('i')),
      });
    }
    await redis.multi().xack(this.stream, GROUP, id).xdel(this.stream, id).exec();
  }

  private async apply(message: OutboxMessage, source: Source): Promise<void> {
    const found = await this.applyToTarget(message, source);
    const common = {
      namespace: source.namespace,
      workflowExecution: message.target,
      initiatedEventId: source.initiatedEventId,
    };
    const failed = {
      ...common,
      workflowTaskCompletedEventId: 0,
      cause: 'EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND',
    } as const;
    const outcome =
      message.kind === 'signal'
        ? found
          ? event('ExternalWorkflowExecutionSignaled', common)
          : event('SignalExternalWorkflowExecutionFailed', failed)
        : found
          ? event('ExternalWorkflowExecutionCancelRequested', common)
          : event('RequestCancelExternalWorkflowExecutionFailed', failed);
    await deliverEvent(this.context, source, { ...outcome, requestId: `outcome:${source.initiatedEventId}` });
  }

  private async applyToTarget(message: OutboxMessage, source: Source): Promise<boolean> {
    const requestId = `${source.runId}:${source.initiatedEventId}`;
    const externalWorkflowExecution = { workflowId: source.workflowId, runId: source.runId };
    const address = { namespace: source.namespace, ...targetAddress(message.target) };
    const delivered =
      message.kind === 'signal'
        ? event('WorkflowExecutionSignaled', {
            signalName: message.signalName,
            externalWorkflowExecution,
            requestId,
            ...(message.input && { input: message.input }),
            ...(message.header && { header: message.header }),
          })
        : event('WorkflowExecutionCancelRequested', {
            externalWorkflowExecution,
            externalInitiatedEventId: source.initiatedEventId,
            ...(message.reason !== undefined && { cause: message.reason }),
          });
    try {
      const outcome = await deliverEvent(this.context, address, { ...delivered, requestId });
      if (outcome !== 'notFound') return true;
      // Cancelling what is closed already does nothing, and succeeds.
      return message.kind === 'cancel' && (await executionExists(this.context, address));
    } catch (error) {
      if (error instanceof LimitExceededError) return false;
      throw error;
    }
  }

  private async ensureGroup(): Promise<void> {
    if (this.grouped) return;
    await this.context.redis.xgroup('CREATE', this.stream, GROUP, '0', 'MKSTREAM').catch((error: unknown) => {
      if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
    });
    this.grouped = true;
  }

  private async call<T>([command, ...args]: readonly [string, ...(string | number)[]]): Promise<T> {
    try {
      return (await this.context.redis.callBuffer(command, ...args)) as T;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('NOGROUP')) this.grouped = false;
      throw error;
    }
  }
}

interface Source {
  readonly namespace: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly initiatedEventId: number;
}

function targetAddress(target: WorkflowExecutionTarget): {
  readonly workflowId: string;
  readonly runId?: string;
} {
  return { workflowId: target.workflowId, ...(target.runId !== undefined && { runId: target.runId }) };
}

function event<T extends Parameters<typeof encodeEventBody>[0]>(
  eventType: T,
  attributes: Parameters<typeof encodeEventBody<T>>[1],
): { readonly eventType: T; readonly body: Buffer } {
  return { eventType, body: encodeEventBody(eventType, attributes) };
}
