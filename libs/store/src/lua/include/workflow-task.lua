-- @include execution.lua
-- Scheduling, starting and ending workflow tasks. `route` names where they go:
-- { queue, sticky, normalKey, stickyKey }: the task queue and sticky queue that the caller believes in, with their streams.

-- Whether the caller's route is the run's; if not, it gets the right one and calls again.
local function routeFits(x, route)
  return x.q == route.queue and (x.k == '' or x.k == route.sticky)
end

local function taskEntry(x, member)
  return x.wi .. ' ' .. x.wa .. ' ' .. x.r .. ' ' .. member
end

-- Puts the scheduled workflow task of x on a stream: the sticky one if there is a sticky queue and it still exists.
local function dispatchWorkflowTask(x, route, member)
  if x.k ~= '' then
    local id = redis.call('XADD', route.stickyKey, 'NOMKSTREAM', '*', 'w', taskEntry(x, member))
    if id then return true end
    put(x, 'k', '')
  end
  redis.call('XADD', route.normalKey, '*', 'w', taskEntry(x, member))
  return false
end

-- Puts queries that waited with the run, and came too late for its last workflow task, where a worker finds them.
local function dispatchQueries(x, normalKey, stickyKey, member)
  local queries = redis.call('HGET', x.key, 'y') or ''
  x.yq = 0
  put(x, 'y', '')
  for queryId in string.gmatch(queries, '%S+') do
    local entry = queryId .. ' ' .. x.r .. ' ' .. member
    if x.k == '' or not redis.call('XADD', stickyKey, 'NOMKSTREAM', '*', 'q', entry) then
      redis.call('XADD', normalKey, '*', 'q', entry)
    end
  end
end

-- Schedules a workflow task as attempt 1, with its event.
local function scheduleWorkflowTask(x, nowMs, route, timersKey, member)
  x.wi = x.n + 1
  x.wj = 0
  x.wa = 1
  x.ws = nowMs
  x.w = SCHEDULED
  local sticky = dispatchWorkflowTask(x, route, member)
  append(x, plainEvent(WT_SCHEDULED, nowMs, sticky and flagField(1) or ''))
  if sticky then
    x.wk = 1
    x.wd = nowMs + x.kt
    arm(x, timersKey, member, x.wd)
  else
    x.wk = 0
    x.wd = 0
  end
end

-- Schedules a further attempt without events: it will get them when it succeeds.
local function scheduleTransientWorkflowTask(x, nowMs, attempt, delayMs, route, timersKey, member)
  x.wi = x.n + 1
  x.wj = 0
  x.wa = attempt
  x.ws = nowMs
  x.wk = 0
  if delayMs > 0 then
    x.w = BACKING_OFF
    x.wd = nowMs + delayMs
    arm(x, timersKey, member, x.wd)
  else
    x.w = SCHEDULED
    x.wd = 0
    dispatchWorkflowTask(x, route, member)
  end
end

-- The body of WorkflowTaskStarted behind a history of that length and size, of which it may say that it is long: from
-- then on the run should continue as new. The limits are those of libs/core/src/limits.ts.
local SUGGEST_EVENTS, SUGGEST_BYTES = 4096, 4194304
local function startedBodyAt(events, bytes, startedBody)
  if events < SUGGEST_EVENTS and bytes < SUGGEST_BYTES then return startedBody end
  return startedBody .. flagField(2)
end

-- Marks the workflow task of x started, and arms its start-to-close timeout. An attempt 1 gets its event; a further one
-- takes the ids that its events will have when it succeeds.
local function startWorkflowTask(x, nowMs, startedBody, timersKey, member, worker)
  if x.wa == 1 then
    local size = x.z
    x.wj = append(x, pack('>I1I6I3I4', WT_STARTED, nowMs, x.wi, size) .. startedBodyAt(x.n + 1, size, startedBody))
  else
    x.wi = x.n + 1
    x.wj = x.n + 2
  end
  x.w = STARTED
  x.ww = worker
  x.wb = nowMs
  x.wd = nowMs + x.wt
  arm(x, timersKey, member, x.wd)
end

-- The two events of an attempt above 1, which stand in the history only once it succeeds.
local function virtualEvents(x, startedBody)
  local scheduled = plainEvent(WT_SCHEDULED, x.ws, numberField(3, x.wa))
  local size = x.z + #scheduled
  return scheduled, pack('>I1I6I3I4', WT_STARTED, x.wb, x.n + 1, size) .. startedBodyAt(x.n + 2, size, startedBody)
end

-- Records events that came from outside: behind the history, with a workflow task to tell the workflow; or in the
-- buffer while one is started. Events of the buffer are written when that one ends.
local function recordExternal(x, events, nowMs, route, bufferKey, timersKey, member)
  if x.w == STARTED then
    local bytes = 0
    for i = 1, #events do bytes = bytes + #events[i] end
    inBatches('RPUSH', bufferKey, events)
    x.bn = x.bn + #events
    x.bb = x.bb + bytes
    return
  end
  for i = 1, #events do append(x, events[i]) end
  -- An attempt above 1 that nobody works on is replaced by a first one that knows of the news.
  if x.w == NONE or x.w == BACKING_OFF or (x.w == SCHEDULED and x.wa > 1) then
    scheduleWorkflowTask(x, nowMs, route, timersKey, member)
  end
end

-- Whether the buffer has no room for another event: the started workflow task has to be failed first.
local MAX_BUFFERED_EVENTS, MAX_BUFFERED_BYTES = 100, 2097152
local function bufferIsFull(x)
  return x.w == STARTED and (x.bn >= MAX_BUFFERED_EVENTS or x.bb >= MAX_BUFFERED_BYTES)
end

-- Writes the buffered events, and those in `late`, behind the history: resolutions after the others, linked to their
-- started events. Returns how many there were.
local function flushBuffer(x, bufferKey, late)
  local buffered = late
  if x.bn > 0 then
    buffered = redis.call('LRANGE', bufferKey, 0, -1)
    for i = 1, #late do buffered[#buffered + 1] = late[i] end
    redis.call('DEL', bufferKey)
    x.bn = 0
    x.bb = 0
  end
  local startedIds, resolutions = {}, {}
  for i = 1, #buffered do
    local event = buffered[i]
    local type = string.byte(event)
    if RESOLUTIONS[type] then
      resolutions[#resolutions + 1] = event
    else
      local id = append(x, event)
      if type == AT_STARTED then
        local scheduledId = unpackBytes('>I3', event, 8)
        startedIds[scheduledId] = id
      end
    end
  end
  for i = 1, #resolutions do
    local event = resolutions[i]
    local scheduledId = unpackBytes('>I3', event, 8)
    append(x, string.sub(event, 1, 10) .. pack('>I3', startedIds[scheduledId] or 0) .. string.sub(event, 14))
  end
  return #buffered
end
