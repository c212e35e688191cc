-- Files clean-up entries under the state that they are in now, and counts them there.
-- KEYS: filed (key -> state|opened|key|reason), closed, resolved, counts (state|reason -> how many), and the index of each state:
-- open, closed, resolved. ARGV: renewed, key, opened|key|reason, key, …
-- An entry that is filed already keeps its place in time, unless it is renewed (1). Nothing after the key: it is filed already.
local INDEX = {open = KEYS[5], closed = KEYS[6], resolved = KEYS[7]}

local function count(state, member, by)
  redis.call('HINCRBY', KEYS[4], state .. '|' .. string.match(member, '^[^|]*|[^|]*|(.*)$'), by)
end

for i = 2, #ARGV, 2 do
  local key, member = ARGV[i], ARGV[i + 1]
  local filed = redis.call('HGET', KEYS[1], key)
  local before, place
  if filed then before, place = string.match(filed, '^(%a+)|(.*)$') end
  if place and (ARGV[1] ~= '1' or member == '') then member = place end
  if member ~= '' then
    local state = 'open'
    if redis.call('HEXISTS', KEYS[2], key) == 1 then
      state = 'closed'
    elseif redis.call('HEXISTS', KEYS[3], key) == 1 then
      state = 'resolved'
    end
    if place and (before ~= state or place ~= member) then
      redis.call('ZREM', INDEX[before], place)
      count(before, place, -1)
    end
    if not place or before ~= state or place ~= member then
      redis.call('ZADD', INDEX[state], 0, member)
      count(state, member, 1)
      redis.call('HSET', KEYS[1], key, state .. '|' .. member)
    end
  end
end
return #ARGV
