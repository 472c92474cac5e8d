-- @include execution.lua
-- A pending activity: field A<activity id> of the execution, packed as
--   scheduled id, state (1 scheduled, 2 started, 3 backing off), attempt, deadline, id of the cancel request's event,
--   started time, scheduled time of this attempt, time by which all attempts must be over (0 never),
--   schedule-to-start ms, start-to-close ms, heartbeat ms, whether it has details (last failure, heartbeat).
-- libs/store/src/activity-record.ts reads the same layout.
local ACTIVITY_LAYOUT = '>I3I1I3I6I3I6I6I6I5I5I5I1'
-- Beside the run, in its details: f<scheduled id> last failure, h<scheduled id> heartbeat, and u<scheduled id> once a
-- worker without such an activity gave the attempt back: the attempt, when that was first, and the failure.
local UNREGISTERED_LAYOUT = '>I3I6'

local function readActivity(bytes)
  local a = {}
  a.scheduledId, a.state, a.attempt, a.deadline, a.cancelId, a.startedAt, a.scheduledAt, a.closeBy, a.toStart, a.toClose,
    a.heartbeat, a.details = unpackBytes(ACTIVITY_LAYOUT, bytes)
  return a
end

local function packActivity(a)
  return pack(ACTIVITY_LAYOUT, a.scheduledId, a.state, a.attempt, a.deadline, a.cancelId, a.startedAt, a.scheduledAt,
    a.closeBy, a.toStart, a.toClose, a.heartbeat, a.details)
end

-- The earlier of two times of which 0 means never.
local function earlier(a, b)
  if a == 0 then return b end
  if b == 0 or a < b then return a end
  return b
end

local function activityDeadline(a, nowMs)
  if a.state == SCHEDULED then
    return earlier(a.closeBy, a.toStart > 0 and a.scheduledAt + a.toStart or 0)
  end
  local deadline = earlier(a.closeBy, a.startedAt + a.toClose)
  return earlier(deadline, a.heartbeat > 0 and nowMs + a.heartbeat or 0)
end

local function activityEntry(a, activityId, runId, member)
  return a.scheduledId .. ' ' .. a.attempt .. ' ' .. runId .. ' ' .. #activityId .. ' ' .. activityId .. member
end
