-- include: queue
-- ARGV: max_attempts, key, token, why, words. Returns buried | again | lost.
local now, key = now_ms(), ARGV[2]
if field(key, 'token') ~= ARGV[3] then return 'lost' end
redis.call('HINCRBY', name('item', key), 'attempts', 1)
note_failure(now, key, ARGV[4], ARGV[5])
return bury_key(now, key, tonumber(ARGV[1]))
