-- Notes that an activity is alive, with its details, and tells whether it should stop.
-- @key execution
-- @key details
-- @arg runId
-- @arg activityId
-- @int scheduledId   0 for whichever is pending under the activity id
-- @int attempt       0 for whichever attempt is started
-- @arg heartbeat     details, '' for none
-- @arg identity      whose worker it is, '' when it does not say
-- @returns [code: 0] | [code: 1, cancelRequested: number]
-- @include activity.lua
local name = 'A' .. activityId
local x = loadExecution(executionKey, { name })
if not x or x.r ~= runId or not extraValue(x, 1) then return { 0 } end
local a = readActivity(extraValue(x, 1))
if a.state ~= STARTED or (scheduledId > 0 and a.scheduledId ~= scheduledId) or (attempt > 0 and a.attempt ~= attempt) then
  return { 0 }
end
a.deadline = activityDeadline(a, clockMs())
local details = {}
if heartbeat ~= '' then
  details[1] = 'h' .. a.scheduledId
  details[2] = heartbeat
  forgetLost(a, detailsKey)
end
if identity ~= '' then
  details[#details + 1] = 'i' .. a.scheduledId
  details[#details + 1] = identity
end
if #details > 0 then
  noteDetails(a)
  redis.call('HSET', detailsKey, unpack(details))
  x.df = 1
end
put(x, name, packActivity(a))
saveExecution(x, '', '')
return { 1, a.cancelId > 0 and 1 or 0 }
