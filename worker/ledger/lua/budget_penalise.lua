-- The server said 429: nothing is given for so long, and then the bucket fills from empty.
-- KEYS: bucket. ARGV: standstill_ms. Returns how many ms the standstill lasts from now on. A longer one that runs stays.
local LONGEST_STANDSTILL_MS = 600000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local at = tonumber(redis.call('HGET', KEYS[1], 'at') or '') or now
if at - now > LONGEST_STANDSTILL_MS then at = now end
at = math.max(at, now + math.min(tonumber(ARGV[1]), LONGEST_STANDSTILL_MS))

redis.call('HSET', KEYS[1], 'at', string.format('%.0f', at), 'events', '0', 'bulk', '0')
redis.call('EXPIRE', KEYS[1], 86400)
return at - now
