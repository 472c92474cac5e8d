-- Deletes a closed run and all that belongs to it.
-- @key execution
-- @key replaced
-- @key history
-- @key closed
-- @arg runId
-- @arg runMember
-- @returns [code: 0] | [code: 1]
local key = executionKey
local state = redis.call('HMGET', key, 'r', 's')
if state[1] ~= runId then
  key = replacedKey
  state = redis.call('HMGET', key, 'r', 's')
end
if state[1] == runId and state[2] == '1' then return { 0 } end
redis.call('ZREM', closedKey, runMember)
redis.call('UNLINK', historyKey)
if state[1] == runId then redis.call('UNLINK', key) end
return { 1 }
