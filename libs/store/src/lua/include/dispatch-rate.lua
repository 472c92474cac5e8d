-- The dispatch rate of a task queue and its bucket of permits: the arithmetic of libs/routing/src/permit-bucket.ts, on
-- the server's clock. A hash: rate (ar) and burst (ab) set through the API with reason (am), identity (ai) and time (at);
-- rate set by a worker (wr) with identity (wi) and end (wx, ms); permits (n) as of a time (u, us), the last turn given to
-- somebody who waits (q, us; 0: nobody waits), grants given back lately (g).
-- @include clock.lua
local RATE_FIELDS = { 'ar', 'ab', 'wr', 'wx', 'n', 'u', 'q', 'g' }
local MAX_WAIT_MICROS = 86400000000

-- The bucket with the rate in force; no rate when there is none.
local function loadBucket(limitKey)
  local f = redis.call('HMGET', limitKey, unpack(RATE_FIELDS))
  local b = { u = tonumber(f[6] or 0), tokens = tonumber(f[5] or 1), turn = tonumber(f[7] or 0), returned = f[8] or '' }
  b.now = clockMicros()
  -- Every use of a bucket has a time of its own, which names it; a clock that was put back counts from there.
  if b.u - b.now < 1000000 and b.now <= b.u then b.now = b.u + 1 end
  if f[1] then b.rate, b.burst = tonumber(f[1]), tonumber(f[2] or '')
  elseif f[3] and tonumber(f[4]) * 1000 > b.now then b.rate = tonumber(f[3]) end
  if b.rate then
    local burst = b.burst or math.max(1, b.rate)
    local quiet = b.burst or math.max(1, b.rate / 4)
    local elapsed = b.u == 0 and 0 or math.max(0, b.now - b.u) / 1000000
    local cap = b.turn > 0 and burst or quiet
    b.most = burst
    b.tokens = math.max(math.min(b.tokens, burst), math.min(cap, b.tokens + elapsed * b.rate))
  end
  return b
end

local function saveBucket(limitKey, b)
  redis.call('HSET', limitKey, 'n', string.format('%.17g', b.tokens), 'u', string.format('%.0f', b.now), 'q', string.format('%.0f', b.turn))
end

-- After the rate in force has changed from what `before` has: at most one permit is carried over.
local function settleChange(limitKey, before)
  local after = loadBucket(limitKey)
  if after.rate == before.rate and after.burst == before.burst then return end
  after.tokens = math.min(before.tokens, 1)
  after.turn = 0
  saveBucket(limitKey, after)
end

-- A hash that holds a worker's rate only goes with it.
local function settleExpiry(limitKey)
  local f = redis.call('HMGET', limitKey, 'ar', 'wx')
  if f[1] then redis.call('PERSIST', limitKey)
  elseif f[2] then redis.call('PEXPIREAT', limitKey, f[2])
  else redis.call('DEL', limitKey) end
end
