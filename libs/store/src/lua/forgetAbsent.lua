-- Takes consumers that have not shown themselves for some time off the list of those present.
-- @key presence
-- @int awayMs
-- @returns number
-- @include clock.lua
return redis.call('ZREMRANGEBYSCORE', presenceKey, '-inf', clockMs() - awayMs)
