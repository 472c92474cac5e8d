-- Puts a query where a worker will find it: on the stream of the worker that caches the run, or of its task queue; or,
-- when a workflow task is under way, with the run, so that the next one brings it.
-- @key execution
-- @key replaced
-- @key query
-- @key normalStream
-- @key stickyStream
-- @arg member
-- @arg runId
-- @arg queryId
-- @arg queryType
-- @arg input       payloads
-- @arg taskQueue   the run's task queue, as the caller believes
-- @arg sticky      its sticky queue, as the caller believes; 'none' to pass it by
-- @int keepMs
-- @returns [code: 0] | [code: 1] | [code: 2, status: Buffer] | [code: 3, attempt: number] | [code: -1, taskQueue: Buffer, sticky: Buffer]
local FAILING_ATTEMPTS = 3
local key = executionKey
local x = redis.call('HMGET', key, 'r', 's', 'q', 'k', 'w', 'wa', 'wp', 'y')
if x[1] ~= runId then
  key = replacedKey
  x = redis.call('HMGET', key, 'r', 's', 'q', 'k', 'w', 'wa', 'wp', 'y')
  if x[1] ~= runId then return { 0 } end
end
local running = x[2] == '1'
local knownSticky = x[4] or ''
if x[3] ~= taskQueue or (sticky ~= 'none' and knownSticky ~= '' and knownSticky ~= sticky) then
  return { -1, x[3], knownSticky }
end
if running and tonumber(x[6] or 0) >= FAILING_ATTEMPTS then return { 3, tonumber(x[6]) } end
redis.call('HSET', queryKey, 't', queryType, 'a', input)
redis.call('PEXPIRE', queryKey, keepMs)
if running and ((x[5] or '') ~= '' or tonumber(x[7] or 0) == 0) then
  redis.call('HSET', key, 'y', (x[8] or '') .. queryId .. ' ')
  return { 1 }
end
local entry = queryId .. ' ' .. runId .. ' ' .. member
if running and sticky ~= 'none' and knownSticky ~= '' then
  if redis.call('XADD', stickyStreamKey, 'NOMKSTREAM', '*', 'q', entry) then return { 1 } end
end
redis.call('XADD', normalStreamKey, '*', 'q', entry)
return { 1 }
