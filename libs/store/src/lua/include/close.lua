-- @include execution.lua
-- @include versioning.lua
-- Ends a run for good: the state shrinks to what describes a closed run (r, s, q, ty, rq, me, sa, and packed in e its
-- start and close time, events and bytes), its timer and place among the running go.
-- `keys` are { timers, running, closed, notify, buffer, requests, details }, and `counts` if the run is pinned to a
-- version.
local INLINE_RESULT_BYTES = 1024
local CLOSED_LAYOUT = '>I6I6I3I4'
local KEPT_FIELDS = { 'ty', 't0', 'rq', 'me', 'sa' }
-- How long request ids outlive their run: whoever repeats a request because its reply was lost learns that it was heard,
-- though the run has closed since. The same as DEFAULTS.requestIdsKeptMs of libs/core/src/limits.ts.
local REQUEST_IDS_KEPT_MS = 600000

local function closeExecution(x, nowMs, status, closeEvent, historyKey, member, runMember, keys)
  append(x, closeEvent)
  inBatches('RPUSH', historyKey, x.entries)
  local kept = redis.call('HMGET', x.key, unpack(KEPT_FIELDS))
  local place = placeOf(x.q)
  local versioning = place ~= '' and redis.call('HMGET', x.key, 'vb', 'vo')
  redis.call('DEL', x.key)
  local values = { 'r', x.r, 's', status, 'e', pack(CLOSED_LAYOUT, kept[2], nowMs, x.n, x.z), 'q', x.q, 'ty', kept[1] }
  for i = 3, #KEPT_FIELDS do
    if kept[i] then
      values[#values + 1] = KEPT_FIELDS[i]
      values[#values + 1] = kept[i]
    end
  end
  if versioning then
    for i = 1, 2 do
      if versioning[i] then
        values[#values + 1] = i == 1 and 'vb' or 'vo'
        values[#values + 1] = versioning[i]
      end
    end
    if isPinned(place) then countPinned(keys.counts, place, -1) end
  end
  redis.call('HSET', x.key, unpack(values))
  if x.d > 0 then redis.call('ZREM', keys.timers, member) end
  redis.call('ZREM', keys.running, runMember)
  redis.call('ZADD', keys.closed, nowMs, runMember)
  if x.bn > 0 then redis.call('DEL', keys.buffer) end
  if x.i > 0 then redis.call('PEXPIRE', keys.requests, REQUEST_IDS_KEPT_MS) end
  if x.df == 1 then redis.call('UNLINK', keys.details) end
  if x.ic == 1 or x.ih == 1 then
    local inline = #closeEvent <= INLINE_RESULT_BYTES and closeEvent or ''
    redis.call('XADD', keys.notify, 'MAXLEN', '~', 5000, '*', 'c', x.r, 'e', inline, 'n', x.n)
  end
end
