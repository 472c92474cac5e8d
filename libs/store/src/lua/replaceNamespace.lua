-- Writes a namespace, unless somebody else has changed it since it was read.
-- @key namespaces
-- @arg name
-- @arg read  what it was when it was read
-- @arg text  what it is to be
-- @returns [code: 0] | [code: 1]
local current = redis.call('HGET', namespacesKey, name)
-- A repeated call, whose first reply was lost, finds its own work.
if current == text then return { 1 } end
if current ~= read then return { 0 } end
redis.call('HSET', namespacesKey, name, text)
return { 1 }
