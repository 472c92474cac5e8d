-- Takes consumers that have not shown themselves for some time off the list of those present, and keeps their names for a
-- day. Replies how many.
-- @key presence
-- @key departed
-- @int awayMs
-- @returns number
-- @include clock.lua
local KEPT_MS = 86400000
local nowMs = clockMs()
local absent = redis.call('ZRANGEBYSCORE', presenceKey, '-inf', nowMs - awayMs, 'WITHSCORES', 'LIMIT', 0, 1000)
if #absent == 0 then return 0 end
for i = 1, #absent, 2 do
  redis.call('ZREM', presenceKey, absent[i])
  redis.call('ZADD', departedKey, absent[i + 1], absent[i])
end
redis.call('ZREMRANGEBYSCORE', departedKey, '-inf', nowMs - KEPT_MS)
redis.call('PEXPIRE', departedKey, KEPT_MS)
return #absent / 2
