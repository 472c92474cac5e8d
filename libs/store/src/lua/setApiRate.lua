-- Sets the dispatch rate of a queue that comes from the API, or removes it, so that a worker's is in force again.
-- @key limit
-- @key changes      counts the changes of all rates
-- @arg rate         tasks a second; '' to remove it
-- @arg burst        '' for the default
-- @arg reason
-- @arg identity
-- @returns number
-- @include dispatch-rate.lua
local before = loadBucket(limitKey)
if rate == '' then redis.call('HDEL', limitKey, 'ar', 'ab', 'am', 'ai', 'at')
else
  redis.call('HSET', limitKey, 'ar', rate, 'am', reason, 'ai', identity, 'at', clockMs())
  if burst == '' then redis.call('HDEL', limitKey, 'ab') else redis.call('HSET', limitKey, 'ab', burst) end
end
settleChange(limitKey, before)
settleExpiry(limitKey)
return redis.call('INCR', changesKey)
