-- Tells a partition of a new revision of a namespace's worker deployments: no unpinned task is started by an older one from
-- now on, and those who wait for notices hear of it.
-- @key revision
-- @key notify
-- @int newest
-- @arg namespace
-- @returns [code: 0] | [code: 1]
local known = tonumber(redis.call('GET', revisionKey) or 0)
if known < newest then redis.call('SET', revisionKey, string.format('%d', newest)) end
redis.call('XADD', notifyKey, 'MAXLEN', '~', 5000, '*', 'g', namespace)
return { known < newest and 1 or 0 }
