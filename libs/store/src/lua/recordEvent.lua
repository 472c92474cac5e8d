-- Records an event that somebody sent to a running execution: a signal, a cancel request, the outcome of what it asked
-- of another execution. The same request id is recorded once, and remembered for some time after the run has closed.
-- @key execution
-- @key history
-- @key buffer
-- @key timers
-- @key notify
-- @key requests     of the run that the caller names, else of the one it believes current
-- @key normalStream
-- @key stickyStream
-- @arg member
-- @arg runId        '' for whichever run is current
-- @arg requestId    '' when it is not deduplicated
-- @int eventType
-- @arg body
-- @arg taskQueue    the run's task queue, as the caller believes
-- @arg sticky       its sticky queue, as the caller believes
-- @arg currentRunId the current run's id, as the caller believes: the history and buffer are that run's
-- @int maxSignals
-- @returns [code: 0] | [code: 1, runId: Buffer] | [code: 2, runId: Buffer] | [code: 3] | [code: 4] | [code: 5, events: number, bytes: number] | [code: -1, taskQueue: Buffer, sticky: Buffer, runId: Buffer] | [code: -2, scheduledId: number, startedId: number, attempt: number, taskQueue: Buffer]
-- @include workflow-task.lua
local SIGNALED, CANCEL_REQUESTED = 26, 20
-- Outcomes of what the run asked of others, with the counter of how many of them are still to come.
local COUNTED = { [23] = 'pc', [24] = 'pc', [38] = 'ps', [39] = 'ps' }
local x = loadExecution(executionKey)
if not x or (runId ~= '' and x.r ~= runId) then
  -- The reply to this very request may have been lost, and the run closed since.
  if requestId ~= '' and redis.call('SISMEMBER', requestsKey, requestId) == 1 then return { 2, currentRunId } end
  return { 0 }
end
local route = { queue = taskQueue, sticky = sticky, normalKey = normalStreamKey, stickyKey = stickyStreamKey }
if x.r ~= currentRunId or (x.w ~= STARTED and not routeFits(x, route)) then return { -1, x.q, x.k, x.r } end
if eventType == CANCEL_REQUESTED and x.c == 1 then return { 2, x.r } end
if requestId ~= '' and redis.call('SISMEMBER', requestsKey, requestId) == 1 then return { 2, x.r } end
if eventType == SIGNALED then
  if x.i >= maxSignals then return { 3 } end
  if x.u == 1 and x.w == STARTED then return { 4 } end
  if historyIsFull(x) then return { 5, x.n, x.z } end
end
if bufferIsFull(x) then return { -2, x.wi, x.wj, x.wa, x.q } end
local nowMs = clockMs()
if requestId ~= '' then redis.call('SADD', requestsKey, requestId) end
if eventType == CANCEL_REQUESTED then x.c = 1 end
if COUNTED[eventType] then redis.call('HINCRBY', executionKey, COUNTED[eventType], -1) end
x.i = x.i + 1
recordExternal(x, { plainEvent(eventType, nowMs, body) }, nowMs, route, bufferKey, timersKey, member)
saveExecution(x, historyKey, notifyKey)
return { 1, x.r }
