-- Takes a workflow task whose workers die of reading it off its stream: no stream has it until it is released. The run's
-- timeouts go on, and it can be terminated.
-- @key execution
-- @key details
-- @key quarantined   index of what is quarantined
-- @key stream
-- @arg runId
-- @int scheduledId
-- @int attempt
-- @arg group
-- @arg entryId       leaves the stream, whether the task is still wanted or not
-- @arg lost          the workers lost with it, and why it is quarantined
-- @arg place         what stands for it in the index
-- @returns [code: 0] | [code: 1]
-- @include workflow-task.lua
local x = loadExecution(executionKey)
redis.call('XACK', streamKey, group, entryId)
redis.call('XDEL', streamKey, entryId)
if not x or x.r ~= runId or x.w ~= SCHEDULED or x.wi ~= scheduledId or x.wa ~= attempt then return { 0 } end
x.w = QUARANTINED
x.wk = 0
x.wd = 0
x.wl = 1
x.df = 1
put(x, 'k', '')
redis.call('HSET', detailsKey, 'l0', lost)
saveExecution(x, '', '')
redis.call('ZADD', quarantinedKey, 0, place)
return { 1 }
