-- Creates a task stream with its group and a consumer, as far as they are not there, and notes the stream where abandoned
-- tasks are looked for. All three at once: a stream that is noted and has no consumer counts as one whose worker is gone.
-- @key stream
-- @key streams   set of the task streams that some poller has read
-- @arg group
-- @arg consumer  created by name, because Redis does not store one that has only tried to read
-- @returns [code: 1]
local created = redis.pcall('XGROUP', 'CREATE', streamKey, group, '0', 'MKSTREAM')
if created.err and not string.find(created.err, 'BUSYGROUP', 1, true) then return created end
redis.call('XGROUP', 'CREATECONSUMER', streamKey, group, consumer)
redis.call('SADD', streamsKey, streamKey)
return { 1 }
