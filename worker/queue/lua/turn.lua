-- include: queue
-- ARGV: key, events | bulk. Whose turn it is: of the routes that have something due in this class of work, the one that got a
-- turn least lately; the key itself where that is its own route. Returns the key to be claimed.
local now, key = now_ms(), ARGV[1]
local route, due, priority = route_of(key), standing(key)
priority = priority or ARGV[2]

local best, best_turn, first
for _, other in ipairs(redis.call('SMEMBERS', name('routes'))) do
  local head = not stopped(other) and redis.call('ZRANGEBYSCORE', ready(priority, other), '-inf', now, 'LIMIT', 0, 1)[1]
  if head then
    local turn = tonumber(redis.call('HGET', name('turns'), other)) or 0
    if not best or turn < best_turn or (turn == best_turn and other == route) then best, best_turn, first = other, turn, head end
  end
end
if not best then return key end
redis.call('HSET', name('turns'), best, redis.call('HINCRBY', name('turns'), '|', 1))
if best == route and due and due <= now then return key end
-- The hint that led here is used up for another key, so the sweep may give another for this one.
if due then redis.call('HDEL', name('item', key), 'hinted') end
return first
