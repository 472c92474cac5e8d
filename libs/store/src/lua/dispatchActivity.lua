-- Puts an activity whose back-off is over, or whose task was given back unstarted, on its stream.
-- @key execution
-- @key timers
-- @key stream
-- @arg member
-- @arg runId
-- @arg activityId
-- @int scheduledId
-- @int attempt
-- @arg expect     b: backing off and due; r: started, and its worker gives it back untouched; s: waiting, on another stream
-- @returns [code: 0] | [code: 1]
-- @include activity.lua
local name = 'A' .. activityId
local x = loadExecution(executionKey, { name })
if not x or x.r ~= runId or not extraValue(x, 1) then return { 0 } end
local a = readActivity(extraValue(x, 1))
if a.scheduledId ~= scheduledId or a.attempt ~= attempt then return { 0 } end
local nowMs = clockMs()
if expect == 'b' then
  if a.state ~= BACKING_OFF or a.deadline > nowMs then return { 0 } end
elseif expect == 's' then
  if a.state ~= SCHEDULED then return { 0 } end
  redis.call('XADD', streamKey, '*', 'a', activityEntry(a, activityId, runId, member))
  return { 1 }
elseif a.state ~= STARTED then
  return { 0 }
end
a.state = SCHEDULED
-- An attempt that nobody has begun, because a worker without the activity gave it back, has waited all the time.
if expect == 'r' or a.startedAt > 0 then a.scheduledAt = nowMs end
if expect == 'r' then a.startedAt = 0 end
a.deadline = activityDeadline(a, nowMs)
if a.deadline > 0 then arm(x, timersKey, member, a.deadline) end
put(x, name, packActivity(a))
redis.call('XADD', streamKey, '*', 'a', activityEntry(a, activityId, runId, member))
saveExecution(x, '', '')
return { 1 }
