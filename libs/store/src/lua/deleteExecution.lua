-- Deletes a closed run and all that belongs to it.
-- @key execution
-- @key replaced
-- @key history
-- @key closed
-- @key requests
-- @arg runId
-- @arg runMember
-- @returns [code: 0] | [code: 1] | [code: 2]
local key = executionKey
local state = redis.call('HMGET', key, 'r', 's')
if state[1] ~= runId then
  key = replacedKey
  state = redis.call('HMGET', key, 'r', 's')
end
-- Code 0: it is running; code 2: there is no such run.
if state[1] == runId and state[2] == '1' then return { 0 } end
local found = redis.call('ZREM', closedKey, runMember) + redis.call('UNLINK', historyKey)
redis.call('UNLINK', requestsKey)
if state[1] == runId then found = found + redis.call('UNLINK', key) end
return { found > 0 and 1 or 2 }
