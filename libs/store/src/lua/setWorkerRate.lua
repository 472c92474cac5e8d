-- Notes the dispatch rate of a queue that a worker asks for. The last worker to begin wins; what others say to keep
-- theirs only keeps the one that is there. Replies 1 when the rate has changed.
-- @key limit
-- @key changes      counts the changes of all rates
-- @arg rate         tasks a second
-- @arg identity
-- @int keptMs       how long it holds unless it is said again
-- @arg keeps        '' when the worker begins, '1' when it said the same before
-- @returns number
-- @include dispatch-rate.lua
local before = loadBucket(limitKey)
local f = redis.call('HMGET', limitKey, 'wr', 'wx')
local nowMs = clockMs()
local holds = f[1] and tonumber(f[2]) > nowMs
redis.call('HSET', limitKey, 'wx', string.format('%.0f', nowMs + keptMs))
local changed = not holds or (keeps == '' and tonumber(f[1]) ~= tonumber(rate))
if changed then redis.call('HSET', limitKey, 'wr', rate, 'wi', identity) end
settleChange(limitKey, before)
settleExpiry(limitKey)
if changed then redis.call('INCR', changesKey) end
return changed and 1 or 0
