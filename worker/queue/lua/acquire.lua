-- KEYS: lease, fence. ARGV: lease_ms, holder. Returns {token, wait_ms}: token 0 while another holds it.
local left = redis.call('PTTL', KEYS[1])
if left ~= -2 then return {0, math.max(left, 1)} end
local token = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], token .. ' ' .. ARGV[2], 'PX', ARGV[1])
return {token, 0}
