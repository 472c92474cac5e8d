-- Changes which worker version a running execution's tasks go to, with an event that says so. A workflow task that waits is
-- put where the new version finds it; one under way is finished by whoever has it.
-- @key execution
-- @key history
-- @key buffer
-- @key notify
-- @key requests
-- @key normalStream  of the new route
-- @key counts        how many executions are pinned to which version
-- @arg member
-- @arg runId
-- @arg requestId     a repeated one changes nothing
-- @arg taskQueue     the run's route, as the caller believes
-- @arg behaviour     of its last completed workflow task, as the caller believes
-- @arg route         the new route
-- @arg override      '' for none
-- @int eventType
-- @arg body
-- @returns [code: 0] | [code: 1] | [code: 2] | [code: -1] | [code: -2, scheduledId: number, startedId: number, attempt: number, taskQueue: Buffer]
-- @include workflow-task.lua
-- @include versioning.lua
local x = loadExecution(executionKey, { 'vb' })
if not x or x.r ~= runId then return { 0 } end
if redis.call('SISMEMBER', requestsKey, requestId) == 1 then return { 2 } end
if x.q ~= taskQueue or (extraValue(x, 1) or '') ~= behaviour then return { -1 } end
if bufferIsFull(x) then return { -2, x.wi, x.wj, x.wa, x.q } end
local nowMs = clockMs()
redis.call('SADD', requestsKey, requestId)
x.i = x.i + 1
local event = plainEvent(eventType, nowMs, body)
if x.w == STARTED then
  redis.call('RPUSH', bufferKey, event)
  x.bn = x.bn + 1
  x.bb = x.bb + #event
else
  append(x, event)
  -- The two events of a further attempt are to follow this one.
  if x.w == BACKING_OFF or (x.w == SCHEDULED and x.wa > 1) then x.wi = x.n + 1 end
end
if override == '' then redis.call('HDEL', executionKey, 'vo') else redis.call('HSET', executionKey, 'vo', override) end
if x.q ~= route then
  takeRoute(x, route, countsKey)
  put(x, 'k', '')
end
if x.w == SCHEDULED then
  put(x, 'k', '')
  x.wk = 0
  x.wd = 0
  dispatchWorkflowTask(x, { normalKey = normalStreamKey }, member)
end
saveExecution(x, historyKey, notifyKey)
return { 1 }
