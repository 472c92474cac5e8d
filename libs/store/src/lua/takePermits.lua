-- Takes permits to start tasks of a queue that has a dispatch rate, at most so many. Who gets fewer is told when to ask
-- again: those who wait have their turns one after the other, so that few ask at a time, however many wait.
-- Replies -1 when the queue has no rate. Granted permits are named by the time of the grant, for giving them back.
-- @key limit
-- @int want
-- @returns [granted: number, waitMicros: number, stampMicros: number]
-- @include dispatch-rate.lua
local b = loadBucket(limitKey)
if not b.rate then return { -1, 0, b.now } end
local granted = b.rate > 0 and math.min(want, math.floor(b.tokens)) or 0
b.tokens = b.tokens - granted
local wait = 0
if granted == want then
  if b.turn <= b.now then b.turn = 0 end
else
  local dueIn = b.rate > 0 and math.ceil(math.max(0, 1 - b.tokens) / b.rate * 1000000) or MAX_WAIT_MICROS
  local spacing = math.min(10000, math.max(1000, math.floor(b.most / math.max(b.rate, 1) * 500000)))
  b.turn = math.min(math.max(b.now + dueIn, b.turn + spacing), b.now + dueIn + 2000000)
  wait = math.min(b.turn - b.now, MAX_WAIT_MICROS)
  b.turn = b.now + wait
end
saveBucket(limitKey, b)
return { granted, wait, b.now }
