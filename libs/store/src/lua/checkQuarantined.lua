-- Looks whether what the index of quarantined tasks names is still quarantined; if not, the index forgets it.
-- @key execution
-- @key quarantined
-- @arg runId
-- @arg activityId    '' for the run's workflow task
-- @int scheduledId   of the activity
-- @arg place         what stands for it in the index
-- @returns [code: 0] | [code: 1]
-- @include activity.lua
local name = 'A' .. activityId
local x = loadExecution(executionKey, { name })
if x and x.r == runId then
  if activityId == '' and x.w == QUARANTINED then return { 1 } end
  local a = activityId ~= '' and extraValue(x, 1) and readActivity(extraValue(x, 1))
  if a and a.scheduledId == scheduledId and a.state == QUARANTINED then return { 1 } end
end
redis.call('ZREM', quarantinedKey, place)
return { 0 }
