-- Notes that workers are there and what they do, keeps the sums of their task queues in step, and forgets workers that
-- have expired. Replies for each worker: 0 when nothing was noted, because the worker speaks for itself or has gone; 1 when
-- it was;
-- 2 when with it a registration came to its task queue that differs from those of other workers of the same version.
-- @key records
-- @key expiries
-- @key index
-- @int keepMs       how long the keys stay when nobody writes any more
-- @args workers     for each: id, task queue, how long it counts as there in ms, load, record
-- @returns ReadonlyArray<0 | 1 | 2>
-- @include workers.lua
local nowMs = clockMs()
forgetExpired(recordsKey, expiriesKey, indexKey, nowMs)
local fields, replies, records, expiries, members = {}, {}, {}, {}, {}
for i = firstWorker, #ARGV, 5 do fields[#fields + 1] = 'l' .. ARGV[i] end
local known = redis.call('HMGET', recordsKey, unpack(fields))

-- Whether some worker of a queue has registered other types than a name says, in the same version.
local function differs(totals, name)
  local version, digest = string.match(name, '^(.*\t)([^\t]*)$')
  if digest == '-' then return false end
  for other, sum in pairs(totals) do
    local otherVersion, otherDigest = string.match(other, '^(.*\t)([^\t]*)$')
    if otherVersion == version and otherDigest ~= digest and otherDigest ~= '-' and sum[1] > 0 then return true end
  end
  return false
end

for i = firstWorker, #ARGV, 5 do
  local id, queue, validMs, load, record = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local index = (i - firstWorker) / 5 + 1
  local old = known[index]
  if old and string.sub(old, 1, 1) > string.sub(load, 1, 1) then
    replies[index] = 0
  else
    replies[index] = 1
    if old and queueOf(old) ~= queue then
      forgetWorker(recordsKey, expiriesKey, indexKey, id)
      old = false
    end
    if old and string.sub(old, 1, 1) == '0' and string.sub(load, 1, 1) == '0' then load = mergeSeen(old, load) end
    if old ~= load then
      local totals = loadTotals(recordsKey, queue)
      local fresh = addLoad(totals, load, 1)
      if old then addLoad(totals, old, -1) end
      for _, name in ipairs(fresh) do
        if differs(totals, name) then replies[index] = 2 end
      end
      saveTotals(recordsKey, queue, totals)
      records[#records + 1] = 'l' .. id
      records[#records + 1] = load
    end
    if not old then
      members[#members + 1] = 0
      members[#members + 1] = queue .. '\n' .. id
    end
    records[#records + 1] = 'r' .. id
    records[#records + 1] = record
    expiries[#expiries + 1] = nowMs + validMs
    expiries[#expiries + 1] = id
  end
end
if #members > 0 then redis.call('ZADD', indexKey, unpack(members)) end
if #expiries > 0 then
  redis.call('HSET', recordsKey, unpack(records))
  redis.call('ZADD', expiriesKey, unpack(expiries))
  redis.call('PEXPIRE', recordsKey, keepMs)
  redis.call('PEXPIRE', expiriesKey, keepMs)
  redis.call('PEXPIRE', indexKey, keepMs)
end
return replies
