-- A process no longer reads a sticky queue. If nobody else does, the stream is removed, so that tasks go to the normal
-- queues from now on, and what waited in it is replied. Otherwise what the process had read and not started is put back.
-- @key stream
-- @key streams      set of the partition's task streams
-- @arg group
-- @arg consumer     who leaves
-- @arg helper       name of a consumer that only moves tasks and does none
-- @int awayMs       a consumer that has not shown itself for this long counts as gone
-- @returns [code: 0] | [code: 1, entries: ReadonlyArray<readonly [id: Buffer, fields: readonly Buffer[]]>]
local consumers = redis.pcall('XINFO', 'CONSUMERS', streamKey, group)
if consumers.err then
  redis.call('SREM', streamsKey, streamKey)
  return { 1, {} }
end
local others = false
for _, info in ipairs(consumers) do
  -- name, pending, idle, in this order on every version
  if info[2] ~= consumer and info[2] ~= helper and info[6] < awayMs then others = true end
end
if not others then
  local entries = redis.call('XRANGE', streamKey, '-', '+')
  redis.call('UNLINK', streamKey)
  redis.call('SREM', streamsKey, streamKey)
  return { 1, entries }
end
for _, pending in ipairs(redis.call('XPENDING', streamKey, group, '-', '+', 1000, consumer)) do
  local entry = redis.call('XRANGE', streamKey, pending[1], pending[1])[1]
  redis.call('XACK', streamKey, group, pending[1])
  if entry then
    redis.call('XDEL', streamKey, pending[1])
    redis.call('XADD', streamKey, '*', unpack(entry[2]))
  end
end
redis.call('XGROUP', 'DELCONSUMER', streamKey, group, consumer)
return { 0 }
