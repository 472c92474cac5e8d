-- Looks at a run whose timer entry is due: fires its due timers, tells the caller what else is due, and moves the entry
-- to the next deadline, or a little ahead while the caller works on what is due, so that another takes over if it dies.
-- @key execution
-- @key history
-- @key buffer
-- @key timers
-- @key notify
-- @key normalStream
-- @key stickyStream
-- @arg member
-- @arg taskQueue    the run's task queue, as the caller believes
-- @arg sticky       its sticky queue, as the caller believes
-- @arg currentRunId the current run's id, as the caller believes
-- @int leaseMs      how long the caller may take over what it is told
-- @returns [code: 0, nextMs: number] | [code: 1, nowMs: number, nextMs: number, runDue: number, taskState: number, scheduledId: number, startedId: number, attempt: number, activities: Buffer[]] | [code: -1, taskQueue: Buffer, sticky: Buffer, runId: Buffer] | [code: -2, scheduledId: number, startedId: number, attempt: number, taskQueue: Buffer]
-- @include workflow-task.lua
-- @include activity.lua
local nowMs = clockMs()
local due = redis.call('ZSCORE', timersKey, member)
if not due or tonumber(due) > nowMs then return { 0, due and tonumber(due) or 0 } end
local x = loadExecution(executionKey)
if not x then
  redis.call('ZREM', timersKey, member)
  return { 0, 0 }
end
local route = { queue = taskQueue, sticky = sticky, normalKey = normalStreamKey, stickyKey = stickyStreamKey }
if x.r ~= currentRunId or (x.w ~= STARTED and not routeFits(x, route)) then return { -1, x.q, x.k, x.r } end

local fields = redis.call('HGETALL', executionKey)
local next, fired, activities = 0, {}, {}
for i = 1, #fields, 2 do
  local name = fields[i]
  local kind = string.byte(name)
  if kind == 84 then
    local fireAt, startedTimer = unpackBytes('>I6I3', fields[i + 1])
    if fireAt <= nowMs then
      fired[#fired + 1] = { at = fireAt, started = startedTimer, name = name }
    else
      next = earlier(next, fireAt)
    end
  elseif kind == 65 then
    local a = readActivity(fields[i + 1])
    if a.deadline > 0 and a.deadline <= nowMs then
      activities[#activities + 1] = string.sub(name, 2)
      activities[#activities + 1] = fields[i + 1]
    else
      next = earlier(next, a.deadline)
    end
  end
end
if #fired > 0 then
  if bufferIsFull(x) then return { -2, x.wi, x.wj, x.wa, x.q } end
  table.sort(fired, function(a, b) return a.at < b.at or (a.at == b.at and a.started < b.started) end)
  local events, names = {}, {}
  for i = 1, #fired do
    local timer = fired[i]
    events[i] = linkedEvent(TIMER_FIRED, nowMs, timer.started, bytesField(1, string.sub(timer.name, 2)))
    names[i] = timer.name
  end
  inBatches('HDEL', executionKey, names)
  recordExternal(x, events, nowMs, route, bufferKey, timersKey, member)
end
local runDue = ((x.xr > 0 and x.xr <= nowMs) or (x.xe > 0 and x.xe <= nowMs)) and 1 or 0
if runDue == 0 then next = earlier(next, earlier(x.xr, x.xe)) end
local taskState = NONE
if x.wd > 0 and x.w ~= NONE then
  if x.wd <= nowMs then taskState = x.w else next = earlier(next, x.wd) end
end
if taskState ~= NONE or runDue == 1 or #activities > 0 then next = earlier(next, nowMs + leaseMs) end
x.d = next
if next > 0 then redis.call('ZADD', timersKey, next, member) else redis.call('ZREM', timersKey, member) end
saveExecution(x, historyKey, notifyKey)
return { 1, nowMs, next, runDue, taskState, x.wi, x.wj, x.wa, activities }
