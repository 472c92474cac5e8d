-- Reads events of a run, and, when there are none yet and the run is open, notes that somebody waits for some.
-- @key execution  state of the workflow id's current run
-- @key replaced   state of the run, had another taken its place
-- @key history
-- @arg runId
-- @int from       first event id wanted
-- @int most       events to return at most
-- @arg wait       e: the caller waits for new events; c: for the close only; '' for neither
-- @returns [code: 0] | [code: 1, status: Buffer, historyLength: number, events: Buffer[]]
-- @include clock.lua
local key = executionKey
local state = redis.call('HMGET', key, 'r', 's', 'n')
if state[1] ~= runId then
  key = replacedKey
  state = redis.call('HMGET', key, 'r', 's', 'n')
  if state[1] ~= runId then return { 0 } end
end
local length = tonumber(state[3])
local events = {}
if wait == 'c' then
  if state[2] ~= '1' then events = redis.call('LRANGE', historyKey, -1, -1)
  else redis.call('HSET', key, 'ic', '1') end
elseif from <= length then
  events = redis.call('LRANGE', historyKey, from - 1, from + most - 2)
elseif wait == 'e' and state[2] == '1' then
  redis.call('HSET', key, 'ih', '1')
end
return { 1, state[2], length, events }
