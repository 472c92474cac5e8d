-- Ends a workflow task with the workflow's commands: writes their events, the buffered ones behind them, and does what
-- the commands ask for. All is checked before anything is written.
-- Each operation is its kind and a fixed number of arguments:
--   E type, body                       an event, nothing else
--   A body, activity id, schedule-to-close ms, schedule-to-start ms, start-to-close ms, heartbeat ms, stream number
--                                      (0: the caller starts it at once)
--   T body, timer id, fire after ms
--   C body, timer id                   cancels a timer; the body of TimerCanceled
--   X body, activity id, scheduled event id, body of ActivityTaskCanceled should it not have been started
--   O type, body, message              an event, and a message to another execution for the outbox
--   P field, bytes                     what the run's state is to hold of its memo or search attributes
--   Z type, body, status               closes the run; always the last
-- @key execution
-- @key history
-- @key buffer
-- @key timers
-- @key running
-- @key closed
-- @key notify
-- @key requests
-- @key details
-- @key outbox
-- @key normalStream
-- @key stickyStream
-- @keys activityStreams  before them, with a route, the partition's revision of the routing, and how many executions are
--                        pinned to which version
-- @arg member
-- @arg runMember
-- @arg runId
-- @int scheduledId
-- @int startedId
-- @int attempt
-- @arg taskQueue     the run's task queue
-- @arg startedBody   body of WorkflowTaskStarted, for events that an attempt above 1 or a new task needs
-- @arg completedBody body of WorkflowTaskCompleted
-- @int worker        the caller's process, for what it starts at once
-- @arg sticky        the worker's sticky queue, '' for none
-- @int stickyTimeoutMs
-- @arg startNew      '1' when the caller does the next workflow task at once, should there be one
-- @arg forceNew      '' unless there has to be one: for how many milliseconds a chain of such tasks without commands may
--                    go on
-- @arg route         '' where neither the worker nor the run has a version; else where the run's tasks go from now on
-- @arg behaviour     with a route: behaviour, deployment and build of the worker; '' for an unversioned one
-- @int revision      of the routing by which the worker does the unpinned tasks of the run; 0 when it does not
-- @args ops
-- @returns [code: 0] | [code: -1, taskQueue: Buffer, sticky: Buffer] | [code: 1, nowMs: number, startedId: number, scheduledMs: number, firstEventId: number, events: Buffer[], historyLength: number, previousStartedId: number] | [code: 2] | [code: 3, op: number] | [code: 4, op: number] | [code: 5] | [code: 6] | [code: 7, events: number, bytes: number] | [code: 8, eventType: number] | [code: 9]
-- @include workflow-task.lua
-- @include activity.lua
-- @include close.lua
-- @include versioning.lua
-- Counters of what was sent to other executions, by the type of its event: recordEvent.lua counts down.
local PENDING_SENT = { [22] = 'pc', [37] = 'ps' }
local ARITY = { E = 2, A = 7, T = 3, C = 2, X = 4, O = 3, P = 2, Z = 3 }

-- What the operations need to know of the run, read together with it.
local ops, names = {}, {}
local at = firstOp
while at <= #ARGV do
  local kind = ARGV[at]
  local op = { kind = kind, at = at }
  if kind == 'A' then names[#names + 1] = 'A' .. ARGV[at + 2]; op.name = #names
  elseif kind == 'T' or kind == 'C' then names[#names + 1] = 'T' .. ARGV[at + 2]; op.name = #names
  elseif kind == 'X' then names[#names + 1] = 'A' .. ARGV[at + 2]; op.name = #names end
  ops[#ops + 1] = op
  at = at + 1 + ARITY[kind]
end
local x = loadExecution(executionKey, names)
if not x or x.r ~= runId or x.w ~= STARTED or x.wi ~= scheduledId or x.wj ~= startedId
    or x.wa ~= attempt then
  -- The reply to this very completion may have been lost, and the caller asks again. Of attempts above 1, several may
  -- have had the same ids.
  if x and x.r == runId and x.wp == startedId and attempt == 1 then return { 5 } end
  return { 0 }
end
if x.q ~= taskQueue then return { -1, x.q, x.k } end
-- Code 9: something overrides the worker's behaviour, and the run stays where it is.
local versioned = route ~= ''
if versioned and route ~= taskQueue and redis.call('HEXISTS', executionKey, 'vo') == 1 then return { 9 } end
if historyIsFull(x) then return { 7, x.n, x.z } end
local closing = #ops > 0 and ops[#ops].kind == 'Z'
if closing and x.bn > 0 then return { 2 } end

-- Checks. Code 3: the operation names a timer or activity that is not pending; code 4: one that is already.
local buffered
local function isBuffered(matches)
  if x.bn == 0 then return nil end
  buffered = buffered or redis.call('LRANGE', bufferKey, 0, -1)
  for i = 1, #buffered do if matches(buffered[i]) then return i end end
  return nil
end
-- known: by name, the operation that makes it pending, or false when an operation before ends it.
local known, asked, scheduled, freed, sent = {}, {}, 0, 0, {}
for i = 1, #ops do
  local op = ops[i]
  if op.kind == 'O' then
    local type = tonumber(ARGV[op.at + 1])
    sent[type] = (sent[type] or 0) + 1
  elseif op.name then
    local name = names[op.name]
    local value = known[name]
    if value == nil then value = extraValue(x, op.name) end
    if op.kind == 'A' or op.kind == 'T' then
      if value then return { 4, i - 1 } end
      known[name] = op
      if op.kind == 'A' then scheduled = scheduled + 1 end
    elseif op.kind == 'C' then
      if not value and known[name] == nil then
        local timerField = bytesField(1, ARGV[op.at + 2])
        op.bufferedAt = isBuffered(function(event)
          return string.byte(event) == TIMER_FIRED and string.sub(event, 11) == timerField
        end)
      end
      if not value and not op.bufferedAt then return { 3, i - 1 } end
      known[name] = false
    elseif op.kind == 'X' then
      local cancelId = tonumber(ARGV[op.at + 3])
      if asked[cancelId] then return { 3, i - 1 } end
      asked[cancelId] = true
      local started, isPending = false, false
      if type(value) == 'table' then
        isPending, started = true, ARGV[value.at + 7] == '0'
      elseif value then
        local a = readActivity(value)
        isPending, started = a.scheduledId == cancelId, a.state == STARTED
        if isPending and a.cancelId > 0 then return { 3, i - 1 } end
      end
      if isPending then
        -- One that is not started is cancelled at once, and its id free.
        if not started then
          known[name] = false
          freed = freed + 1
        end
      elseif not isBuffered(function(event)
        return RESOLUTIONS[string.byte(event)] and unpackBytes('>I3', event, 8) == cancelId
      end) then
        return { 3, i - 1 }
      end
    end
  end
end

-- Code 8: too much of one kind would be pending; the limits are those of libs/core/src/limits.ts. Activities have to be
-- counted only when the history is long enough for so many, and the run has as many fields.
local MAX_PENDING = 2000
if scheduled > 0 and x.n + scheduled > MAX_PENDING and redis.call('HLEN', executionKey) + scheduled > MAX_PENDING then
  local pending = scheduled - freed
  local fields = redis.call('HKEYS', executionKey)
  for i = 1, #fields do if string.byte(fields[i]) == 65 then pending = pending + 1 end end
  if pending > MAX_PENDING then return { 8, 10 } end
end
for type, count in pairs(sent) do
  count = count + tonumber(redis.call('HGET', executionKey, PENDING_SENT[type]) or 0)
  if count > MAX_PENDING then return { 8, type } end
  sent[type] = count
end

local nowMs = clockMs()
-- Code 6: it has been prolonged for too long without deciding anything.
local chainSince
if forceNew ~= '' and #ops == 0 then
  chainSince = x.ws
  local chain = redis.call('HGET', executionKey, 'hb')
  if chain then
    local lastScheduled, since = unpackBytes('>I3I6', chain)
    if lastScheduled == scheduledId then chainSince = since end
  end
  if nowMs - chainSince > tonumber(forceNew) then return { 6 } end
end
x.bell, x.now = notifyKey, nowMs
if attempt > 1 then
  local scheduled, started = virtualEvents(x, startedBody)
  append(x, scheduled)
  append(x, started)
end
append(x, plainEvent(7, nowMs, completedBody))
if x.wl == 1 then
  x.wl = 0
  redis.call('HDEL', detailsKey, 'l0')
end
x.wp = startedId
x.w = NONE
x.wd = 0
if x.u == 1 then x.u = 0 end
local revisionKey, countsKey, mayGoOn
if versioned then
  revisionKey, countsKey = KEYS[firstActivityStream], KEYS[firstActivityStream + 1]
  firstActivityStream = firstActivityStream + 2
  takeRoute(x, route, countsKey)
  redis.call('HSET', executionKey, 'vb', behaviour)
  local place, version = placeOf(x.q), placeOf(behaviour)
  if isPinned(place) then
    mayGoOn = place == version
    if not mayGoOn then sticky = '' end
  else
    mayGoOn = revision > 0 and isNewest(revisionKey, revision)
  end
end
if x.k ~= sticky then put(x, 'k', sticky) end
if x.kt ~= stickyTimeoutMs then x.kt = stickyTimeoutMs end

local stored, removed, fresh, late, activities = {}, {}, {}, {}, {}
for i = 1, #ops do
  local op = ops[i]
  local kind, first = op.kind, op.at + 1
  if kind == 'E' then
    append(x, plainEvent(tonumber(ARGV[first]), nowMs, ARGV[first + 1]))
  elseif kind == 'P' then
    redis.call('HSET', executionKey, ARGV[first], ARGV[first + 1])
  elseif kind == 'A' then
    local activityId, closeMs = ARGV[first + 1], tonumber(ARGV[first + 2])
    local stream = tonumber(ARGV[first + 6])
    local a = { scheduledId = append(x, plainEvent(10, nowMs, ARGV[first])), attempt = 1, cancelId = 0, scheduledAt = nowMs,
      startedAt = 0, closeBy = closeMs > 0 and nowMs + closeMs or 0, toStart = tonumber(ARGV[first + 3]),
      toClose = tonumber(ARGV[first + 4]), heartbeat = tonumber(ARGV[first + 5]), details = 0, state = SCHEDULED,
      worker = 0 }
    if stream == 0 then
      a.state = STARTED
      a.worker = worker
      a.startedAt = nowMs
    end
    activities['A' .. activityId] = a
    fresh[#fresh + 1] = { a = a, id = activityId, stream = stream }
  elseif kind == 'T' then
    local fireAt = nowMs + tonumber(ARGV[first + 2])
    local id = append(x, plainEvent(17, nowMs, ARGV[first]))
    stored['T' .. ARGV[first + 1]] = pack('>I6I3', fireAt, id)
    removed['T' .. ARGV[first + 1]] = nil
    arm(x, timersKey, member, fireAt)
  elseif kind == 'C' then
    local name = 'T' .. ARGV[first + 1]
    local startedTimer
    if op.bufferedAt then
      startedTimer = unpackBytes('>I3', buffered[op.bufferedAt], 8)
      redis.call('LREM', bufferKey, 1, buffered[op.bufferedAt])
      x.bn = x.bn - 1
      x.bb = x.bb - #buffered[op.bufferedAt]
    else
      local record = stored[name] or extraValue(x, op.name)
      local _
      _, startedTimer = unpackBytes('>I6I3', record)
    end
    stored[name] = nil
    removed[name] = true
    append(x, linkedEvent(TIMER_CANCELED, nowMs, startedTimer, ARGV[first]))
  elseif kind == 'X' then
    local id = append(x, plainEvent(15, nowMs, ARGV[first]))
    local name = 'A' .. ARGV[first + 1]
    local a = activities[name] or (extraValue(x, op.name) and readActivity(extraValue(x, op.name)))
    if a and a.scheduledId == tonumber(ARGV[first + 2]) then
      if a.state == STARTED then
        a.cancelId = id
        activities[name] = a
      else
        activities[name] = nil
        removed[name] = true
        if a.details > 0 then
          redis.call('HDEL', detailsKey, 'f' .. a.scheduledId, 'h' .. a.scheduledId, 'u' .. a.scheduledId,
            'i' .. a.scheduledId, 'l' .. a.scheduledId)
        end
        late[#late + 1] = outcomeEvent(AT_CANCELED, nowMs, a.scheduledId, 0, ARGV[first + 3] .. numberField(2, id))
      end
    end
  elseif kind == 'O' then
    local id = append(x, plainEvent(tonumber(ARGV[first]), nowMs, ARGV[first + 1]))
    redis.call('XADD', outboxKey, '*', 'f', member, 'r', runId, 'i', id, 'm', ARGV[first + 2])
    redis.call('XADD', notifyKey, 'MAXLEN', '~', 5000, '*', 'o', id)
  end
end

if closing then
  if x.yq == 1 then dispatchQueries(x, normalStreamKey, normalStreamKey, member) end
  local first = ops[#ops].at + 1
  closeExecution(x, nowMs, ARGV[first + 2], plainEvent(tonumber(ARGV[first]), nowMs, ARGV[first + 1]), historyKey, member,
    runMember, { timers = timersKey, running = runningKey, closed = closedKey, notify = notifyKey, buffer = bufferKey,
      requests = requestsKey, details = detailsKey, counts = countsKey })
  return { 1, nowMs, 0, 0, 0, {}, x.n, 0 }
end

for i = 1, #fresh do
  local task = fresh[i]
  if task.stream > 0 and activities['A' .. task.id] == task.a then
    redis.call('XADD', KEYS[firstActivityStream + task.stream - 1], '*', 'a', activityEntry(task.a, task.id, runId, member))
  end
end
for name, a in pairs(activities) do
  a.deadline = activityDeadline(a, nowMs)
  if a.deadline > 0 then arm(x, timersKey, member, a.deadline) end
  put(x, name, packActivity(a))
end
for name, record in pairs(stored) do put(x, name, record) end
local gone = {}
for name in pairs(removed) do gone[#gone + 1] = name end
if #gone > 0 then inBatches('HDEL', executionKey, gone) end

local flushed = flushBuffer(x, bufferKey, late)
local startedNew, scheduledMs, from, events = 0, 0, 0, {}
if flushed > 0 or forceNew ~= '' then
  if startNew == '1' and sticky ~= '' and (mayGoOn or not versioned) then
    x.wi = append(x, plainEvent(WT_SCHEDULED, nowMs, flagField(1)))
    x.wa = 1
    x.ws = nowMs
    x.wk = 1
    startWorkflowTask(x, nowMs, startedBody, timersKey, member, worker)
    startedNew, scheduledMs, from = x.wj, nowMs, startedId + 1
  else
    scheduleWorkflowTask(x, nowMs, { queue = x.q, sticky = sticky, normalKey = normalStreamKey,
      stickyKey = stickyStreamKey }, timersKey, member)
  end
end
for type, count in pairs(sent) do put(x, PENDING_SENT[type], count) end
if chainSince then put(x, 'hb', pack('>I3I6', x.wi, chainSince)) end
if x.yq == 1 and x.w == NONE then dispatchQueries(x, normalStreamKey, stickyStreamKey, member) end
saveExecution(x, historyKey, notifyKey)
if startedNew > 0 then events = redis.call('LRANGE', historyKey, from - 1, -1) end
return { 1, nowMs, startedNew, scheduledMs, from, events, x.n, startedId }
