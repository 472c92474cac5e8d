-- @include execution.lua
-- Ends a run for good: the state shrinks to what describes a closed run, its timer and place among the running go.
-- `keys` are { timers, running, closed, notify, buffer, requests, details }.
local INLINE_RESULT_BYTES = 1024

local function closeExecution(x, nowMs, status, closeEvent, historyKey, member, runMember, keys)
  append(x, closeEvent)
  pushAll(historyKey, x.entries)
  local kept = redis.call('HMGET', x.key, 'ty', 'rq')
  redis.call('DEL', x.key)
  local values = { 'r', x.r, 's', status, 'n', x.n, 'z', x.z, 'q', x.q, 't0', x.t0, 't1', nowMs, 'ty', kept[1] }
  if kept[2] then values[#values + 1] = 'rq'; values[#values + 1] = kept[2] end
  redis.call('HSET', x.key, unpack(values))
  if x.d > 0 then redis.call('ZREM', keys.timers, member) end
  redis.call('ZREM', keys.running, runMember)
  redis.call('ZADD', keys.closed, nowMs, runMember)
  if x.bn > 0 then redis.call('DEL', keys.buffer) end
  if x.i > 0 then redis.call('UNLINK', keys.requests) end
  if x.df ~= '' then redis.call('UNLINK', keys.details) end
  if x.ic ~= '' or x.ih ~= '' then
    local inline = #closeEvent <= INLINE_RESULT_BYTES and closeEvent or ''
    redis.call('XADD', keys.notify, 'MAXLEN', '~', 5000, '*', 'c', x.r, 'e', inline, 'n', x.n)
  end
end
