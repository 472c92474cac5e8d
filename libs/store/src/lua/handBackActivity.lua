-- Takes a started attempt back from a worker that has no such activity, so that another worker may take it soon: the same
-- attempt backs off, and its schedule-to-start timeout goes on from where it was. What the worker says is kept beside the
-- run. Replies 0: not expected, 1: taken back, 2: the activity was asked to cancel, 3: it was first given back so long
-- ago that the attempt has to fail.
-- @key execution
-- @key timers
-- @key details
-- @key notify
-- @arg member
-- @arg runId
-- @arg activityId
-- @int scheduledId
-- @int attempt
-- @int startedMs    when it was started: a repeated call must not take it from whoever has it by then
-- @int firstDelayMs back-off the first time
-- @int delayMs      back-off from then on
-- @int patienceMs   how long it is given back
-- @arg failure
-- @returns [code: 0] | [code: 1] | [code: 2] | [code: 3]
-- @include activity.lua
local name = 'A' .. activityId
local x = loadExecution(executionKey, { name })
if not x or x.r ~= runId or not extraValue(x, 1) then return { 0 } end
local a = readActivity(extraValue(x, 1))
if a.scheduledId ~= scheduledId or a.attempt ~= attempt or a.state ~= STARTED or a.startedAt ~= startedMs then
  return { 0 }
end
if a.cancelId > 0 then return { 2 } end
local nowMs = clockMs()
local firstMs = nowMs
local before = a.details > 0 and redis.call('HGET', detailsKey, 'u' .. scheduledId)
if before then
  local ofAttempt, ms = unpackBytes(UNREGISTERED_LAYOUT, before)
  if ofAttempt == attempt then firstMs, firstDelayMs = ms, delayMs end
end
if nowMs - firstMs >= patienceMs then return { 3 } end
x.bell, x.now = notifyKey, nowMs
a.state = SCHEDULED
a.startedAt = 0
a.deadline = earlier(nowMs + firstDelayMs, activityDeadline(a, nowMs))
a.state = BACKING_OFF
noteDetails(a)
redis.call('HSET', detailsKey, 'u' .. scheduledId, pack(UNREGISTERED_LAYOUT, attempt, firstMs) .. failure)
if x.df == 0 then x.df = 1 end
arm(x, timersKey, member, a.deadline)
put(x, name, packActivity(a))
saveExecution(x, '', '')
return { 1 }
