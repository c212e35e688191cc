-- include: queue
-- ARGV: key, token, lease_ms. Returns 1, or 0 when the lease is another's or nobody's.
if field(ARGV[1], 'token') ~= ARGV[2] then return 0 end
redis.call('ZADD', name('running'), now_ms() + tonumber(ARGV[3]), ARGV[1])
return 1
