-- @include execution.lua
-- Worker versions. x.q is the run's route: its task queue; once a worker of a deployment version has done a task of it, the
-- queue, a line feed and its place: `current`, or the deployment, a line feed and the build id that it is pinned to.
-- Runs that ever had a place may have two more fields: vb the behaviour, deployment and build of the last completed
-- workflow task, vo what overrides it. libs/routing/src/task-route.ts writes the same.
local function placeOf(route)
  return string.match(route, '\n(.*)$') or ''
end

local function isPinned(place)
  return string.find(place, '\n', 1, true) ~= nil
end

-- Counts a running execution that is pinned to a version (`by` 1), or no longer (-1).
local function countPinned(countsKey, place, by)
  if redis.call('HINCRBY', countsKey, place, by) <= 0 then redis.call('HDEL', countsKey, place) end
end

-- Lets the run's tasks go another way from now on.
local function takeRoute(x, route, countsKey)
  if x.q == route then return end
  local from, to = placeOf(x.q), placeOf(route)
  if isPinned(from) then countPinned(countsKey, from, -1) end
  if isPinned(to) then countPinned(countsKey, to, 1) end
  x.q = route
  put(x, 'q', route)
end

-- Whether the caller decided by the newest routing that this partition has heard of; if it knows a newer one, that is it
-- from now on.
local function isNewest(revisionKey, revision)
  local known = tonumber(redis.call('GET', revisionKey) or 0)
  if revision > known then redis.call('SET', revisionKey, string.format('%d', revision)) end
  return revision >= known
end
