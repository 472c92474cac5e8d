-- @include clock.lua
-- @include event.lua
-- The mutable state of a run: a hash with the short field names below (ARCHITECTURE.md has the table).
--   r run id · s status · n events · z history bytes · q task queue · t0 start time
--   w workflow task: '' none, s scheduled, r started, b backing off; wi scheduled id · wj started id · wa attempt ·
--   wd deadline · wk on the sticky queue · ws scheduled time · wb started time · wp started id of the last completed one
--   wt its timeout · k sticky queue · kt its timeout · bn buffered events · bb buffered bytes · d time of its timer entry
--   ic somebody waits for the close · ih somebody waits for events · c cancel requested · u a close command met
--   buffered events · xr run expires · xe execution expires · i signals accepted · df has a details hash
--   y buffered queries
-- Pending activities are fields A<activity id>, timers T<timer id>.
local FIELDS = { 'r', 's', 'n', 'z', 'q', 'w', 'wi', 'wj', 'wa', 'wd', 'wk', 'ws', 'wb', 'wp', 'wt', 'k', 'kt', 'bn',
  'bb', 'd', 'ic', 'ih', 'c', 'u', 'xr', 'xe', 'i', 'df', 'y', 't0' }
local FIELD_COUNT = #FIELDS
local NUMBERS = { n = 0, z = 0, wi = 0, wj = 0, wa = 0, wd = 0, ws = 0, wb = 0, wp = 0, wt = 10000, kt = 10000, bn = 0,
  bb = 0, d = 0, xr = 0, xe = 0, i = 0, t0 = 0 }
local RUNNING = '1'

-- Reads a run's state, and the values of further fields into x.extra in their order. Nil when there is none.
local function loadExecution(key, extra)
  local names = FIELDS
  if extra and #extra > 0 then
    names = {}
    for i = 1, FIELD_COUNT do names[i] = FIELDS[i] end
    for i = 1, #extra do names[FIELD_COUNT + i] = extra[i] end
  end
  local values = redis.call('HMGET', key, unpack(names))
  if not values[1] then return nil end
  local x = { key = key, writes = {}, entries = {}, extra = {} }
  for i = 1, FIELD_COUNT do
    local name, value = FIELDS[i], values[i]
    local default = NUMBERS[name]
    if default then x[name] = value and value ~= '' and tonumber(value) or default else x[name] = value or '' end
  end
  for i = FIELD_COUNT + 1, #names do x.extra[i - FIELD_COUNT] = values[i] end
  return x
end

local function put(x, name, value)
  x[name] = value
  local writes = x.writes
  writes[#writes + 1] = name
  writes[#writes + 1] = value
end

-- Puts an event behind the history and returns its id. It is stored by saveExecution.
local function append(x, event)
  x.n = x.n + 1
  x.z = x.z + #event
  x.entries[#x.entries + 1] = event
  return x.n
end

-- Makes sure that the timer pump looks at the run at `deadlineMs` or before. The entry is a lower bound of all the
-- run's deadlines: it is never moved back when one of them goes away.
--
-- Pumps look about once a second by themselves; a deadline sooner than that, if it is now the partition's first, is told
-- to them through the notices (x.bell is their stream, x.now the time).
local PUMP_PERIOD_MS = 1000
local function arm(x, timersKey, member, deadlineMs)
  if x.d > 0 and deadlineMs >= x.d then return end
  put(x, 'd', deadlineMs)
  redis.call('ZADD', timersKey, deadlineMs, member)
  if x.bell and deadlineMs - x.now < PUMP_PERIOD_MS and redis.call('ZRANGE', timersKey, 0, 0)[1] == member then
    redis.call('XADD', x.bell, 'MAXLEN', '~', 5000, '*', 't', deadlineMs)
  end
end

local BATCH = 1000
local function pushAll(key, entries)
  if #entries <= BATCH then
    redis.call('RPUSH', key, unpack(entries))
  else
    for from = 1, #entries, BATCH do
      redis.call('RPUSH', key, unpack(entries, from, math.min(from + BATCH - 1, #entries)))
    end
  end
end

-- Tells those who wait for new events of the run. `notifyKey` is the partition's stream of notices.
local function noticeEvents(x, notifyKey)
  if x.ih ~= '' and #x.entries > 0 then
    put(x, 'ih', '')
    redis.call('XADD', notifyKey, 'MAXLEN', '~', 5000, '*', 'h', x.r)
  end
end

local function saveExecution(x, historyKey, notifyKey)
  if #x.entries > 0 then
    noticeEvents(x, notifyKey)
    pushAll(historyKey, x.entries)
    put(x, 'n', x.n)
    put(x, 'z', x.z)
  end
  if #x.writes > 0 then redis.call('HSET', x.key, unpack(x.writes)) end
end
