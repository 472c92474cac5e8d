-- Starts workflow tasks that a poller read from one stream: each that is still wanted gets its started event and its
-- timeout; the entries leave the stream, wanted or not.
-- @key stream
-- @key timers
-- @key notify
-- @keys runs       state, history of each task's run, in turn; then, with `targets`, the partition's revision of the routing
--                  and the queue's current, ramping and unversioned streams
-- @arg group
-- @arg startedBody  body of WorkflowTaskStarted
-- @int worker       the process that does them; 0: not known
-- @int maxEvents    most events to return per task
-- @arg partial      '1' when the worker caches what it is sent: only events since its last task
-- @arg version     deployment and build of the worker; '' for an unversioned one
-- @int revision    of the routing that the caller decided by
-- @arg targets     a letter for each task, unless it is pinned: o it is for this worker, c, r, u it belongs on the current,
--                  ramping, unversioned stream; '' when the caller has not looked
-- @args tasks       entry id, member, run id, scheduled event id, attempt of each task, in turn
-- @returns ReadonlyArray<null | [code: 1 | 2] | [startedId: number, attempt: number, previousStartedId: number, scheduledMs: number, startedMs: number, taskTimeoutMs: number, runExpiresMs: number, executionExpiresMs: number, firstEventId: number, events: Buffer[], virtualEvents: Buffer[], queries: Buffer, sticky: Buffer, historyLength: number, route?: Buffer]>
-- @include workflow-task.lua
-- @include versioning.lua
local nowMs = clockMs()
local count = (#ARGV - firstTask + 1) / 5
local replies, entryIds = {}, {}

-- What becomes of a task that is still wanted: nil, it is started; 1, it stays until the caller has looked at the routing
-- anew; 2, it is not for this worker.
local extraKeys = targets ~= '' and #KEYS - 3 or 0
local newest
local function refusal(x, i, member, historyKey)
  local place = placeOf(x.q)
  -- Whoever pinned it has put a task where that version finds it.
  if isPinned(place) then return place ~= version and 2 or nil end
  if targets == '' then return 1 end
  if newest == nil then newest = isNewest(KEYS[extraKeys], revision) end
  if not newest then return 1 end
  local target = string.sub(targets, i + 1, i + 1)
  if target == 'o' then return nil end
  put(x, 'k', '')
  x.wk = 0
  x.wd = 0
  dispatchWorkflowTask(x, { normalKey = KEYS[extraKeys + (target == 'c' and 1 or target == 'r' and 2 or 3)] }, member)
  saveExecution(x, historyKey, notifyKey)
  return 2
end
for i = 0, count - 1 do
  local at = firstTask + i * 5
  local member, runId = ARGV[at + 1], ARGV[at + 2]
  local scheduledId, attempt = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local executionKey, historyKey = KEYS[firstRun + i * 2], KEYS[firstRun + i * 2 + 1]
  local x = loadExecution(executionKey)
  local refused, hasPlace
  if not x or x.r ~= runId or x.w ~= SCHEDULED or x.wi ~= scheduledId or x.wa ~= attempt then
    replies[i + 1] = false
    entryIds[#entryIds + 1] = ARGV[at]
  else
    hasPlace = string.find(x.q, '\n', 1, true)
    if hasPlace or targets ~= '' then refused = refusal(x, i, member, historyKey) end
    if refused ~= 1 then entryIds[#entryIds + 1] = ARGV[at] end
    if refused then replies[i + 1] = { refused } end
  end
  if replies[i + 1] == nil then
    startWorkflowTask(x, nowMs, startedBody, timersKey, member, worker)
    local queries = ''
    if x.yq == 1 then
      queries = redis.call('HGET', executionKey, 'y') or ''
      x.yq = 0
      put(x, 'y', '')
    end
    local virtual = {}
    if attempt > 1 then virtual = { virtualEvents(x, startedBody) } end
    saveExecution(x, historyKey, notifyKey)
    local from = 0
    if partial == '1' and x.wk == 1 then from = x.wp end
    local events = redis.call('LRANGE', historyKey, from, from + maxEvents - 1)
    replies[i + 1] = { x.wj, attempt, x.wp, x.ws, nowMs, x.wt, x.xr, x.xe, from + 1, events, virtual, queries, x.k, x.n }
    if hasPlace then replies[i + 1][15] = x.q end
  end
end
if #entryIds > 0 then
  redis.call('XACK', streamKey, group, unpack(entryIds))
  redis.call('XDEL', streamKey, unpack(entryIds))
end
return replies
