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
-- @arg header      payload map, '' for none
-- @arg taskQueue   the run's task queue, as the caller believes
-- @arg sticky      its sticky queue, as the caller believes; 'none' to pass it by
-- @int keepMs
-- @returns [code: 0] | [code: 1] | [code: 2, status: Buffer] | [code: 3, attempt: number] | [code: -1, taskQueue: Buffer, sticky: Buffer]
-- @include execution.lua
local FAILING_ATTEMPTS = 3
local key = executionKey
local x = loadExecution(key)
local queue = x and x.q
if not x or x.r ~= runId then
  -- Not running: the workflow's code is replayed for the answer.
  x = nil
  local closed = redis.call('HMGET', key, 'r', 'q')
  if closed[1] ~= runId then closed = redis.call('HMGET', replacedKey, 'r', 'q') end
  if closed[1] ~= runId then return { 0 } end
  queue = closed[2]
end
if queue ~= taskQueue or (x and sticky ~= 'none' and x.k ~= '' and x.k ~= sticky) then
  return { -1, queue, x and x.k or '' }
end
if x and x.wa >= FAILING_ATTEMPTS and x.w ~= NONE then return { 3, x.wa } end
redis.call('HSET', queryKey, 't', queryType, 'a', input)
if header ~= '' then redis.call('HSET', queryKey, 'h', header) end
redis.call('PEXPIRE', queryKey, keepMs)
if x and (x.w ~= NONE or x.wp == 0) then
  put(x, 'y', (redis.call('HGET', key, 'y') or '') .. queryId .. ' ')
  x.yq = 1
  saveExecution(x, '', '')
  return { 1 }
end
local entry = queryId .. ' ' .. runId .. ' ' .. member
if x and sticky ~= 'none' and x.k ~= '' then
  if redis.call('XADD', stickyStreamKey, 'NOMKSTREAM', '*', 'q', entry) then return { 1 } end
end
redis.call('XADD', normalStreamKey, '*', 'q', entry)
return { 1 }
