-- Takes a query from the stream where it was found. It leaves the stream; should the taker die, the asker asks again.
-- @key stream
-- @key query
-- @key execution
-- @key history
-- @arg group
-- @arg entryId
-- @arg runId
-- @arg partial    '1' when the worker caches the run: no events are returned
-- @int most       events to return at most
-- @returns [code: 0] | [code: 1, queryType: Buffer, input: Buffer, previousStartedId: number, historyLength: number, events: Buffer[], header: Buffer]
-- @include execution.lua
redis.call('XACK', streamKey, group, entryId)
redis.call('XDEL', streamKey, entryId)
local query = redis.call('HMGET', queryKey, 't', 'a', 'h')
if not query[1] then return { 0 } end
local x = loadExecution(executionKey)
local previousStartedId, length = 0, 0
if x and x.r == runId then
  previousStartedId, length = x.wp, x.n
else
  length = redis.call('LLEN', historyKey)
  if length == 0 then return { 0 } end
end
local events = {}
if partial ~= '1' then events = redis.call('LRANGE', historyKey, 0, most - 1) end
return { 1, query[1], query[2], previousStartedId, length, events, query[3] or '' }
