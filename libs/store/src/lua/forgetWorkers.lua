-- Forgets workers that have ended, and those that have expired.
-- @key records
-- @key expiries
-- @key index
-- @args workers     ids
-- @returns number
-- @include workers.lua
local count = 0
for i = firstWorker, #ARGV do
  count = count + forgetWorker(recordsKey, expiriesKey, indexKey, ARGV[i])
end
forgetExpired(recordsKey, expiriesKey, indexKey, clockMs())
return count
