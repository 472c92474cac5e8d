-- Puts a quarantined activity on its stream again, with the workers that were lost with it forgotten.
-- @key execution
-- @key timers
-- @key details
-- @key quarantined
-- @key stream
-- @arg member
-- @arg runId
-- @arg activityId
-- @int scheduledId
-- @arg place
-- @returns [code: 0] | [code: 1]
-- @include activity.lua
local name = 'A' .. activityId
local x = loadExecution(executionKey, { name })
if not x or x.r ~= runId or not extraValue(x, 1) then return { 0 } end
local a = readActivity(extraValue(x, 1))
if a.scheduledId ~= scheduledId or a.state ~= QUARANTINED then return { 0 } end
local nowMs = clockMs()
a.state = SCHEDULED
a.scheduledAt = nowMs
a.deadline = activityDeadline(a, nowMs)
forgetLost(a, detailsKey)
if a.deadline > 0 then arm(x, timersKey, member, a.deadline) end
put(x, name, packActivity(a))
redis.call('XADD', streamKey, '*', 'a', activityEntry(a, activityId, runId, member))
saveExecution(x, '', '')
redis.call('ZREM', quarantinedKey, place)
return { 1 }
