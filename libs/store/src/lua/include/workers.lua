-- The workers of a namespace. Three keys: a hash with 'r' .. id (what a worker says of itself, opaque), 'l' .. id (its
-- task queue and its load) and 't' .. queue (the sum of the loads of a queue's workers); the workers by when they expire;
-- and the members queue .. '\n' .. id in the order of their bytes.
--
-- A load is a line with '1' (the worker speaks for itself) or '0' (a server that it polls speaks for it), a tab and the
-- task queue; then one line for each kind of task: name, used slots, slots, and 1 if the number of slots is known, else 0.
-- A name is kind, deployment, build id and digest of the registered types, with tabs between. A sum has for each name the
-- number of workers, and the sums of the three numbers.
--
-- The load of a worker that a server speaks for ends with a line 'since', a tab and when it was first seen, ms: all
-- servers that it polls know the first of their times, and the kinds that any of them has seen. A load with '2' and nothing
-- else is that of a worker that has gone, of which servers may still say for a while that it is there.
-- @include clock.lua
local function loadTotals(recordsKey, queue)
  local totals = {}
  local text = redis.call('HGET', recordsKey, 't' .. queue) or ''
  for name, workers, used, size, sized in string.gmatch(text, '([^\n]*)\t(%d+)\t(%d+)\t(%d+)\t(%d+)\n') do
    totals[name] = { tonumber(workers), tonumber(used), tonumber(size), tonumber(sized) }
  end
  return totals
end
local function saveTotals(recordsKey, queue, totals)
  local lines = {}
  for name, sum in pairs(totals) do
    if sum[1] > 0 then lines[#lines + 1] = name .. '\t' .. table.concat(sum, '\t') .. '\n' end
  end
  if #lines == 0 then redis.call('HDEL', recordsKey, 't' .. queue)
  else
    table.sort(lines)
    redis.call('HSET', recordsKey, 't' .. queue, table.concat(lines))
  end
end
-- Adds a load to a sum, or takes it off; returns the names that were not there before.
local function addLoad(totals, load, sign)
  local fresh = {}
  for name, used, size, sized in string.gmatch(load, '([^\n]*)\t(%d+)\t(%d+)\t(%d+)\n') do
    local sum = totals[name]
    if not sum then
      sum = { 0, 0, 0, 0 }
      totals[name] = sum
      fresh[#fresh + 1] = name
    end
    sum[1] = sum[1] + sign
    sum[2] = sum[2] + sign * used
    sum[3] = sum[3] + sign * size
    sum[4] = sum[4] + sign * sized
  end
  return fresh
end
local function queueOf(load) return string.match(load, '^%d\t([^\n]*)\n') end
-- What another server knows of a worker, together with what was known.
local function mergeSeen(old, load)
  local merged, fresh = {}, {}
  for line in string.gmatch(load, '[^\n]+') do fresh[string.match(line, '^[^\t]*')] = line end
  for line in string.gmatch(old, '[^\n]+') do
    local name = string.match(line, '^[^\t]*')
    merged[#merged + 1] = name ~= 'since' and fresh[name] or line
    fresh[name] = nil
  end
  for line in string.gmatch(load, '[^\n]+') do
    if fresh[string.match(line, '^[^\t]*')] then merged[#merged + 1] = line end
  end
  return table.concat(merged, '\n') .. '\n'
end

local function forgetWorker(recordsKey, expiriesKey, indexKey, id)
  local load = redis.call('HGET', recordsKey, 'l' .. id)
  redis.call('ZREM', expiriesKey, id)
  if not load then return 0 end
  local queue = queueOf(load)
  local totals = loadTotals(recordsKey, queue)
  addLoad(totals, load, -1)
  saveTotals(recordsKey, queue, totals)
  redis.call('HDEL', recordsKey, 'l' .. id, 'r' .. id)
  redis.call('ZREM', indexKey, queue .. '\n' .. id)
  return 1
end
-- Forgets workers that have not shown themselves in time, a bounded number of them.
local function forgetExpired(recordsKey, expiriesKey, indexKey, nowMs)
  local expired = redis.call('ZRANGEBYSCORE', expiriesKey, '-inf', nowMs, 'LIMIT', 0, 200)
  for _, id in ipairs(expired) do forgetWorker(recordsKey, expiriesKey, indexKey, id) end
end
