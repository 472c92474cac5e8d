-- Notes that a consumer of a partition's task streams is there.
-- @key presence
-- @arg consumer
-- @returns [code: 1]
-- @include clock.lua
redis.call('ZADD', presenceKey, clockMs(), consumer)
return { 1 }
