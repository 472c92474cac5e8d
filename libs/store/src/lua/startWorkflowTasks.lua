-- Starts workflow tasks that a poller read from one stream: each that is still wanted gets its started event and its
-- timeout; the entries leave the stream, wanted or not.
-- @key stream
-- @key timers
-- @key notify
-- @keys runs       state, history of each task's run, in turn
-- @arg group
-- @arg startedBody  body of WorkflowTaskStarted
-- @int maxEvents    most events to return per task
-- @arg partial      '1' when the worker caches what it is sent: only events since its last task
-- @args tasks       entry id, member, run id, scheduled event id, attempt of each task, in turn
-- @returns ReadonlyArray<null | [startedId: number, attempt: number, previousStartedId: number, scheduledMs: number, startedMs: number, taskTimeoutMs: number, runExpiresMs: number, executionExpiresMs: number, firstEventId: number, events: Buffer[], virtualEvents: Buffer[], queries: Buffer, sticky: Buffer, historyLength: number]>
-- @include workflow-task.lua
local nowMs = clockMs()
local count = (#ARGV - firstTask + 1) / 5
local replies, entryIds = {}, {}
for i = 0, count - 1 do
  local at = firstTask + i * 5
  local member, runId = ARGV[at + 1], ARGV[at + 2]
  local scheduledId, attempt = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  entryIds[i + 1] = ARGV[at]
  local executionKey, historyKey = KEYS[firstRun + i * 2], KEYS[firstRun + i * 2 + 1]
  local x = loadExecution(executionKey)
  if not x or x.r ~= runId or x.w ~= SCHEDULED or x.wi ~= scheduledId or x.wa ~= attempt then
    replies[i + 1] = false
  else
    startWorkflowTask(x, nowMs, startedBody, timersKey, member)
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
  end
end
redis.call('XACK', streamKey, group, unpack(entryIds))
redis.call('XDEL', streamKey, unpack(entryIds))
return replies
