-- Notes that an activity is alive, with its details, and tells whether it should stop.
-- @key execution
-- @key details
-- @arg runId
-- @arg activityId
-- @int scheduledId   0 for whichever is pending under the activity id
-- @int attempt       0 for whichever attempt is started
-- @arg heartbeat     details, '' for none
-- @returns [code: 0] | [code: 1, cancelRequested: number]
-- @include activity.lua
local name = 'A' .. activityId
local state = redis.call('HMGET', executionKey, 'r', 's', name, 'df')
if state[1] ~= runId or state[2] ~= RUNNING or not state[3] then return { 0 } end
local a = readActivity(state[3])
if a.state ~= STARTED or (scheduledId > 0 and a.scheduledId ~= scheduledId) or (attempt > 0 and a.attempt ~= attempt) then
  return { 0 }
end
a.deadline = activityDeadline(a, clockMs())
if heartbeat ~= '' then
  a.details = 1
  redis.call('HSET', detailsKey, 'h' .. a.scheduledId, heartbeat)
  if state[4] ~= '1' then redis.call('HSET', executionKey, 'df', '1') end
end
redis.call('HSET', executionKey, name, packActivity(a))
return { 1, a.cancelId > 0 and 1 or 0 }
