-- Puts a quarantined workflow task on its stream again, as a first attempt, with the workers that were lost with it
-- forgotten.
-- @key execution
-- @key history
-- @key timers
-- @key notify
-- @key details
-- @key quarantined
-- @key normalStream
-- @arg member
-- @arg runId
-- @arg taskQueue   the run's task queue, as the caller believes
-- @arg place
-- @returns [code: 0] | [code: 1] | [code: -1, taskQueue: Buffer]
-- @include workflow-task.lua
local x = loadExecution(executionKey)
if not x or x.r ~= runId or x.w ~= QUARANTINED then return { 0 } end
if x.q ~= taskQueue then return { -1, x.q } end
x.wl = 0
redis.call('HDEL', detailsKey, 'l0')
local route = { queue = taskQueue, sticky = '', normalKey = normalStreamKey, stickyKey = normalStreamKey }
put(x, 'k', '')
if x.wa > 1 then
  scheduleWorkflowTask(x, clockMs(), route, timersKey, member)
else
  x.w = SCHEDULED
  dispatchWorkflowTask(x, route, member)
end
saveExecution(x, historyKey, notifyKey)
redis.call('ZREM', quarantinedKey, place)
return { 1 }
