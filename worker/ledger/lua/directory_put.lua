-- KEYS: directory, epochs. ARGV: kind, epoch ('': whatever it is), entries.
-- Returns 1, or 0 when the kind was invalidated since that epoch.
local of_kind, of_all = unpack(redis.call('HMGET', KEYS[2], ARGV[1], '*'))
local now = tonumber(of_kind or '0') + tonumber(of_all or '0')
if ARGV[2] ~= '' and now ~= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
