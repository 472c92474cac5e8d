-- Reads events of a run, and, when there are none yet and the run is open, notes that somebody waits for some.
-- @key execution  state of the workflow id's current run
-- @key replaced   state of the run, had another taken its place
-- @key history
-- @arg runId
-- @int from       first event id wanted
-- @int most       events to return at most
-- @arg wait       e: the caller waits for new events; c: for the close only; '' for neither
-- @returns [code: 0] | [code: 1, status: Buffer, historyLength: number, events: Buffer[], taskQueue: Buffer]
-- @include execution.lua
local x = loadExecution(executionKey)
local status, taskQueue = RUNNING, x and x.q
if not x or x.r ~= runId then
  x = nil
  local state = redis.call('HMGET', executionKey, 'r', 's', 'q')
  if state[1] ~= runId then state = redis.call('HMGET', replacedKey, 'r', 's', 'q') end
  if state[1] ~= runId then return { 0 } end
  status, taskQueue = state[2], state[3]
end
local length = x and x.n or redis.call('LLEN', historyKey)
local events = {}
if wait == 'c' then
  if not x then
    events = redis.call('LRANGE', historyKey, -1, -1)
  elseif x.ic == 0 then
    x.ic = 1
    saveExecution(x, '', '')
  end
elseif from <= length then
  events = redis.call('LRANGE', historyKey, from - 1, from + most - 2)
elseif wait == 'e' and x and x.ih == 0 then
  x.ih = 1
  saveExecution(x, '', '')
end
return { 1, status, length, events, taskQueue }
