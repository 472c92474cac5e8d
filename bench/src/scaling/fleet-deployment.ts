import { Client, Connection } from '@tidewheel/client';
import type { HistoryEvent } from '@tidewheel/core';
import { checkHistory } from '@tidewheel/history-checker';
import { spawnProcess, startTestRedis } from '@tidewheel/testing';
import type { SpawnedProcess, TestRedis } from '@tidewheel/testing';
import { fileURLToPath } from 'node:url';
import { FLEET_QUEUE } from './worker-fleet.js';

const API_MAIN = fileURLToPath(new URL('../../../apps/api/dist/main.js', import.meta.url));
const NAMESPACE = 'default';

/** What the scaling endpoint says of the activities of the fleet's queue. */
interface ActivityScaling {
  readonly backlog: number;
  readonly inFlight: number;
  readonly oldestMs: number;
  readonly pollers: number;
  readonly desired: number;
}

/** A Redis that forces every write to disk, a real API process, and a client. */
export class FleetDeployment {
  private constructor(
    private readonly redis: TestRedis,
    private readonly api: SpawnedProcess,
    private readonly apiUrl: string,
    private readonly connection: Connection,
    readonly client: Client,
  ) {}

  static async start(partitions: number): Promise<FleetDeployment> {
    const redis = await startTestRedis({ fsync: 'always' });
    const api = await spawnProcess({
      command: process.execPath,
      args: [API_MAIN],
      name: 'the API',
      env: {
        REDIS_URL: redis.url,
        TIDEWHEEL_PARTITIONS: String(partitions),
        TIDEWHEEL_API_PORT: '0',
        TIDEWHEEL_LOG_LEVEL: 'info',
      },
    });
    try {
      const [, port] = await api.waitForLine(/"port":(\d+)/);
      await api.waitForLine(/"msg":"ready"/);
      const connection = await Connection.connect({ url: redis.url, partitions });
      const client = new Client({ connection });
      return new FleetDeployment(redis, api, `http://127.0.0.1:${port}`, connection, client);
    } catch (error) {
      api.kill('SIGKILL');
      await redis.stop();
      throw error;
    }
  }

  get redisUrl(): string {
    return this.redis.url;
  }

  /** Asks the API, as an autoscaler does. */
  async activityScaling(): Promise<ActivityScaling> {
    const answer = await fetch(
      `${this.apiUrl}/api/v1/namespaces/${NAMESPACE}/task-queues/${FLEET_QUEUE}/scaling`,
    );
    if (!answer.ok) throw new Error(`the scaling endpoint answers ${answer.status}: ${await answer.text()}`);
    const { activity } = (await answer.json()) as { activity: ActivityScaling };
    return activity;
  }

  /** What the histories of completed workflows violate; each activity has to have completed once. */
  async violations(workflowIds: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const workflowId of workflowIds) {
      const events = await this.history(workflowId);
      const violations = checkHistory(events, { status: 'COMPLETED' });
      const count = (type: HistoryEvent['eventType']): number =>
        events.filter(({ eventType }) => eventType === type).length;
      const [scheduled, completed] = [count('ActivityTaskScheduled'), count('ActivityTaskCompleted')];
      if (scheduled !== completed) violations.push(`${completed} of ${scheduled} activities completed`);
      found.push(...violations.map((violation) => `${workflowId}: ${violation}`));
    }
    return found;
  }

  async stop(): Promise<void> {
    await this.connection.close();
    this.api.kill('SIGKILL');
    await this.api.exited;
    await this.redis.stop();
  }

  private async history(workflowId: string): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    for (;;) {
      const address = { namespace: NAMESPACE, workflowId, fromEventId: events.length + 1 };
      const page = await this.connection.engine.getHistory(address);
      events.push(...page.events);
      if (page.events.length === 0 || page.nextEventId === undefined) return events;
    }
  }
}
