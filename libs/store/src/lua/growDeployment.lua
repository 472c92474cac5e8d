-- Gives a deployment more partitions from a later time on. Until the time comes, it cannot be given still more.
-- @key meta
-- @int partitions  more than it has
-- @int delayMs     until they are used
-- @returns [code: 1, sizes: Buffer, fromMs: number] | [code: 0, sizes: Buffer, fromMs: number] | [code: 2, sizes: Buffer, fromMs: number]
-- 1: done, or it had been done by a call whose reply was lost; 0: it has as many already, or more; 2: it is growing.
-- @include clock.lua
local nowMs = clockMs()
local current = redis.call('HGET', metaKey, 'partitions')
local sizes = redis.call('HGET', metaKey, 'sizes') or current .. '@0'
local fromMs = tonumber(string.match(sizes, '@(%d+)$'))
if fromMs > nowMs then
  if tonumber(current) == partitions then return { 1, sizes, fromMs } end
  return { 2, sizes, fromMs }
end
if tonumber(current) >= partitions then return { 0, sizes, fromMs } end
fromMs = nowMs + delayMs
sizes = sizes .. ' ' .. partitions .. '@' .. string.format('%.0f', fromMs)
redis.call('HSET', metaKey, 'partitions', partitions, 'sizes', sizes)
return { 1, sizes, fromMs }
