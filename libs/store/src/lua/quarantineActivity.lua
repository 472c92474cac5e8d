-- Takes an activity whose workers die of it out of the way: no stream has it until it is released. Its schedule-to-close
-- timeout goes on, and it can be cancelled.
-- @key execution
-- @key timers
-- @key details
-- @key quarantined   index of what is quarantined
-- @key stream
-- @arg member
-- @arg runId
-- @arg activityId
-- @int scheduledId
-- @int attempt
-- @arg expect        d: started, and its deadline has passed; s: scheduled, and read from the stream under the entry id
-- @arg group
-- @arg entryId       '' for none; it leaves the stream, whether the activity is still wanted or not
-- @arg lost          the workers lost with it, and why it is quarantined
-- @arg failure       how the attempt failed that is over; '' when none is
-- @arg place         what stands for it in the index
-- @returns [code: 0] | [code: 1]
-- @include activity.lua
local name = 'A' .. activityId
local x = loadExecution(executionKey, { name })
local a = x and x.r == runId and extraValue(x, 1) and readActivity(extraValue(x, 1))
local nowMs = clockMs()
local wanted = a and a.scheduledId == scheduledId and a.attempt == attempt
if wanted and expect == 's' then
  wanted = a.state == SCHEDULED
elseif wanted then
  wanted = a.state == STARTED and a.deadline > 0 and a.deadline <= nowMs and a.cancelId == 0
end
if entryId ~= '' then
  redis.call('XACK', streamKey, group, entryId)
  redis.call('XDEL', streamKey, entryId)
end
if not wanted then return { 0 } end
if expect == 'd' then a.attempt = a.attempt + 1 end
a.state = QUARANTINED
a.scheduledAt = nowMs
a.deadline = activityDeadline(a, nowMs)
if failure ~= '' then
  noteDetails(a)
  redis.call('HSET', detailsKey, 'f' .. scheduledId, failure)
end
noteLost(x, a, detailsKey, lost)
if a.deadline > 0 then arm(x, timersKey, member, a.deadline) end
put(x, name, packActivity(a))
saveExecution(x, '', '')
redis.call('ZADD', quarantinedKey, 0, place)
return { 1 }
