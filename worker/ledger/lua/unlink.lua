-- KEYS: links, linked. ARGV: source… Returns how many links there were.
local removed = 0
for _, source in ipairs(ARGV) do
  local destination = redis.call('HGET', KEYS[1], source)
  if destination then
    redis.call('HDEL', KEYS[1], source)
    if redis.call('HGET', KEYS[2], destination) == source then redis.call('HDEL', KEYS[2], destination) end
    removed = removed + 1
  end
end
return removed
