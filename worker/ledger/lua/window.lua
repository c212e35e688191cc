-- KEYS: updates, deletes. ARGV: keep_ms, window_ms, count of updates, update…, delete…
-- Adds writes (one that is there already is there anew) at the time of the server's clock, forgets those older than keep_ms. Returns {updates, deletes} of the last
-- window_ms.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local updates = tonumber(ARGV[3])
for i = 4, #ARGV do
  redis.call('ZADD', i < 4 + updates and KEYS[1] or KEYS[2], now, ARGV[i])
end
local result = {}
for i = 1, 2 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - tonumber(ARGV[1]))
  result[i] = redis.call('ZCOUNT', KEYS[i], '(' .. string.format('%.0f', now - tonumber(ARGV[2])), '+inf')
end
return result
