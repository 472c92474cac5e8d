-- Lets a failed or timed out attempt of an activity be followed by another after a delay. Nothing of it is written to
-- the history; the failure is kept beside the run.
-- @key execution
-- @key timers
-- @key details
-- @key notify
-- @arg member
-- @arg runId
-- @arg activityId
-- @int scheduledId
-- @int attempt      the attempt that failed
-- @arg expect       r: it must be started; d: its deadline must have passed
-- @int delayMs
-- @arg failure
-- @arg identity     whose worker reported the failure, '' when none did
-- @arg lost        the workers lost with it in a row, this one included; '' to leave what is noted
-- @returns [code: 0] | [code: 1] | [code: 2]
-- @include activity.lua
local name = 'A' .. activityId
local x = loadExecution(executionKey, { name })
if not x or x.r ~= runId or not extraValue(x, 1) then return { 0 } end
local a = readActivity(extraValue(x, 1))
if a.scheduledId ~= scheduledId or a.attempt ~= attempt then return { 0 } end
local nowMs = clockMs()
if expect == 'r' then
  if a.state ~= STARTED then return { 0 } end
elseif a.deadline == 0 or a.deadline > nowMs then
  return { 0 }
end
if a.cancelId > 0 then return { 2 } end
x.bell, x.now = notifyKey, nowMs
a.state = BACKING_OFF
a.attempt = a.attempt + 1
a.deadline = nowMs + delayMs
noteDetails(a)
if expect == 'r' then forgetLost(a, detailsKey) elseif lost ~= '' then noteLost(x, a, detailsKey, lost) end
if identity ~= '' then
  redis.call('HSET', detailsKey, 'f' .. scheduledId, failure, 'i' .. scheduledId, identity)
else
  redis.call('HSET', detailsKey, 'f' .. scheduledId, failure)
end
if x.df == 0 then x.df = 1 end
arm(x, timersKey, member, a.deadline)
put(x, name, packActivity(a))
saveExecution(x, '', '')
return { 1 }
