-- Ends a run from outside: it was terminated or ran out of time. A started workflow task is failed, buffered events are
-- written, then the close event.
-- @key execution
-- @key history
-- @key buffer
-- @key timers
-- @key running
-- @key closed
-- @key notify
-- @key requests
-- @key details
-- @keys counts     how many executions are pinned to which version, if this one is pinned
-- @arg member
-- @arg runMember
-- @arg runId         the current run's id: the history and buffer are that run's
-- @int startedId     of the workflow task for which it is closed, which must be under way; 0 when it is not for one
-- @int attempt       of that task
-- @arg taskFailedBody  body of WorkflowTaskFailed for a started task, without its event ids
-- @int eventType
-- @arg body
-- @arg status
-- @arg dueOnly       '1' when the run's or the execution's timeout must have passed
-- @arg requestId     '' when it is not deduplicated; a repeated one is answered like the first
-- @returns [code: 0] | [code: 1, nowMs: number] | [code: -1, taskQueue: Buffer]
-- @include workflow-task.lua
-- @include close.lua
local x = loadExecution(executionKey)
if not x or x.r ~= runId then
  if requestId ~= '' and redis.call('SISMEMBER', requestsKey, requestId) == 1 then return { 1, clockMs() } end
  return { 0 }
end
if startedId > 0 and (x.w ~= STARTED or x.wj ~= startedId or x.wa ~= attempt) then return { 0 } end
if #KEYS < firstCount and isPinned(placeOf(x.q)) then return { -1, x.q } end
local nowMs = clockMs()
if dueOnly == '1' and not ((x.xr > 0 and x.xr <= nowMs) or (x.xe > 0 and x.xe <= nowMs)) then return { 0 } end
if x.w == STARTED and x.wa == 1 then
  append(x, plainEvent(9, nowMs, numberField(1, x.wi) .. numberField(2, x.wj) .. taskFailedBody))
end
flushBuffer(x, bufferKey, {})
if requestId ~= '' then
  redis.call('SADD', requestsKey, requestId)
  x.i = x.i + 1
end
closeExecution(x, nowMs, status, plainEvent(eventType, nowMs, body), historyKey, member, runMember,
  { timers = timersKey, running = runningKey, closed = closedKey, notify = notifyKey, buffer = bufferKey,
    requests = requestsKey, details = detailsKey, counts = KEYS[firstCount] })
return { 1, nowMs }
