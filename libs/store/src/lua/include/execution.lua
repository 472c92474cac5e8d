-- @include clock.lua
-- @include event.lua
-- The mutable state of a run: a hash of few and short fields, so that it stays in Redis' compact form.
--   r run id · s status · q task queue · k sticky queue ('' none) · ty type · t0 start time · rq start request id
--   hb a chain of forced workflow tasks without commands: the scheduled id of its last, and when its first was scheduled
--   me, sa memo and search attributes as upserts have left them; only if there ever were any
--   ps, pc how many signals and cancel requests to other executions have no outcome yet; only if it ever sent any
--   m packed numbers, w packed workflow task (below) · y queries that wait for the next workflow task
--   A<activity id> pending activities (activity.lua) · T<timer id> pending timers: time, started event id
-- libs/store/src/execution-state.ts reads the same layout.
local RUNNING = '1'
-- State of a workflow task or activity.
-- Quarantined: its workers died of it; it waits for somebody to release it.
local NONE, SCHEDULED, STARTED, BACKING_OFF, QUARANTINED = 0, 1, 2, 3, 4
-- m: n events, z history bytes, d time of the timer entry (0 none), bn and bb buffered events and bytes, i events
-- received, xr and xe run and execution expiry (0 never), wt workflow task timeout, kt sticky timeout, and the flags ic
-- somebody waits for the close, ih for events, c cancel requested, u a close command met buffered events, df has a hash
-- of details, yq has queries waiting.
local NUMBERS_LAYOUT = '>I3I4I6I2I4I3I6I6I3I4I1I1I1I1I1I1'
-- w: state, wi scheduled id, wj started id, wa attempt, wp started id of the last completed one, wd deadline (0 none),
-- ws scheduled and wb started time, wk whether it is on the sticky queue, ww the process that it was last started for
-- (0: not known), wl whether lost workers are noted for it (field l0 of the details).
local TASK_LAYOUT = '>I1I3I3I3I3I6I6I6I1I6I1'

local TASK_BYTES = 39

-- A packed value that may lack its last fields, because an older build wrote it: they are 0.
local function padded(bytes, size)
  if #bytes >= size then return bytes end
  return bytes .. string.rep('\0', size - #bytes)
end

-- Lua cannot pass more than some thousands of values at once.
local BATCH = 1000

-- Reads a run's state, and the values of further fields into x.extra in their order. Nil when there is no run, or none
-- that is running.
local function loadExecution(key, extra)
  local values
  if extra and #extra > 0 then
    values = redis.call('HMGET', key, 'r', 's', 'm', 'w', 'q', 'k', unpack(extra, 1, math.min(BATCH, #extra)))
    for from = BATCH + 1, #extra, BATCH do
      local further = redis.call('HMGET', key, unpack(extra, from, math.min(from + BATCH - 1, #extra)))
      for i = 1, #further do values[#values + 1] = further[i] end
    end
  else
    values = redis.call('HMGET', key, 'r', 's', 'm', 'w', 'q', 'k')
  end
  if values[2] ~= RUNNING then return nil end
  local n, z, d, bn, bb, i, xr, xe, wt, kt, ic, ih, c, u, df, yq = unpackBytes(NUMBERS_LAYOUT, values[3])
  local w, wi, wj, wa, wp, wd, ws, wb, wk, ww, wl = unpackBytes(TASK_LAYOUT, padded(values[4], TASK_BYTES))
  -- All fields at once: a table that grows field by field costs more than the commands of a script.
  return { key = key, writes = {}, entries = {}, values = values, bell = false, now = 0, r = values[1], q = values[5],
    k = values[6], n = n, z = z, d = d, bn = bn, bb = bb, i = i, xr = xr, xe = xe, wt = wt, kt = kt, ic = ic, ih = ih,
    c = c, u = u, df = df, yq = yq, w = w, wi = wi, wj = wj, wa = wa, wp = wp, wd = wd, ws = ws, wb = wb, wk = wk,
    ww = ww, wl = wl }
end

-- The value of the i-th further field that loadExecution was asked for; false when there is none.
local function extraValue(x, i)
  return x.values[6 + i]
end

-- Writes a field of its own when the state is saved.
local function put(x, name, value)
  if name == 'k' then x.k = value end
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

-- Whether the history is so long or large that the run has to end; the limits are those of libs/core/src/limits.ts.
local MAX_EVENTS, MAX_BYTES = 51200, 52428800
local function historyIsFull(x)
  return x.n > MAX_EVENTS or x.z > MAX_BYTES
end

-- Makes sure that the timer pump looks at the run at `deadlineMs` or before. The entry is a lower bound of all the
-- run's deadlines: it is never moved back when one of them goes away.
--
-- Pumps look about every two seconds by themselves; a deadline sooner than that, if it is now the partition's first, is told
-- to them through the notices (x.bell is their stream, x.now the time).
local PUMP_PERIOD_MS = 2000
local function arm(x, timersKey, member, deadlineMs)
  if x.d > 0 and deadlineMs >= x.d then return end
  x.d = deadlineMs
  redis.call('ZADD', timersKey, deadlineMs, member)
  if x.bell and deadlineMs - x.now < PUMP_PERIOD_MS and redis.call('ZRANGE', timersKey, 0, 0)[1] == member then
    redis.call('XADD', x.bell, 'MAXLEN', '~', 5000, '*', 't', deadlineMs)
  end
end

-- Gives a command any number of values.
local function inBatches(command, key, values)
  if #values <= BATCH then
    redis.call(command, key, unpack(values))
  else
    for from = 1, #values, BATCH do
      redis.call(command, key, unpack(values, from, math.min(from + BATCH - 1, #values)))
    end
  end
end

-- Tells those who wait for new events of the run. `notifyKey` is the partition's stream of notices.
local function noticeEvents(x, notifyKey)
  if x.ih == 1 then
    x.ih = 0
    redis.call('XADD', notifyKey, 'MAXLEN', '~', 5000, '*', 'h', x.r)
  end
end

local function saveExecution(x, historyKey, notifyKey)
  if #x.entries > 0 then
    noticeEvents(x, notifyKey)
    inBatches('RPUSH', historyKey, x.entries)
  end
  local writes = x.writes
  if #writes > BATCH then
    inBatches('HSET', x.key, writes)
    writes = {}
  end
  redis.call('HSET', x.key,
    'm', pack(NUMBERS_LAYOUT, x.n, x.z, x.d, x.bn, x.bb, x.i, x.xr, x.xe, x.wt, x.kt, x.ic, x.ih, x.c, x.u, x.df, x.yq),
    'w', pack(TASK_LAYOUT, x.w, x.wi, x.wj, x.wa, x.wp, x.wd, x.ws, x.wb, x.wk, x.ww, x.wl), unpack(writes))
end
