-- KEYS: root of the inbox. ARGV: how long nothing may have come of a batch (ms), at most how many.
-- Takes the open batches of which nothing came for so long. Returns source, total, batch, how many came, for each.
local INBOX = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local result = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', INBOX .. ':open', '-inf', now - tonumber(ARGV[1]), 'LIMIT', 0, ARGV[2])) do
  local source, total, batch = string.match(member, '^([^|]*)|(%d+)|(.*)$')
  redis.call('ZREM', INBOX .. ':open', member)
  redis.call('HINCRBY', INBOX .. ':counts', 'gap:' .. source, 1)
  for _, one in ipairs({source, total, batch, redis.call('SCARD', INBOX .. ':batch:' .. source .. '|' .. batch)}) do
    result[#result + 1] = one
  end
end
return result
