import { testPartitions, waitUntil } from '@tidewheel/testing';
import type { SpawnedProcess } from '@tidewheel/testing';
import type * as fleetActivities from './fleet-activities.js';
import { FleetDeployment } from './fleet-deployment.js';
import type { job } from './fleet-workflows.js';
import { FLEET_QUEUE, WorkerFleet } from './worker-fleet.js';

type Kind = keyof typeof fleetActivities;

/** A hundred activities, which is all that the worker has slots for. */
const RUNNING = {
  nap: 40,
  stoppable: 20,
  abortable: 15,
  beating: 15,
  deaf: 10,
} as const satisfies Partial<Record<Kind, number>>;
const SLOTS = 100;
const SHUTDOWN_TIMEOUT_MS = 6_000;
/** Begun before the worker is told to end, and over before it has to be. */
const NAP_MS = 5_000;
const SAFETY_NET_MS = 90_000;

describe.each(testPartitions())(
  'a worker process with a hundred running activities that is told to end, with %i partition(s)',
  (partitions) => {
    let deployment: FleetDeployment;
    let fleet: WorkerFleet;
    const running = new Map<SpawnedProcess, number>();

    beforeAll(async () => {
      deployment = await FleetDeployment.start(partitions);
      fleet = new WorkerFleet({
        redisUrl: deployment.redisUrl,
        slots: SLOTS,
        shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS,
        onRunning: (worker) => running.set(worker, (running.get(worker) ?? 0) + 1),
      });
    });
    afterAll(async () => {
      await fleet.destroy();
      await deployment.stop();
    });

    it('finishes each of them or hands it back, and ends with 0', async () => {
      const first = await fleet.hire();
      const kinds = Object.entries(RUNNING).flatMap(([kind, count]) =>
        Array.from({ length: count }, (_, number) => ({ kind: kind as Kind, number })),
      );
      // Those that take a set time come last, so that they still run when the last of all has begun.
      const ordered = [...kinds].sort((a, b) => Number(a.kind === 'nap') - Number(b.kind === 'nap'));
      const started = await Promise.all(
        ordered.map(async ({ kind, number }) => ({
          kind,
          handle: await deployment.client.workflow.start<typeof job>('job', {
            workflowId: `${kind} ${number}`,
            taskQueue: FLEET_QUEUE,
            args: [kind, NAP_MS],
          }),
        })),
      );
      await waitUntil(() => running.get(first) === SLOTS, {
        what: 'a hundred activities to run',
        timeoutMs: SAFETY_NET_MS,
      });
      fleet.dismiss(0);
      const second = await fleet.hire();
      expect(await first.exited).toEqual({ code: 0, signal: null });

      const endings = await Promise.all(
        started.map(async ({ kind, handle }) => ({ kind, ending: await handle.result() })),
      );
      const by = ({ pid }: SpawnedProcess) => String(pid);
      for (const { kind, ending } of endings) {
        const expected: fleetActivities.Ending =
          kind === 'nap'
            ? { attempt: 1, worker: by(first) }
            : {
                attempt: 2,
                worker: by(second),
                ...(kind === 'beating' && { lastWords: 'last words' }),
              };
        expect([kind, ending]).toEqual([kind, expected]);
      }
      expect(running.get(first)).toBe(SLOTS);
      expect(running.get(second)).toBe(SLOTS - RUNNING.nap);
      expect(await deployment.violations(started.map(({ handle }) => handle.workflowId))).toEqual([]);
    });
  },
);
