-- Ends a workflow task without commands: it failed, timed out after its start, waited too long on a sticky queue, or was
-- started for a poller that went away before it got it.
-- Buffered events are written. Another attempt is scheduled: as a first one when there is news or the task was sticky,
-- else as a further one without events of its own, after a delay.
-- @key execution
-- @key history
-- @key buffer
-- @key timers
-- @key notify
-- @key normalStream
-- @key details
-- @key quarantined
-- @arg member
-- @arg runId
-- @int scheduledId
-- @int startedId      0 when it was not started: a sticky task nobody took
-- @int attempt
-- @arg taskQueue      the run's task queue, as the caller believes
-- @int eventType      WorkflowTaskFailed or WorkflowTaskTimedOut
-- @arg body
-- @int delayMs        before the next attempt, should it be a further one
-- @arg dueOnly        '1' when the task's deadline must have passed
-- @arg unhandled      '1' when it failed for a close command that met buffered events
-- @arg queries        ids of queries that it had brought along and nobody saw, to wait for the next one
-- @arg lost           the workers lost with it in a row, the last one included; '' to leave what is noted
-- @arg quarantine     where the index of what is quarantined has it: no other attempt is to follow; '' for another one
-- @returns [code: 0] | [code: 1] | [code: -1, taskQueue: Buffer, sticky: Buffer]
-- @include workflow-task.lua
local x = loadExecution(executionKey)
local wanted = startedId == 0 and SCHEDULED or STARTED
if not x or x.r ~= runId or x.w ~= wanted or x.wi ~= scheduledId or x.wa ~= attempt
    or (startedId > 0 and x.wj ~= startedId) then
  return { 0 }
end
local nowMs = clockMs()
if dueOnly == '1' and (x.wd == 0 or x.wd > nowMs) then return { 0 } end
if x.q ~= taskQueue then return { -1, x.q, x.k } end

local wasSticky = x.wk == 1
if attempt == 1 then append(x, plainEvent(eventType, nowMs, body)) end
put(x, 'k', '')
x.w = NONE
x.wk = 0
x.wd = 0
if unhandled == '1' then x.u = 1 end
if queries ~= '' then
  put(x, 'y', (redis.call('HGET', executionKey, 'y') or '') .. queries)
  x.yq = 1
end
-- Its worker has lived to tell of it.
if eventType == 9 and x.wl == 1 then
  x.wl = 0
  redis.call('HDEL', detailsKey, 'l0')
elseif lost ~= '' then
  x.wl = 1
  x.df = 1
  redis.call('HSET', detailsKey, 'l0', lost)
end
local flushed = flushBuffer(x, bufferKey, {})
local route = { queue = taskQueue, sticky = '', normalKey = normalStreamKey, stickyKey = normalStreamKey }
if quarantine ~= '' then
  x.w = QUARANTINED
  x.wi = x.n + 1
  x.wj = 0
  x.wa = attempt + 1
  x.ws = nowMs
  redis.call('ZADD', quarantinedKey, 0, quarantine)
elseif flushed > 0 or wasSticky then
  scheduleWorkflowTask(x, nowMs, route, timersKey, member)
else
  scheduleTransientWorkflowTask(x, nowMs, attempt + 1, delayMs, route, timersKey, member)
end
saveExecution(x, historyKey, notifyKey)
return { 1 }
