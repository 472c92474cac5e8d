-- Reads what the workers of task queues have in hand together, without those that have expired: for each queue a line for
-- each kind, version and registration, as kind, deployment, build id, digest, workers, used slots, slots, workers whose
-- slots are known, tabs between.
-- @key records
-- @key expiries
-- @key index
-- @args queues
-- @returns ReadonlyArray<Buffer | null>
-- @include workers.lua
forgetExpired(recordsKey, expiriesKey, indexKey, clockMs())
local fields = {}
for i = firstQueue, #ARGV do fields[#fields + 1] = 't' .. ARGV[i] end
return redis.call('HMGET', recordsKey, unpack(fields))
