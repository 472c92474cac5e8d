-- Starts activity tasks that a poller read from one stream: each that is still wanted is marked started and gets its
-- timeouts; the entries leave the stream, wanted or not.
-- @key stream
-- @key timers
-- @keys runs      state, history, details of each task's run, in turn; then, with `targets`, the partition's revision of
--                 the routing and the queue's current, ramping and unversioned streams
-- @arg group
-- @int revision   of the routing that the caller decided by
-- @arg targets    a letter for each task of a shared stream: o it is for this worker, c, r, u it belongs on the current,
--                 ramping, unversioned stream; '' when the caller is unversioned or the stream is its version's
-- @int worker     the process that does them; 0: not known
-- @args tasks     entry id, member, run id, activity id, scheduled event id, attempt of each task, in turn
-- @returns ReadonlyArray<null | [code: 1 | 2] | [startedMs: number, scheduledEvent: Buffer, record: Buffer, taskQueue: Buffer, sticky: Buffer, heartbeat: Buffer | null, workflowType: Buffer]>
-- @include activity.lua
-- @include versioning.lua
local nowMs = clockMs()
local count = (#ARGV - firstTask + 1) / 6
local replies, entryIds = {}, {}
local extraKeys = targets ~= '' and #KEYS - 3 or 0
local newest = targets == '' or isNewest(KEYS[extraKeys], revision)
for i = 0, count - 1 do
  local at = firstTask + i * 6
  local member, runId, activityId = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local scheduledId, attempt = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  local target = targets ~= '' and string.sub(targets, i + 1, i + 1) or 'o'
  local executionKey, historyKey, detailsKey = KEYS[firstRun + i * 3], KEYS[firstRun + i * 3 + 1], KEYS[firstRun + i * 3 + 2]
  local name = 'A' .. activityId
  local x = loadExecution(executionKey, { name, 'ty' })
  local a = x and x.r == runId and extraValue(x, 1) and readActivity(extraValue(x, 1))
  if not a or a.state ~= SCHEDULED or a.scheduledId ~= scheduledId or a.attempt ~= attempt then
    replies[i + 1] = false
    entryIds[#entryIds + 1] = ARGV[at]
  elseif not newest then
    -- It stays until the caller has looked at the routing anew.
    replies[i + 1] = { 1 }
  elseif target ~= 'o' then
    redis.call('XADD', KEYS[extraKeys + (target == 'c' and 1 or target == 'r' and 2 or 3)], '*', 'a',
      activityEntry(a, activityId, runId, member))
    replies[i + 1] = { 2 }
    entryIds[#entryIds + 1] = ARGV[at]
  else
    entryIds[#entryIds + 1] = ARGV[at]
    a.state = STARTED
    a.worker = worker
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
if #entryIds > 0 then
  redis.call('XACK', streamKey, group, unpack(entryIds))
  redis.call('XDEL', streamKey, unpack(entryIds))
end
return replies
