import {
  InvalidArgumentError,
  LIMITS,
  NamespaceNotFoundError,
  SearchAttributeAlreadyExistsError,
  SearchAttributeNotFoundError,
} from '@tidewheel/core';
import type { Payload, PayloadMap, SearchAttributeTypes } from '@tidewheel/core';
import { Engine } from '@tidewheel/engine';
import { randomUUID } from 'node:crypto';
import { command, describeEngine, finish, NAMESPACE, payload } from './test-deployment.fixture.js';
import type { TestRun } from './test-deployment.fixture.js';

const ALL_TYPES: SearchAttributeTypes = {
  Note: 'Text',
  City: 'Keyword',
  Count: 'Int',
  Price: 'Double',
  Paid: 'Bool',
  Due: 'Datetime',
  Tags: 'KeywordList',
};

const upsert = (searchAttributes: PayloadMap) =>
  command('UpsertWorkflowSearchAttributes', { searchAttributes });

describeEngine('search attributes', (deployment) => {
  /** A namespace of its own with the attributes registered. */
  async function namespaceWith(types: SearchAttributeTypes): Promise<string> {
    const { name } = await deployment().engine.createNamespace({ name: `ns-${randomUUID()}` });
    if (Object.keys(types).length > 0) await deployment().engine.addSearchAttributes(name, types);
    return name;
  }

  it('are registered and unregistered by name, all of a call or none', async () => {
    const { engine } = deployment();
    const namespace = await namespaceWith({});
    expect((await engine.listSearchAttributes(namespace)).custom).toEqual({});
    await engine.addSearchAttributes(namespace, ALL_TYPES);
    const { custom, system } = await engine.listSearchAttributes(namespace);
    expect(custom).toEqual(ALL_TYPES);
    expect(system).toMatchObject({ WorkflowType: 'Keyword', StartTime: 'Datetime' });

    const again = engine.addSearchAttributes(namespace, { Fresh: 'Int', City: 'Keyword' });
    await expect(again).rejects.toThrow(SearchAttributeAlreadyExistsError);
    await engine.removeSearchAttributes(namespace, ['City', 'Note']);
    const unknown = engine.removeSearchAttributes(namespace, ['Tags', 'City']);
    await expect(unknown).rejects.toThrow(SearchAttributeNotFoundError);
    const { City: _city, Note: _note, ...left } = ALL_TYPES;
    expect((await engine.listSearchAttributes(namespace)).custom).toEqual(left);
    await engine.addSearchAttributes(namespace, { City: 'Text' });
    expect((await engine.listSearchAttributes(namespace)).custom).toEqual({ ...left, City: 'Text' });
    // The rest of the namespace is as it was.
    await engine.updateNamespace({ name: namespace, description: 'changed' });
    expect(await engine.describeNamespace(namespace)).toMatchObject({
      description: 'changed',
      searchAttributes: { City: 'Text' },
    });
  });

  it('are refused by name when they cannot be registered or unregistered', async () => {
    const { engine } = deployment();
    const namespace = await namespaceWith({});
    const refused = async (types: Record<string, string>): Promise<string> => {
      const error: unknown = await engine
        .addSearchAttributes(namespace, types as SearchAttributeTypes)
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(InvalidArgumentError);
      return (error as InvalidArgumentError).message;
    };
    expect(await refused({})).toMatch(/^searchAttributes: must name at least one/);
    expect(await refused({ TemporalMood: 'Keyword' })).toContain('TemporalMood is reserved by system');
    expect(await refused({ WorkflowType: 'Keyword' })).toContain('WorkflowType is reserved by system');
    expect(await refused({ 'two words': 'Keyword' })).toContain('"two words"');
    expect(await refused({ City: 'Varchar' })).toContain('Unknown search attribute type: Varchar.');
    const tooMany = Array.from({ length: LIMITS.searchAttributesPerNamespace + 1 }, (_, i) => [
      `a${i}`,
      'Int',
    ]);
    expect(await refused(Object.fromEntries(tooMany) as Record<string, string>)).toContain('at most 200');
    const notCustom = engine.removeSearchAttributes(namespace, ['StartTime']);
    await expect(notCustom).rejects.toThrow('Unable to remove non-custom search attributes: "StartTime".');
    await expect(engine.addSearchAttributes('nowhere', { City: 'Int' })).rejects.toThrow(
      NamespaceNotFoundError,
    );
    expect((await engine.listSearchAttributes(namespace)).custom).toEqual({});
  });

  it('that several processes register at once are all registered', async () => {
    const namespace = await namespaceWith({});
    const others = await Promise.all(
      [1, 2, 3].map(() => Engine.open({ connection: { url: deployment().store.url }, identity: 'other' })),
    );
    const names = Array.from({ length: 24 }, (_, i) => `a${i}`);
    await Promise.all(
      names.map((name, i) => others[i % others.length]!.addSearchAttributes(namespace, { [name]: 'Int' })),
    );
    const { custom } = await deployment().engine.listSearchAttributes(namespace);
    expect(Object.keys(custom).sort()).toEqual([...names].sort());
    // A process that has looked at the namespace before knows of what another has registered since.
    const [first, second] = others as [Engine, Engine];
    await first.describeNamespace(namespace);
    await second.addSearchAttributes(namespace, { Late: 'Int' });
    const started = await first.startWorkflow({
      namespace,
      workflowId: randomUUID(),
      workflowType: 'order',
      taskQueue: randomUUID(),
      searchAttributes: { Late: payload(1) },
    });
    expect(started.started).toBe(true);
    const { executions } = await second.listWorkflows({ namespace, query: 'Late = 1' });
    expect(executions).toHaveLength(1);
    await Promise.all(others.map((engine) => engine.close()));
  });

  it('of a start must be registered and of their types', async () => {
    const namespace = await namespaceWith(ALL_TYPES);
    const start = (searchAttributes: PayloadMap): Promise<TestRun> =>
      deployment().start({ namespace, searchAttributes });
    const bytes: Payload = { metadata: { encoding: Buffer.from('binary/plain') }, data: Buffer.from('x') };
    const refused: readonly (readonly [PayloadMap, string])[] = [
      [{ Nobody: payload('x') }, 'search attribute Nobody is not defined'],
      [{ city: payload('x') }, 'search attribute city is not defined'],
      [{ WorkflowId: payload('x') }, "WorkflowId attribute can't be set in SearchAttributes"],
      [{ City: payload(7) }, 'invalid value for search attribute City of type Keyword: 7'],
      [{ City: bytes }, 'invalid value for search attribute City of type Keyword: x'],
      [{ Note: payload({}) }, 'attribute Note of type Text'],
      [{ Count: payload(1.5) }, 'attribute Count of type Int'],
      [{ Count: payload('1') }, 'attribute Count of type Int'],
      [{ Price: payload('1.5') }, 'attribute Price of type Double'],
      [{ Paid: payload('true') }, 'attribute Paid of type Bool'],
      [{ Due: payload('tomorrow') }, 'attribute Due of type Datetime'],
      [{ Tags: payload('a') }, 'attribute Tags of type KeywordList'],
      [{ Tags: payload(['a', 1]) }, 'attribute Tags of type KeywordList'],
      [{ City: payload('x'.repeat(2_100)) }, 'City value size 2102 exceeds size limit 2048'],
    ];
    for (const [searchAttributes, reason] of refused) {
      await expect(start(searchAttributes)).rejects.toThrow(reason);
      await expect(start(searchAttributes)).rejects.toMatchObject({ field: 'searchAttributes' });
    }
    expect((await deployment().engine.listWorkflows({ namespace })).executions).toEqual([]);

    const sound = {
      Note: payload('very fragile'),
      City: payload(['Kiel']),
      Count: payload(7),
      Price: payload(7),
      Paid: payload([false]),
      Due: payload('2027-01-31T12:00:00.123456789+01:00'),
      Tags: payload(['a', 'b']),
      TemporalChangeVersion: payload(['p-1']),
    };
    const none = { metadata: { encoding: Buffer.from('binary/null') }, data: Buffer.alloc(0) };
    const run = await start({ ...sound, BuildIds: payload(null), BatcherUser: none });
    expect((await run.describe()).searchAttributes).toEqual(sound);
    expect((await run.history())[0]!.attributes).toMatchObject({ searchAttributes: sound });
  });

  it('that a workflow upserts and nobody registered fail its task, which may do better', async () => {
    const run = await deployment().start({ searchAttributes: { city: payload('Kiel') } });
    const task = await run.workflowTask();
    const outcome = await run.complete(task, [
      upsert({ city: payload('Bonn') }),
      upsert({ nobody: payload('x') }),
    ]);
    expect(outcome).toMatchObject({ kind: 'rejected' });
    const { attributes } = await run.eventOf('WorkflowTaskFailed');
    expect(attributes).toMatchObject({
      cause: 'BAD_SEARCH_ATTRIBUTES',
      failure: { message: expect.stringContaining('search attribute nobody is not defined') },
    });
    expect((await run.describe()).searchAttributes).toEqual({ city: payload('Kiel') });

    const wrong = await run.workflowTask();
    expect(await run.complete(wrong, [upsert({ city: payload(1) })])).toMatchObject({ kind: 'rejected' });
    await run.decide([upsert({ city: payload('Bonn'), tags: payload(['a']) }), finish()]);
    expect(await run.describe()).toMatchObject({
      status: 'COMPLETED',
      searchAttributes: { city: payload('Bonn'), tags: payload(['a']) },
    });
    expect((await run.story()).filter((type) => type === 'WT Failed')).toHaveLength(1);
  });

  it('and memos that upserts would let grow beyond their limits fail the task', async () => {
    const half = payload('x'.repeat(LIMITS.memoBytes / 2));
    const run = await deployment().start({ memo: { a: half } });
    const memo = (upsertedMemo: PayloadMap) => command('ModifyWorkflowProperties', { upsertedMemo });
    const outcome = await run.complete(await run.workflowTask(), [memo({ b: half })]);
    expect(outcome).toMatchObject({ kind: 'rejected' });
    expect((await run.eventOf('WorkflowTaskFailed')).attributes).toMatchObject({
      cause: 'BAD_MODIFY_WORKFLOW_PROPERTIES_ATTRIBUTES',
    });
    await run.decide([memo({ a: payload(null), b: half }), finish()]);
    expect((await run.describe()).memo).toEqual({ b: half });
  });

  it('and memos come with lists, and executions are found by them, running and closed', async () => {
    const { engine } = deployment();
    const namespace = await namespaceWith(ALL_TYPES);
    const start = (name: string, searchAttributes: PayloadMap): Promise<TestRun> =>
      deployment().start({ namespace, workflowId: name, memo: { name: payload(name) }, searchAttributes });
    const kiel = await start('kiel', { City: payload('Kiel'), Count: payload(1), Tags: payload(['a', 'b']) });
    await start('bonn', { City: payload('Bonn'), Due: payload('2027-01-31T12:00:00Z'), Paid: payload(true) });
    await start('none', {});
    await start('note', { Note: payload('Very fragile, glass'), Price: payload(2.5) });
    await kiel.decide([upsert({ Count: payload(2), City: payload('Lübeck') }), finish()]);

    const found = async (query: string): Promise<string[]> => {
      const { executions } = await engine.listWorkflows({ namespace, query });
      expect(await engine.countWorkflows({ namespace, query })).toEqual({ count: executions.length });
      return executions.map(({ execution }) => execution.workflowId).sort();
    };
    expect(await found("City = 'Kiel'")).toEqual([]);
    expect(await found("City = 'Lübeck'")).toEqual(['kiel']);
    expect(await found("City IN ('Lübeck', 'Bonn')")).toEqual(['bonn', 'kiel']);
    expect(await found("City STARTS_WITH 'B'")).toEqual(['bonn']);
    expect(await found('City IS NULL')).toEqual(['none', 'note']);
    expect(await found("City != 'Bonn'")).toEqual(['kiel']);
    expect(await found('Count > 1 AND ExecutionStatus = "Completed"')).toEqual(['kiel']);
    expect(await found("Tags = 'b'")).toEqual(['kiel']);
    expect(await found("Due > '2027-01-01T00:00:00Z'")).toEqual(['bonn']);
    expect(await found('Paid = true')).toEqual(['bonn']);
    expect(await found("Note = 'FRAGILE'")).toEqual(['note']);
    expect(await found('Price BETWEEN 2 AND 3')).toEqual(['note']);
    await expect(found("Nobody = 'x'")).rejects.toThrow('unknown attribute "Nobody"');

    const { executions } = await engine.listWorkflows({ namespace, query: "City = 'Lübeck'" });
    expect(executions).toEqual([
      expect.objectContaining({
        memo: { name: payload('kiel') },
        searchAttributes: { City: payload('Lübeck'), Count: payload(2), Tags: payload(['a', 'b']) },
      }),
    ]);
    await engine.removeSearchAttributes(namespace, ['City']);
    await expect(found("City = 'Bonn'")).rejects.toThrow('unknown attribute "City"');
    expect((await kiel.describe()).searchAttributes).toMatchObject({ City: payload('Lübeck') });
  });

  it('are as they were after a completion whose task is no longer expected', async () => {
    const run = await deployment().start({ namespace: NAMESPACE, workflowTaskTimeoutMs: 50 });
    const late = await run.workflowTask();
    await run.eventOf('WorkflowTaskTimedOut');
    expect(await run.complete(late, [upsert({ city: payload('Kiel') })])).toEqual({ kind: 'notFound' });
    expect((await run.describe()).searchAttributes).toBeUndefined();
  });
});
