-- Forgets which worker caches a running execution: its next workflow tasks go to its task queue. One that waits on the
-- sticky queue already stays there until that worker takes it, or its time there is over.
-- @key execution
-- @arg runId
-- @returns [code: 0] | [code: 1]
-- @include execution.lua
local x = loadExecution(executionKey)
if not x or x.r ~= runId then return { 0 } end
if x.k ~= '' then
  put(x, 'k', '')
  saveExecution(x, '', '')
end
return { 1 }
