-- Reads how many partitions a deployment has had since when, and the time at which that was so.
-- @key meta
-- @returns [sizes: Buffer, nowMs: number]
-- @include clock.lua
local sizes = redis.call('HGET', metaKey, 'sizes')
return { sizes or (redis.call('HGET', metaKey, 'partitions') or '') .. '@0', clockMs() }
