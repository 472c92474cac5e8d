-- Gives back permits of one grant that were not used, because the queue was found empty: nobody need wait any more. A
-- grant is given back once; replies how many permits came back.
-- @key limit
-- @arg stampMicros  when they were granted
-- @int count
-- @returns number
-- @include dispatch-rate.lua
local b = loadBucket(limitKey)
if not b.rate or string.find(b.returned, stampMicros, 1, true) then return 0 end
b.tokens = math.min(b.most, b.tokens + count)
b.turn = 0
saveBucket(limitKey, b)
-- A connection sends what had no reply again at once, so it is enough to remember the latest.
redis.call('HSET', limitKey, 'g', string.sub(b.returned, -1000) .. stampMicros .. ',')
return count
