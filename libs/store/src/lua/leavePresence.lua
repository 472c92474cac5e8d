-- Takes a process that stops reading off the list of those present, and keeps for a day when it was last there: what was
-- asked of it before had not killed it.
-- @key presence
-- @key departed
-- @arg consumer
-- @returns [code: 1]
-- @include clock.lua
local KEPT_MS = 86400000
redis.call('ZREM', presenceKey, consumer)
redis.call('ZADD', departedKey, clockMs(), consumer)
redis.call('PEXPIRE', departedKey, KEPT_MS)
return { 1 }
