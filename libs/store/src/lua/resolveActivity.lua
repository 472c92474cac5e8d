-- Writes the outcome of an activity, with its started event, and schedules a workflow task to tell the workflow; or
-- starts that task at once when the caller is the worker that caches the execution.
-- @key execution
-- @key history
-- @key buffer
-- @key timers
-- @key notify
-- @key details
-- @key normalStream
-- @key stickyStream
-- @keys revisions      the partition's revision of the routing, if the caller does the workflow task of an unpinned run
-- @arg member
-- @arg runId
-- @arg activityId
-- @int scheduledId     0 for whichever is pending under the activity id
-- @int attempt         0 for whichever attempt is started
-- @arg expect          state it must be in: r started; d any, and its deadline must have passed
-- @arg startedBody     body of ActivityTaskStarted, should it have started
-- @int outcomeType
-- @arg outcomeBody
-- @arg taskQueue       the run's task queue, as the caller believes
-- @arg sticky          its sticky queue, as the caller believes
-- @arg eagerSticky     the caller's own sticky queue when it does the workflow task at once, else ''
-- @arg workflowTaskStartedBody
-- @int revision        of the routing by which the caller may do it
-- @int worker          the caller's process, should it do the workflow task at once
-- @returns [code: 0] | [code: 2] | [code: 1, nowMs: number, startedId: number, previousStartedId: number, events: Buffer[], scheduledId: number, taskTimeoutMs: number, runExpiresMs: number, executionExpiresMs: number, historyLength: number] | [code: -1, taskQueue: Buffer, sticky: Buffer] | [code: -2, scheduledId: number, startedId: number, attempt: number, taskQueue: Buffer]
-- @include workflow-task.lua
-- @include activity.lua
-- @include versioning.lua
local name = 'A' .. activityId
local x = loadExecution(executionKey, { name })
if not x or x.r ~= runId or not extraValue(x, 1) then return { 0 } end
local a = readActivity(extraValue(x, 1))
if (scheduledId > 0 and a.scheduledId ~= scheduledId) or (attempt > 0 and a.attempt ~= attempt) then return { 0 } end
local nowMs = clockMs()
if expect == 'r' then
  if a.state ~= STARTED then return { 0 } end
elseif a.deadline == 0 or a.deadline > nowMs then
  return { 0 }
end
if outcomeType == AT_CANCELED and a.cancelId == 0 then return { 2 } end
if bufferIsFull(x) then return { -2, x.wi, x.wj, x.wa, x.q } end
local route = { queue = taskQueue, sticky = sticky, normalKey = normalStreamKey, stickyKey = stickyStreamKey }
local eager = eagerSticky ~= '' and x.k == eagerSticky and x.w == NONE
if eager and placeOf(x.q) ~= '' and not isPinned(placeOf(x.q)) then
  eager = #KEYS >= firstRevision and isNewest(KEYS[firstRevision], revision)
end
if not eager and x.w ~= STARTED and not routeFits(x, route) then return { -1, x.q, x.k } end

if outcomeType == AT_CANCELED then outcomeBody = outcomeBody .. numberField(2, a.cancelId) end
local events = {}
if a.state == STARTED then
  local body = startedBody
  if a.details > 0 then
    local lastFailure = redis.call('HGET', detailsKey, 'f' .. a.scheduledId)
    if lastFailure then body = body .. bytesField(3, lastFailure) end
  end
  events[1] = linkedEvent(AT_STARTED, a.startedAt, a.scheduledId, body)
end
local startedEventId = #events > 0 and x.n + 1 or 0
events[#events + 1] = outcomeEvent(outcomeType, nowMs, a.scheduledId, x.w == STARTED and 0 or startedEventId, outcomeBody)
redis.call('HDEL', executionKey, name)
if a.details > 0 then
  redis.call('HDEL', detailsKey, 'f' .. a.scheduledId, 'h' .. a.scheduledId, 'u' .. a.scheduledId,
    'i' .. a.scheduledId, 'l' .. a.scheduledId)
end

if not eager then
  recordExternal(x, events, nowMs, route, bufferKey, timersKey, member)
  saveExecution(x, historyKey, notifyKey)
  return { 1, nowMs, 0, 0, {}, 0, 0, 0, 0, 0 }
end
for i = 1, #events do append(x, events[i]) end
x.wi = append(x, plainEvent(WT_SCHEDULED, nowMs, flagField(1)))
x.wa = 1
x.ws = nowMs
x.wk = 1
startWorkflowTask(x, nowMs, workflowTaskStartedBody, timersKey, member, worker)
saveExecution(x, historyKey, notifyKey)
return { 1, nowMs, x.wj, x.wp, redis.call('LRANGE', historyKey, x.wp, -1), x.wi, x.wt, x.xr, x.xe, x.n }
