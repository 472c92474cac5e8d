-- Puts a workflow task whose back-off is over on its stream.
-- @key execution
-- @key normalStream
-- @arg member
-- @arg runId
-- @int scheduledId
-- @int attempt
-- @arg taskQueue
-- @returns [code: 0] | [code: 1] | [code: -1, taskQueue: Buffer, sticky: Buffer]
-- @include workflow-task.lua
local x = loadExecution(executionKey)
if not x or x.r ~= runId or x.w ~= BACKING_OFF or x.wi ~= scheduledId or x.wa ~= attempt
    or x.wd > clockMs() then
  return { 0 }
end
if x.q ~= taskQueue then return { -1, x.q, x.k } end
x.w = SCHEDULED
x.wd = 0
put(x, 'k', '')
dispatchWorkflowTask(x, { normalKey = normalStreamKey }, member)
saveExecution(x, '', '')
return { 1 }
