-- Starts a run unless the workflow id's current run stands in its way: writes its first events, schedules its first
-- workflow task, or starts that task at once for a caller that will do it.
-- Only while the partition is the workflow id's home, as the caller knows it: see placement.ts of the engine.
-- A closed run that stands under the id is moved aside, to `replaced`, when the caller names it in `replacesRunId`.
-- @key execution  state of the workflow id's current run
-- @key replaced   where the closed run's state goes; the same as `execution` when nothing is replaced
-- @key history    of the new run
-- @key timers
-- @key running    index of running executions
-- @key stream     workflow tasks of its task queue
-- @keys requests  those of the new run, when it starts with a signal; then, with a revision, the partition's revision of the
--                 routing, and how many executions are pinned to which version
-- @arg member          namespace and workflow id, as timers and tasks name it
-- @arg runMember       run id and workflow id, as indexes name it
-- @arg runId
-- @arg requestId       '' when it is the run id
-- @arg workflowType
-- @arg taskQueue       with its place behind it when it is pinned to a version
-- @arg startedBody     body of WorkflowExecutionStarted
-- @int taskTimeoutMs   0 for the default
-- @int runTimeoutMs    0 for none
-- @int executionTimeoutMs  0 for none
-- @arg replacesRunId   '' when nothing is to be replaced
-- @arg waiter          '1' when the caller waits for the result
-- @arg memo          '' for none
-- @arg searchAttributes  '' for none
-- @arg eagerStartedBody  body of WorkflowTaskStarted when the caller does the first task, else ''
-- @arg override        what overrides the versioning behaviour, '' for nothing
-- @int revision        of the routing by which the stream was chosen; 0 where there are no worker deployments
-- @int homeFromMs      when the partition became the home of the workflow id
-- @int homeUntilMs     how long the caller may believe that
-- @arg former          '1' when the partition is a former home, which takes only ids that are there already
-- @args signal         request id of a signal that the run starts with, and the body of its event; none without one
-- @returns [code: 1, startedMs: number, events: Buffer[]] | [code: 0, runId: Buffer, status: Buffer, requestId: Buffer] | [code: 2] | [code: 3]
-- @include workflow-task.lua
-- @include versioning.lua
local current = redis.call('HMGET', executionKey, 'r', 's', 'rq')
if current[1] and current[1] ~= replacesRunId then
  return { 0, current[1], current[2], current[3] or current[1] }
end
-- The caller may repeat itself because a reply was lost, and its run may be closed and replaced by now.
if current[1] and redis.call('EXISTS', historyKey) == 1 then return { 0, runId, current[2], runId } end
local nowMs = clockMs()
if nowMs < homeFromMs or nowMs >= homeUntilMs or former ~= '' and not current[1] then return { 3 } end
if revision > 0 and not isNewest(KEYS[#KEYS - 1], revision) then return { 2 } end
if current[1] then redis.call('RENAME', executionKey, replacedKey) end

local x = { key = executionKey, writes = { 'r', runId, 's', RUNNING, 'q', taskQueue, 'k', '', 'ty', workflowType, 't0', nowMs },
  entries = {}, bell = false, now = 0, r = runId, q = taskQueue, k = '', n = 0, z = 0, d = 0, bn = 0, bb = 0, i = 0, xr = 0, xe = 0, wt = 10000,
  kt = 0, ic = 0, ih = 0, c = 0, u = 0, df = 0, yq = 0, w = NONE, wi = 0, wj = 0, wa = 0, wp = 0, wd = 0, ws = 0, wb = 0,
  wk = 0, ww = 0, wl = 0 }
if requestId ~= '' then put(x, 'rq', requestId) end
if memo ~= '' then put(x, 'me', memo) end
if searchAttributes ~= '' then put(x, 'sa', searchAttributes) end
if waiter ~= '' then x.ic = 1 end
if taskTimeoutMs > 0 then x.wt = taskTimeoutMs end
if override ~= '' then
  put(x, 'vo', override)
  if isPinned(placeOf(x.q)) then countPinned(KEYS[#KEYS], placeOf(x.q), 1) end
end
local expiry = 0
if runTimeoutMs > 0 then
  expiry = nowMs + runTimeoutMs
  x.xr = expiry
end
if executionTimeoutMs > 0 then
  local executionExpiry = nowMs + executionTimeoutMs
  x.xe = executionExpiry
  if expiry == 0 or executionExpiry < expiry then expiry = executionExpiry end
end
append(x, plainEvent(1, nowMs, startedBody))
if #ARGV > firstSignal then
  append(x, plainEvent(26, nowMs, ARGV[firstSignal + 1]))
  x.i = 1
  redis.call('SADD', KEYS[firstRequest], ARGV[firstSignal])
end
if eagerStartedBody ~= '' then
  x.wi = append(x, plainEvent(WT_SCHEDULED, nowMs, ''))
  x.wa = 1
  x.ws = nowMs
  startWorkflowTask(x, nowMs, eagerStartedBody, timersKey, member, 0)
else
  scheduleWorkflowTask(x, nowMs, { normalKey = streamKey }, timersKey, member)
end
if expiry > 0 then arm(x, timersKey, member, expiry) end
redis.call('ZADD', runningKey, nowMs, runMember)
saveExecution(x, historyKey, nil)
return { 1, nowMs, eagerStartedBody ~= '' and x.entries or {} }
