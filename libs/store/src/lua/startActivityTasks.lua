-- Starts activity tasks that a poller read from one stream: each that is still wanted is marked started and gets its
-- timeouts; the entries leave the stream, wanted or not.
-- @key stream
-- @key timers
-- @keys runs      state, history, details of each task's run, in turn
-- @arg group
-- @args tasks     entry id, member, run id, activity id, scheduled event id, attempt of each task, in turn
-- @returns ReadonlyArray<null | [startedMs: number, scheduledEvent: Buffer, record: Buffer, taskQueue: Buffer, sticky: Buffer, heartbeat: Buffer | null, workflowType: Buffer]>
-- @include activity.lua
local nowMs = clockMs()
local count = (#ARGV - firstTask + 1) / 6
local replies, entryIds = {}, {}
for i = 0, count - 1 do
  local at = firstTask + i * 6
  local member, runId, activityId = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local scheduledId, attempt = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  entryIds[i + 1] = ARGV[at]
  local executionKey, historyKey, detailsKey = KEYS[firstRun + i * 3], KEYS[firstRun + i * 3 + 1], KEYS[firstRun + i * 3 + 2]
  local name = 'A' .. activityId
  local x = loadExecution(executionKey, { name, 'ty' })
  local a = x and x.r == runId and extraValue(x, 1) and readActivity(extraValue(x, 1))
  if not a or a.state ~= SCHEDULED or a.scheduledId ~= scheduledId or a.attempt ~= attempt then
    replies[i + 1] = false
  else
    a.state = STARTED
    a.startedAt = nowMs
    a.deadline = activityDeadline(a, nowMs)
    local record = packActivity(a)
    arm(x, timersKey, member, a.deadline)
    put(x, name, record)
    saveExecution(x, historyKey, '')
    local event = redis.call('LINDEX', historyKey, scheduledId - 1)
    local heartbeat = a.details > 0 and redis.call('HGET', detailsKey, 'h' .. scheduledId) or false
    replies[i + 1] = { nowMs, event, record, x.q, x.k, heartbeat, extraValue(x, 2) }
  end
end
redis.call('XACK', streamKey, group, unpack(entryIds))
redis.call('XDEL', streamKey, unpack(entryIds))
return replies
