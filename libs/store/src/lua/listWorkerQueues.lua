-- Names the task queues that have workers, in the order of their bytes, with what their workers have in hand together.
-- @key records
-- @key expiries
-- @key index
-- @int most
-- @returns ReadonlyArray<readonly [queue: Buffer, totals: Buffer]>
-- @include workers.lua
forgetExpired(recordsKey, expiriesKey, indexKey, clockMs())
local replies, from = {}, '-'
while #replies < most do
  local member = redis.call('ZRANGEBYLEX', indexKey, from, '+', 'LIMIT', 0, 1)[1]
  if not member then break end
  local queue = string.match(member, '^([^\n]*)\n')
  replies[#replies + 1] = { queue, redis.call('HGET', recordsKey, 't' .. queue) or '' }
  from = '(' .. queue .. '\n\255'
end
return replies
