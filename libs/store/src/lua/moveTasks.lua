-- Moves task entries from one stream to another, the oldest first. Replies how many.
-- @key from
-- @key to
-- @arg group
-- @int most
-- @returns number
local entries = redis.call('XRANGE', fromKey, '-', '+', 'COUNT', most)
for i = 1, #entries do
  redis.pcall('XACK', fromKey, group, entries[i][1])
  redis.call('XDEL', fromKey, entries[i][1])
  redis.call('XADD', toKey, '*', unpack(entries[i][2]))
end
return #entries
