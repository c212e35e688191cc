-- KEYS: links (source -> destination), linked (destination -> source). ARGV: source, destination, source, destination…
-- Links each pair, unless the destination is another source's already. Returns source, destination, the other source… of
-- the pairs that were refused.
local refused = {}
for i = 1, #ARGV, 2 do
  local source, destination = ARGV[i], ARGV[i + 1]
  local other = redis.call('HGET', KEYS[2], destination)
  if other and other ~= source then
    refused[#refused + 1] = source
    refused[#refused + 1] = destination
    refused[#refused + 1] = other
  else
    local before = redis.call('HGET', KEYS[1], source)
    if before and before ~= destination then redis.call('HDEL', KEYS[2], before) end
    redis.call('HSET', KEYS[1], source, destination)
    redis.call('HSET', KEYS[2], destination, source)
  end
end
return refused
