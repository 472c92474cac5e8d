-- Changes the worker deployments of a namespace, if nobody has changed them since the caller read them.
-- @key deployments
-- @int revision    what the caller read; 0 for none
-- @args changes    fields and their new values, in turn; '' removes the field
-- @returns [code: 0, revision: number] | [code: 1, revision: number]
local known = tonumber(redis.call('HGET', deploymentsKey, 'rev') or 0)
if known ~= revision then return { 0, known } end
for i = firstChange, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', deploymentsKey, ARGV[i])
  else
    redis.call('HSET', deploymentsKey, ARGV[i], ARGV[i + 1])
  end
end
redis.call('HSET', deploymentsKey, 'rev', revision + 1)
return { 1, revision + 1 }
