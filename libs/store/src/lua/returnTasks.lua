-- Puts task entries that a poller read and did not start back at the end of their stream, for whoever comes next. Replies
-- how many: an entry that left the stream or was put back by another meanwhile is left alone, and a stream that was
-- removed stays so.
-- @key stream
-- @arg group
-- @args entries     ids
-- @returns number
local count = 0
for i = firstEntry, #ARGV do
  local entry = redis.call('XRANGE', streamKey, ARGV[i], ARGV[i])[1]
  if redis.call('XACK', streamKey, group, ARGV[i]) == 1 and entry then
    redis.call('XDEL', streamKey, ARGV[i])
    redis.call('XADD', streamKey, '*', unpack(entry[2]))
    count = count + 1
  end
end
return count
