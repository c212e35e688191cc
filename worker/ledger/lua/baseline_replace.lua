-- KEYS: baselines. ARGV: source, what it is thought to be ('': none), what it shall be. Returns 1, or 0 when it is not.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
