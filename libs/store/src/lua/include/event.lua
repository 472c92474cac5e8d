-- How events are laid out: see libs/codec/src/event-schema.ts, whose numbers these are. A head of one byte of type,
-- six of time and, for some types, event ids of three bytes; then a body that scripts do not look into.
local WT_SCHEDULED, WT_STARTED = 5, 6
local AT_STARTED, AT_COMPLETED, AT_FAILED, AT_TIMED_OUT, AT_CANCELED = 11, 12, 13, 14, 16
local TIMER_FIRED, TIMER_CANCELED = 18, 19

local pack, unpackBytes = struct.pack, struct.unpack

local function plainEvent(type, timeMs, body)
  return pack('>I1I6', type, timeMs) .. body
end

-- An event whose head has one event id.
local function linkedEvent(type, timeMs, link, body)
  return pack('>I1I6I3', type, timeMs, link) .. body
end

-- The outcome of an activity: its head has the ids of the scheduled and the started event.
local function outcomeEvent(type, timeMs, scheduledId, startedId, body)
  return pack('>I1I6I3I3', type, timeMs, scheduledId, startedId) .. body
end

local function varint(value)
  local bytes = ''
  while value >= 128 do
    bytes = bytes .. string.char(value % 128 + 128)
    value = math.floor(value / 128)
  end
  return bytes .. string.char(value)
end

-- Fields of a body, by tag: a number, or a length and bytes.
local function numberField(tag, value) return string.char(tag * 4) .. varint(value) end
local function bytesField(tag, bytes) return string.char(tag * 4 + 1) .. varint(#bytes) .. bytes end
local function flagField(tag) return string.char(tag * 4 + 2) end

-- Resolutions of activities, which a flush moves behind the other buffered events.
local RESOLUTIONS = { [AT_COMPLETED] = true, [AT_FAILED] = true, [AT_TIMED_OUT] = true, [AT_CANCELED] = true }
