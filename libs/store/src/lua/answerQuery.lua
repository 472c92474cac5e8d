-- Leaves the answer of a query where the asker finds it, and tells it.
-- @key query
-- @key notify
-- @arg queryId
-- @arg outcome   r: `answer` is the result; f: it is a failure
-- @arg answer
-- @int keepMs
-- @returns [code: 0] | [code: 1]
if redis.call('EXISTS', queryKey) == 0 then return { 0 } end
redis.call('HSET', queryKey, 'o', outcome, 'v', answer)
redis.call('PEXPIRE', queryKey, keepMs)
redis.call('XADD', notifyKey, 'MAXLEN', '~', 5000, '*', 'q', queryId)
return { 1 }
