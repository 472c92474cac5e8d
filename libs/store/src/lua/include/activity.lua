-- @include execution.lua
-- A pending activity: field A<activity id> of the execution, packed as
--   scheduled id, state (1 scheduled, 2 started, 3 backing off, 4 quarantined), attempt, deadline, id of the cancel request's event,
--   started time, scheduled time of this attempt, time by which all attempts must be over (0 never),
--   schedule-to-start ms, start-to-close ms, heartbeat ms, what it has beside the run (1: last failure or heartbeat,
--   2: lost workers, 3: both), the process that it was last started for (0: not known).
-- An older build wrote no process: that is read as 0.
-- libs/store/src/activity-record.ts reads the same layout.
local ACTIVITY_LAYOUT = '>I3I1I3I6I3I6I6I6I5I5I5I1I6'
local ACTIVITY_BYTES = 56
-- Beside the run, in its details: f<scheduled id> last failure, h<scheduled id> heartbeat, and u<scheduled id> once a
-- worker without such an activity gave the attempt back: the attempt, when that was first, and the failure.
local UNREGISTERED_LAYOUT = '>I3I6'

local function readActivity(bytes)
  local a = {}
  a.scheduledId, a.state, a.attempt, a.deadline, a.cancelId, a.startedAt, a.scheduledAt, a.closeBy, a.toStart, a.toClose,
    a.heartbeat, a.details, a.worker = unpackBytes(ACTIVITY_LAYOUT, padded(bytes, ACTIVITY_BYTES))
  return a
end

local function packActivity(a)
  return pack(ACTIVITY_LAYOUT, a.scheduledId, a.state, a.attempt, a.deadline, a.cancelId, a.startedAt, a.scheduledAt,
    a.closeBy, a.toStart, a.toClose, a.heartbeat, a.details, a.worker)
end

-- The earlier of two times of which 0 means never.
local function earlier(a, b)
  if a == 0 then return b end
  if b == 0 or a < b then return a end
  return b
end

-- Notes that there is a last failure or heartbeat beside the run.
local function noteDetails(a)
  if a.details % 2 == 0 then a.details = a.details + 1 end
end

-- Forgets the workers that were lost with the activity, since one has lived to tell of it.
local function forgetLost(a, detailsKey)
  if a.details < 2 then return end
  a.details = a.details - 2
  redis.call('HDEL', detailsKey, 'l' .. a.scheduledId)
end

local function noteLost(x, a, detailsKey, note)
  if a.details < 2 then a.details = a.details + 2 end
  redis.call('HSET', detailsKey, 'l' .. a.scheduledId, note)
  x.df = 1
end

local function activityDeadline(a, nowMs)
  if a.state == QUARANTINED then return a.closeBy end
  if a.state == SCHEDULED then
    return earlier(a.closeBy, a.toStart > 0 and a.scheduledAt + a.toStart or 0)
  end
  local deadline = earlier(a.closeBy, a.startedAt + a.toClose)
  return earlier(deadline, a.heartbeat > 0 and nowMs + a.heartbeat or 0)
end

local function activityEntry(a, activityId, runId, member)
  return a.scheduledId .. ' ' .. a.attempt .. ' ' .. runId .. ' ' .. #activityId .. ' ' .. activityId .. member
end
