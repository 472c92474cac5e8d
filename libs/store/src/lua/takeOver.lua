-- Puts task entries that a poller read but did not start for some time back at the end of their stream, with their
-- deliveries counted, forgets pollers that have been away for long, and removes streams that are empty and have no poller
-- any more: whoever adds a task or polls makes them anew. Replies
-- how many entries were put back, and how long ago the last poller asked (-1: there is none).
-- @key registry     set of the partition's task streams
-- @keys streams
-- @arg group
-- @arg consumer     name under which abandoned entries are taken
-- @int idleMs       since when an entry counts as abandoned
-- @int forgetMs     since when a poller without pending entries is forgotten
-- @int most         entries per stream
-- @returns ReadonlyArray<[taken: number, quietestMs: number]>
local replies = {}
for i = firstStream, #KEYS do
  local key, count = KEYS[i], 0
  local pending = redis.pcall('XPENDING', key, group)
  if not pending.err and pending[1] > 0 then
    local claimed = redis.call('XAUTOCLAIM', key, group, consumer, idleMs, '0-0', 'COUNT', most)
    for _, entry in ipairs(claimed[2]) do
      if entry and entry[2] then
        local fields, deliveries = {}, 0
        for f = 1, #entry[2], 2 do
          if entry[2][f] == 'd' then deliveries = tonumber(entry[2][f + 1])
          else
            fields[#fields + 1] = entry[2][f]
            fields[#fields + 1] = entry[2][f + 1]
          end
        end
        redis.call('XACK', key, group, entry[1])
        redis.call('XDEL', key, entry[1])
        redis.call('XADD', key, '*', 'd', deliveries + 1, unpack(fields))
        count = count + 1
      end
    end
  end
  local quietest, pollers = -1, 0
  if not pending.err then
    for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', key, group)) do
      -- name, pending, idle, in this order on every version
      if info[4] == 0 and info[6] > forgetMs then redis.call('XGROUP', 'DELCONSUMER', key, group, info[2])
      elseif info[2] ~= consumer then pollers = pollers + 1 end
      if info[2] ~= consumer and (quietest < 0 or info[6] < quietest) then quietest = info[6] end
    end
    if pollers == 0 and quietest >= 0 and redis.call('XLEN', key) == 0 then
      redis.call('UNLINK', key)
      redis.call('SREM', registryKey, key)
    end
  end
  replies[#replies + 1] = { count, quietest }
end
return replies
