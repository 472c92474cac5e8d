-- Forgets workers that have ended, and those that have expired.
-- @key records
-- @key expiries
-- @key index
-- @int goneMs       how long servers that still believe to see the workers are not believed; 0: not at all
-- @int keepMs       how long the keys stay when nobody writes any more
-- @args workers     ids
-- @returns number
-- @include workers.lua
local count, nowMs = 0, clockMs()
for i = firstWorker, #ARGV do
  count = count + forgetWorker(recordsKey, expiriesKey, indexKey, ARGV[i])
  if goneMs > 0 then
    redis.call('HSET', recordsKey, 'l' .. ARGV[i], '2\t\n')
    redis.call('ZADD', expiriesKey, nowMs + goneMs, ARGV[i])
    redis.call('PEXPIRE', recordsKey, keepMs)
    redis.call('PEXPIRE', expiriesKey, keepMs)
  end
end
forgetExpired(recordsKey, expiriesKey, indexKey, nowMs)
return count
