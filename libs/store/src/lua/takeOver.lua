-- Puts task entries that a poller read but did not start for some time back at the end of their stream, with their
-- deliveries counted, forgets pollers that have been away for long, and removes streams that are empty and have no poller
-- any more: whoever adds a task or polls makes them anew. Replies
-- how many entries were put back, how long ago the last poller asked (-1: there is none), the entries that killed too
-- many readers: id, names of the last readers, deliveries, and the field and value that name the task, in turn; and how many
-- entries there are.
-- A delivery counts when its reader has gone: a process of the reader's name that is there has come later.
-- @key registry     set of the partition's task streams
-- @key presence
-- @keys streams
-- @arg group
-- @arg consumer     name under which abandoned entries are taken
-- @int idleMs       since when an entry counts as abandoned
-- @int absentMs     a process that has not shown itself for this long has gone
-- @int forgetMs     since when a poller without pending entries is forgotten
-- @int most         entries per stream
-- @int mostDeliveries  what so many readers in a row died with is not put back but replied, and stays with `consumer`; 0: never
-- @returns ReadonlyArray<[taken: number, quietestMs: number, killers: ReadonlyArray<Buffer | number>, entries: number]>
-- @include clock.lua
local READERS_BYTES = 2000
local nowMs = clockMs()
local present
-- Whether a process of that name has been there since before then. Its first word is a number of its own, its second when
-- it began, and the rest its name; one of an older build shows nothing but its name.
local function isPresent(name, sinceMs)
  if not present then
    present = {}
    for _, shown in ipairs(redis.call('ZRANGEBYSCORE', presenceKey, nowMs - absentMs, '+inf')) do
      local began, of = string.match(shown, '^%d+ (%d+) (.*)$')
      if not of then began, of = 0, shown end
      if not present[of] or tonumber(began) < present[of] then present[of] = tonumber(began) end
    end
  end
  return present[name] and present[name] <= sinceMs
end
-- Whether it is long since something was added to a stream; one that never had anything may have been made just now.
local function isOld(key)
  local info = redis.call('XINFO', 'STREAM', key)
  for f = 1, #info, 2 do
    if info[f] == 'last-generated-id' then
      local addedMs = tonumber(string.match(info[f + 1], '^%d+'))
      return addedMs > 0 and nowMs - addedMs > forgetMs
    end
  end
end
local replies = {}
for i = firstStream, #KEYS do
  local key, count, killers = KEYS[i], 0, {}
  local pending = redis.pcall('XPENDING', key, group)
  if not pending.err and pending[1] > 0 then
    for _, abandoned in ipairs(redis.call('XPENDING', key, group, 'IDLE', idleMs, '-', '+', most)) do
      local reader, idle = abandoned[2], abandoned[3]
      local entry = redis.call('XCLAIM', key, group, consumer, 0, abandoned[1])[1]
      if entry and entry[2] then
        local fields, deliveries, readers = {}, 0, ''
        for f = 1, #entry[2], 2 do
          if entry[2][f] == 'd' then deliveries = tonumber(entry[2][f + 1])
          elseif entry[2][f] == 'l' then readers = entry[2][f + 1]
          else
            fields[#fields + 1] = entry[2][f]
            fields[#fields + 1] = entry[2][f + 1]
          end
        end
        -- A reader that is still there was only slow; and this duty, which has taken it before and did not finish, is none.
        if reader ~= consumer and not isPresent(reader, nowMs - idle) then
          deliveries = deliveries + 1
          readers = string.sub(reader .. '\n' .. readers, 1, READERS_BYTES)
        end
        if mostDeliveries > 0 and deliveries >= mostDeliveries then
          killers[#killers + 1] = entry[1]
          killers[#killers + 1] = readers
          killers[#killers + 1] = deliveries
          for f = 1, #fields do killers[#killers + 1] = fields[f] end
        else
          redis.call('XACK', key, group, entry[1])
          redis.call('XDEL', key, entry[1])
          redis.call('XADD', key, '*', 'd', deliveries, 'l', readers, unpack(fields))
          count = count + 1
        end
      else
        -- It was deleted while it was pending.
        redis.call('XACK', key, group, abandoned[1])
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
    if pollers == 0 and redis.call('XLEN', key) == 0 and (quietest >= 0 or isOld(key)) then
      redis.call('UNLINK', key)
      redis.call('SREM', registryKey, key)
    end
  end
  replies[#replies + 1] = { count, quietest, killers, redis.call('XLEN', key) }
end
return replies
