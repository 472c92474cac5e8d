import { InvalidArgumentError, WorkflowNotFoundError } from '@tidewheel/core';
import type { ExecutionStatus } from '@tidewheel/core';
import type { ListWorkflowsRequest } from '@tidewheel/engine';
import { waitUntil } from '@tidewheel/testing';
import { randomUUID } from 'node:crypto';
import { activity, command, describeEngine, finish, payload, timer } from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';

describeEngine('reading', (deployment) => {
  describe('histories', () => {
    /** A closed run with a history of some length. */
    async function long(markers: number): Promise<TestRun> {
      const run = await deployment().start();
      await run.decide([
        ...Array.from({ length: markers }, (_, i) => command('RecordMarker', { markerName: `m${i}` })),
        finish(),
      ]);
      return run;
    }

    it('come in pages', async () => {
      const run = await long(595);
      const all = await run.history();
      expect(all).toHaveLength(600);
      const first = await run.engine.getHistory(run.address);
      expect(first).toMatchObject({ runId: run.runId, nextEventId: 257, status: 'COMPLETED' });
      expect(first.events).toHaveLength(256);
      const small = await run.engine.getHistory({ ...run.address, pageSize: 7, fromEventId: 300 });
      expect(small.events.map(({ eventId }) => eventId)).toEqual([300, 301, 302, 303, 304, 305, 306]);
      expect(small.nextEventId).toBe(307);
      const last = await run.engine.getHistory({ ...run.address, fromEventId: 600 });
      expect(last).toMatchObject({ events: [all[599]], nextEventId: undefined });
      const beyond = await run.engine.getHistory({ ...run.address, fromEventId: 601 });
      expect(beyond).toMatchObject({ events: [], nextEventId: undefined });
      const greedy = await run.engine.getHistory({ ...run.address, pageSize: 100_000 });
      expect(greedy.events).toHaveLength(256);
    });

    it('come backwards', async () => {
      const run = await long(20);
      const all = await run.history();
      const backwards = [];
      for (let fromEventId: number | undefined; ;) {
        const page = await run.engine.getHistory({
          ...run.address,
          reverse: true,
          pageSize: 10,
          fromEventId,
        });
        backwards.push(...page.events);
        fromEventId = page.nextEventId;
        if (fromEventId === undefined) break;
      }
      expect(backwards.reverse()).toEqual(all);
      const middle = await run.engine.getHistory({
        ...run.address,
        ...{ reverse: true, pageSize: 3, fromEventId: 5 },
      });
      expect(middle.events.map(({ eventId }) => eventId)).toEqual([5, 4, 3]);
      const beyond = await run.engine.getHistory({
        ...run.address,
        reverse: true,
        fromEventId: 1_000,
        pageSize: 1,
      });
      expect(beyond.events.map(({ eventId }) => eventId)).toEqual([25]);
    });

    it('of an open run say where to go on', async () => {
      const run = await deployment().start();
      const page = await run.engine.getHistory(run.address);
      expect(page).toMatchObject({ nextEventId: 3, status: 'RUNNING' });
      expect(await run.engine.getHistory({ ...run.address, fromEventId: 3 })).toMatchObject({
        events: [],
        nextEventId: 3,
      });
    });

    it('can be waited for: each new event ends the wait', async () => {
      const run = await deployment().start();
      const waiting = run.engine.getHistory({ ...run.address, fromEventId: 3, waitMs: 20_000 });
      const second = run.engine.getHistory({ ...run.address, fromEventId: 3, waitMs: 20_000 });
      await run.workflowTask();
      for (const page of [await waiting, await second]) {
        expect(page.events.map(({ eventType }) => eventType)).toEqual(['WorkflowTaskStarted']);
        expect(page.nextEventId).toBe(4);
      }
    });

    it('can be followed to the end, without a gap', async () => {
      const run = await deployment().start();
      const seen: number[] = [];
      const following = (async () => {
        for (let fromEventId: number | undefined = 1; fromEventId !== undefined;) {
          const page: Awaited<ReturnType<typeof run.engine.getHistory>> = await run.engine.getHistory({
            ...run.address,
            fromEventId,
            waitMs: 20_000,
          });
          seen.push(...page.events.map(({ eventId }) => eventId));
          fromEventId = page.nextEventId;
        }
      })();
      for (let i = 0; i < 10; i++) {
        await run.decide([timer(`${i}`, 1)]);
        await run.eventOf('TimerFired', i + 1);
        await run.signal();
      }
      await run.decide([finish()]);
      await following;
      expect(seen).toEqual((await run.history()).map(({ eventId }) => eventId));
    });

    it('are given up waiting for when the time is over, or the caller goes away', async () => {
      const run = await deployment().start();
      expect(await run.engine.getHistory({ ...run.address, fromEventId: 3, waitMs: 30 })).toMatchObject({
        events: [],
        nextEventId: 3,
      });
      const caller = new AbortController();
      const waiting = run.engine.getHistory({
        ...run.address,
        ...{ fromEventId: 3, waitMs: 20_000, signal: caller.signal },
      });
      setTimeout(() => caller.abort(), 20);
      expect((await waiting).events).toEqual([]);
    });

    it('of a closed run are not waited for', async () => {
      const run = await long(1);
      const page = await run.engine.getHistory({ ...run.address, fromEventId: 7, waitMs: 20_000 });
      expect(page).toMatchObject({ events: [], nextEventId: undefined });
    });

    it.each([
      ['fromEventId', { fromEventId: 0 }],
      ['fromEventId', { fromEventId: 1.5 }],
      ['pageSize', { pageSize: -1 }],
      ['pageSize', { pageSize: NaN }],
      ['runId', { runId: 'x' }],
      ['workflowId', { workflowId: '' }],
    ])('are refused for an unsound %s', async (field, unsound) => {
      const run = await deployment().start();
      const refused = run.engine.getHistory({ ...run.address, ...unsound });
      await expect(refused).rejects.toThrow(InvalidArgumentError);
      await expect(refused).rejects.toMatchObject({ field });
    });
  });

  describe('results', () => {
    it('are waited for', async () => {
      const run = await deployment().start({ waitForResult: true });
      const waiting = [1, 2, 3].map(() => run.engine.getResult(run.address));
      await run.decide([timer('1', 1)]);
      await run.eventOf('TimerFired');
      await run.decide([finish('done')]);
      for (const outcome of await Promise.all(waiting)) {
        expect(outcome).toEqual({ runId: run.runId, status: 'COMPLETED', result: [payload('done')] });
      }
    });

    it('are not there while the run goes on', async () => {
      const run = await deployment().start();
      expect(await run.engine.getResult({ ...run.address, waitMs: 20 })).toEqual({
        runId: run.runId,
        status: 'RUNNING',
      });
      const caller = new AbortController();
      const waiting = run.engine.getResult({ ...run.address, signal: caller.signal });
      setTimeout(() => caller.abort(), 20);
      expect(await waiting).toEqual({ runId: run.runId, status: 'RUNNING' });
    });

    it('belong to the run that was asked for, also when another has its id', async () => {
      const run = await deployment().start();
      const waiting = run.engine.getResult({ ...run.address, runId: undefined });
      await waitUntil(async () => true, { what: 'the question to be asked' });
      await run.decide([finish('first')]);
      await run.engine.startWorkflow({
        namespace: run.namespace,
        workflowId: run.workflowId,
        workflowType: 'order',
        taskQueue: run.taskQueue,
      });
      expect(await waiting).toMatchObject({ runId: run.runId, status: 'COMPLETED' });
      expect(await run.engine.getResult(run.address)).toMatchObject({ result: [payload('first')] });
    });

    it('of what does not exist are refused', async () => {
      const run = await deployment().start();
      for (const address of [
        { ...run.address, runId: randomUUID() },
        { ...run.address, workflowId: 'nobody', runId: undefined },
      ]) {
        for (const read of [
          () => run.engine.getResult(address),
          () => run.engine.getHistory(address),
          () => run.engine.describeWorkflow(address),
        ]) {
          await expect(read()).rejects.toThrow(WorkflowNotFoundError);
        }
      }
    });
  });

  describe('descriptions', () => {
    it('tell of what a run waits for', async () => {
      const run = await deployment().start();
      await run.decide([activity('a', { taskQueue: 'elsewhere' }), timer('t', 60_000)]);
      expect(await run.describe()).toMatchObject({
        status: 'RUNNING',
        cancelRequested: false,
        pendingActivities: [
          { activityId: 'a', activityType: 'charge', taskQueue: 'elsewhere', state: 'SCHEDULED', attempt: 1 },
        ],
        pendingTimers: [{ timerId: 't' }],
        historyLength: 6,
      });
      const { historySizeBytes } = await run.describe();
      await run.signal();
      const description = await run.describe();
      expect(description.historySizeBytes).toBeGreaterThan(historySizeBytes);
      expect(description.pendingWorkflowTask).toMatchObject({
        state: 'SCHEDULED',
        attempt: 1,
        sticky: false,
      });
    });
  });

  describe('memo and search attributes', () => {
    const json = (value: unknown) => ({
      metadata: { encoding: Buffer.from('json/plain') },
      data: Buffer.from(JSON.stringify(value)),
    });
    const memo = (upsertedMemo: Record<string, ReturnType<typeof json>>) =>
      command('ModifyWorkflowProperties', { upsertedMemo });
    const attributes = (searchAttributes: Record<string, ReturnType<typeof json>>) =>
      command('UpsertWorkflowSearchAttributes', { searchAttributes });

    it('are described as their upserts have left them, running, closed and replaced', async () => {
      const run = await deployment().start({ memo: { a: json(1), b: json(1) } });
      await run.decide([memo({ b: json(2), c: json(2) }), attributes({ city: json('Kiel') })]);
      await run.signal();
      await run.decide([
        memo({ a: json(null), d: json(3) }),
        attributes({ city: json('Bonn'), tags: json([]) }),
      ]);
      const folded = {
        memo: { b: json(2), c: json(2), d: json(3) },
        searchAttributes: { city: json('Bonn') },
      };
      expect(await run.describe()).toMatchObject(folded);
      await run.signal();
      await run.decide([memo({ b: json(4) }), finish()]);
      const closed = { ...folded, memo: { ...folded.memo, b: json(4) } };
      const described = await run.describe();
      expect(described).toMatchObject({ status: 'COMPLETED', ...closed });
      expect(Object.keys(described.memo ?? {}).sort()).toEqual(['b', 'c', 'd']);
      expect(Object.keys(described.searchAttributes ?? {})).toEqual(['city']);
      const next = await deployment().start({ workflowId: run.workflowId, taskQueue: run.taskQueue });
      expect((await next.describe()).memo).toBeUndefined();
      expect(await run.describe()).toMatchObject(closed);
    });

    it('are described after more upserts than are read at a time', async () => {
      const run = await deployment().start();
      await run.decide(Array.from({ length: 1_200 }, (_, i) => memo({ [`k${i % 7}`]: json(i) })));
      const { memo: described } = await run.describe();
      expect(described).toEqual(
        Object.fromEntries(Array.from({ length: 7 }, (_, k) => [`k${(1_193 + k) % 7}`, json(1_193 + k)])),
      );
    });
  });

  describe('task queues', () => {
    it('tell how much waits, for how long, and who polls', async () => {
      const run = await deployment().start();
      const second = await deployment().start({ taskQueue: run.taskQueue });
      const describe = () => run.engine.describeTaskQueue(run.namespace, run.taskQueue);
      expect(await describe()).toMatchObject({
        namespace: run.namespace,
        taskQueue: run.taskQueue,
        workflow: { backlog: 2, pollers: [] },
        activity: { backlog: 0, oldestMs: 0, pollers: [] },
      });
      for (const each of [run, second]) {
        for (const task of await each.tryWorkflowTasks()) {
          const owner = task.run.runId === run.runId ? run : second;
          await owner.completed(task, [activity('a')]);
        }
      }
      const description = await describe();
      expect(description.workflow).toMatchObject({
        backlog: 0,
        oldestMs: 0,
        pollers: [{ identity: 'worker-1' }],
      });
      expect(description.activity).toMatchObject({ backlog: 2, pollers: [] });
    });
  });

  describe('lists', () => {
    /** A namespace with some runs: `open` of them running, the others closed in different ways. */
    async function populated(open: number, closed: number): Promise<{ namespace: string; runs: TestRun[] }> {
      const namespace = `ns-${randomUUID()}`;
      await deployment().engine.createNamespace({ name: namespace });
      const runs: TestRun[] = [];
      for (let i = 0; i < open + closed; i++) {
        const run = await deployment().start({ namespace, workflowType: i % 2 === 0 ? 'even' : 'odd' });
        if (i >= open) {
          if (i % 3 === 0) await run.engine.terminateWorkflow(run.address);
          else await run.decide([i % 3 === 1 ? finish() : command('CancelWorkflowExecution', {})]);
        }
        runs.push(run);
      }
      return { namespace, runs };
    }

    async function listAll(request: ListWorkflowsRequest): Promise<string[]> {
      const ids: string[] = [];
      for (let pageToken: string | undefined; ;) {
        const page = await deployment().engine.listWorkflows({ ...request, pageToken });
        expect(page.executions.length).toBeLessThanOrEqual(request.pageSize ?? 100);
        ids.push(...page.executions.map(({ execution }) => execution.runId));
        pageToken = page.nextPageToken;
        if (pageToken === undefined) return ids;
      }
    }

    const idsOf = (runs: readonly TestRun[]): string[] => runs.map(({ runId }) => runId);

    it('show running ones by start, then closed ones by close, newest first, page by page', async () => {
      const { namespace, runs } = await populated(9, 14);
      for (const pageSize of [1, 4, 100]) {
        const ids = await listAll({ namespace, pageSize });
        expect(ids).toHaveLength(23);
        expect(new Set(ids)).toEqual(new Set(idsOf(runs)));
        expect(new Set(ids.slice(0, 9))).toEqual(new Set(idsOf(runs.slice(0, 9))));
      }
      const { executions } = await deployment().engine.listWorkflows({ namespace });
      const starts = executions.slice(0, 9).map(({ startTimeMs }) => startTimeMs);
      const closes = executions.slice(9).map(({ closeTimeMs }) => closeTimeMs!);
      expect(starts).toEqual([...starts].sort((a, b) => b - a));
      expect(closes).toEqual([...closes].sort((a, b) => b - a));
      const [newest] = executions;
      const description = await deployment().engine.describeWorkflow({ namespace, ...newest!.execution });
      expect(description).toMatchObject(newest!);
    });

    it('filter by status, type, id and times', async () => {
      const { namespace, runs } = await populated(3, 6);
      const described = await Promise.all(runs.map((run) => run.describe()));
      const matching = (wanted: (info: (typeof described)[number]) => boolean): Set<string> =>
        new Set(described.filter(wanted).map(({ execution }) => execution.runId));
      for (const status of [
        'RUNNING',
        'COMPLETED',
        'CANCELED',
        'TERMINATED',
        'FAILED',
      ] as ExecutionStatus[]) {
        expect(new Set(await listAll({ namespace, status, pageSize: 2 }))).toEqual(
          matching((info) => info.status === status),
        );
      }
      expect(new Set(await listAll({ namespace, workflowType: 'odd' }))).toEqual(
        matching((info) => info.workflowType === 'odd'),
      );
      expect(await listAll({ namespace, workflowId: runs[4]!.workflowId })).toEqual([runs[4]!.runId]);
      const middle = described[4]!;
      for (const [bound, wanted] of [
        [{ startedAfterMs: middle.startTimeMs }, (info) => info.startTimeMs >= middle.startTimeMs],
        [{ startedBeforeMs: middle.startTimeMs }, (info) => info.startTimeMs <= middle.startTimeMs],
        [
          { closedAfterMs: middle.closeTimeMs! },
          (info) => info.closeTimeMs !== undefined && info.closeTimeMs >= middle.closeTimeMs!,
        ],
        [
          { closedBeforeMs: middle.closeTimeMs! },
          (info) => info.closeTimeMs !== undefined && info.closeTimeMs <= middle.closeTimeMs!,
        ],
      ] as [Partial<ListWorkflowsRequest>, (info: (typeof described)[number]) => boolean][]) {
        expect(new Set(await listAll({ namespace, ...bound, pageSize: 2 }))).toEqual(matching(wanted));
      }
    });

    it('are filtered by a query, which holds together with the rest', async () => {
      const { namespace, runs } = await populated(3, 6);
      const described = await Promise.all(runs.map((run) => run.describe()));
      const middle = described[5]!;
      const quoted = (ms: number | undefined): string => `'${new Date(ms!).toISOString()}'`;
      const same = (info: (typeof described)[number]): boolean => info.workflowType === 'odd';
      const wanted: [string, (info: (typeof described)[number]) => boolean][] = [
        ['', () => true],
        ["ExecutionStatus = 'Running'", ({ status }) => status === 'RUNNING'],
        ["ExecutionStatus != 'Running'", ({ status }) => status !== 'RUNNING'],
        [
          "ExecutionStatus IN ('Canceled', 'Running')",
          ({ status }) => ['CANCELED', 'RUNNING'].includes(status),
        ],
        [
          "NOT (ExecutionStatus = 'Terminated' OR WorkflowType = 'even')",
          (info) => same(info) && info.status !== 'TERMINATED',
        ],
        [`WorkflowId = '${middle.execution.workflowId}'`, (info) => info === middle],
        [`RunId IN ('${middle.execution.runId}', 'x')`, (info) => info === middle],
        [`TaskQueue = '${middle.taskQueue}'`, (info) => info === middle],
        ["WorkflowId STARTS_WITH 'order '", () => true],
        ["WorkflowId NOT STARTS_WITH 'order '", () => false],
        [`StartTime >= ${quoted(middle.startTimeMs)}`, (info) => info.startTimeMs >= middle.startTimeMs],
        [
          `StartTime < ${quoted(middle.startTimeMs)} AND WorkflowType = 'odd'`,
          (info) => info.startTimeMs < middle.startTimeMs && same(info),
        ],
        [
          `CloseTime <= ${quoted(middle.closeTimeMs)}`,
          (info) => (info.closeTimeMs ?? Infinity) <= middle.closeTimeMs!,
        ],
        [
          `CloseTime IS NULL OR CloseTime > ${quoted(middle.closeTimeMs)}`,
          (info) => (info.closeTimeMs ?? Infinity) > middle.closeTimeMs!,
        ],
        [
          `StartTime BETWEEN ${quoted(described[1]!.startTimeMs)} AND ${quoted(middle.startTimeMs)}`,
          (info) => info.startTimeMs >= described[1]!.startTimeMs && info.startTimeMs <= middle.startTimeMs,
        ],
        ["StartTime < '1999-01-01T00:00:00Z'", () => false],
      ];
      const { engine } = deployment();
      for (const [query, matches] of wanted) {
        const expected = described.filter(matches).map(({ execution }) => execution.runId);
        expect([query, (await listAll({ namespace, query, pageSize: 2 })).sort()]).toEqual([
          query,
          expected.sort(),
        ]);
        expect([query, await engine.countWorkflows({ namespace, query })]).toEqual([
          query,
          { count: expected.length },
        ]);
        const odd = described
          .filter((info) => matches(info) && same(info))
          .map(({ execution }) => execution.runId);
        expect((await listAll({ namespace, query, workflowType: 'odd' })).sort()).toEqual(odd.sort());
      }
      const grouped = await engine.countWorkflows({ namespace, query: 'GROUP BY ExecutionStatus' });
      expect(grouped.count).toBe(9);
      expect(Object.fromEntries(grouped.groups!.map(({ status, count }) => [status, count]))).toEqual({
        RUNNING: 3,
        COMPLETED: 2,
        CANCELED: 2,
        TERMINATED: 2,
      });
      const closed = "ExecutionStatus != 'Running' AND WorkflowType = 'odd' GROUP BY ExecutionStatus";
      const ordered = (await engine.countWorkflows({ namespace, query: closed })).groups!.map(
        ({ status }) => status,
      );
      expect(ordered).toEqual(
        ['COMPLETED', 'CANCELED', 'TERMINATED'].filter((s) => ordered.includes(s as never)),
      );
      expect(await engine.countWorkflows({ namespace })).toEqual({ count: 9 });
    });

    it('go from page to page also through many executions of the very same time', async () => {
      const namespace = `ns-${randomUUID()}`;
      const { engine, context } = deployment();
      await engine.createNamespace({ name: namespace });
      const workflowIds = Array.from({ length: 450 }, (_, i) => `same time ${i}`);
      const starts = workflowIds.map((workflowId) =>
        engine.startWorkflow({ namespace, workflowId, workflowType: 'order', taskQueue: 'same' }),
      );
      const runIds = (await Promise.all(starts)).map(({ runId }) => runId);
      for (let partition = 0; partition < context.keys.partitions; partition++) {
        const key = context.keys.running(partition, namespace);
        for (const member of await context.redis.zrange(key, '0', '-1')) {
          await context.redis.zadd(key, 1_000, member);
        }
      }
      for (const pageSize of [7, 200, 1_000]) {
        const ids = await listAll({ namespace, pageSize });
        expect(ids).toHaveLength(450);
        expect(new Set(ids)).toEqual(new Set(runIds));
      }
      const query = "WorkflowId STARTS_WITH 'same time 1'";
      expect(await listAll({ namespace, query, pageSize: 10 })).toHaveLength(111);
      expect(await engine.countWorkflows({ namespace, query })).toEqual({ count: 111 });
    });

    it('show every run of an id', async () => {
      const { namespace, runs } = await populated(0, 1);
      const [first] = runs;
      const { runId } = await deployment().engine.startWorkflow({
        namespace,
        workflowId: first!.workflowId,
        workflowType: 'order',
        taskQueue: first!.taskQueue,
      });
      expect(await listAll({ namespace, workflowId: first!.workflowId })).toEqual([runId, first!.runId]);
    });

    it('keep namespaces apart, and refuse what is unsound', async () => {
      const { namespace } = await populated(1, 0);
      const other = `ns-${randomUUID()}`;
      await deployment().engine.createNamespace({ name: other });
      expect(await listAll({ namespace: other })).toEqual([]);
      expect(await listAll({ namespace })).toHaveLength(1);
      for (const unsound of [{ pageSize: 0 }, { pageSize: 1_001 }, { pageToken: 'nonsense' }]) {
        await expect(deployment().engine.listWorkflows({ namespace, ...unsound })).rejects.toThrow(
          InvalidArgumentError,
        );
      }
      const { engine } = deployment();
      for (const query of ['Custom = 1', 'GROUP BY ExecutionStatus', "WorkflowId = 'a"]) {
        await expect(engine.listWorkflows({ namespace, query })).rejects.toMatchObject({ field: 'query' });
      }
      await expect(engine.countWorkflows({ namespace, query: 'Custom = 1' })).rejects.toMatchObject({
        field: 'query',
        reason: expect.stringContaining('at position 1'),
      });
      await expect(engine.countWorkflows({ namespace: 'nowhere' })).rejects.toThrow('does not exist');
      await expect(deployment().engine.listWorkflows({ namespace: 'nowhere' })).rejects.toMatchObject({
        code: 'NAMESPACE_NOT_FOUND',
      });
    });
  });

  describe('namespaces', () => {
    it('are created once, described and listed', async () => {
      const name = `ns-${randomUUID()}`;
      const created = await deployment().engine.createNamespace({
        name,
        description: 'ours',
        retentionMs: 5_000,
      });
      expect(created).toMatchObject({ name, description: 'ours', retentionMs: 5_000 });
      expect(await deployment().engine.describeNamespace(name)).toEqual(created);
      expect(await deployment().engine.listNamespaces()).toContainEqual(created);
      await expect(deployment().engine.createNamespace({ name })).rejects.toMatchObject({
        code: 'NAMESPACE_ALREADY_EXISTS',
      });
      const { engine } = deployment();
      const updated = { ...created, retentionMs: 60_000 };
      expect(await engine.updateNamespace({ name, retentionMs: 60_000 })).toEqual(updated);
      expect(await engine.describeNamespace(name)).toEqual(updated);
      expect(await engine.updateNamespace({ name, description: '' })).toEqual({
        ...updated,
        description: '',
      });
      await expect(engine.updateNamespace({ name, retentionMs: 1 })).rejects.toThrow(InvalidArgumentError);
      await expect(engine.updateNamespace({ name: 'nowhere' })).rejects.toMatchObject({
        code: 'NAMESPACE_NOT_FOUND',
      });
      for (const unsound of [{ name: 'a:b' }, { name: '' }, { name: `x-${name}`, retentionMs: 999 }]) {
        await expect(deployment().engine.createNamespace(unsound)).rejects.toThrow(InvalidArgumentError);
      }
    });
  });
});
