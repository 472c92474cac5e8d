-- The Redis server's time in milliseconds. Scripts replicate their effects, not themselves, so reading the clock
-- before writing is safe; servers before version 7 have to be told so.
if redis.replicate_commands then redis.replicate_commands() end
local function clockMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function clockMicros()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
