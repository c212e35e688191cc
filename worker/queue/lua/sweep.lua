-- include: queue
-- ARGV: max_attempts, limit, rehint_ms. Expired leases go back to ready. Returns key, priority, key, priority…: what is due,
-- events first, the routes by turns, without those stopped and those hinted at less than rehint_ms ago. However many events
-- there are, a fifth of the hints is for bulk work.
local now, limit, rehint = now_ms(), tonumber(ARGV[2]), tonumber(ARGV[3])
for _, key in ipairs(redis.call('ZRANGEBYSCORE', name('running'), '-inf', now, 'LIMIT', 0, limit)) do
  fail_key(now, key, now, 'lease-expired', '', tonumber(ARGV[1]))
  count_marks('sweep', 1)
end

local function overdue(ready, wanted)
  local found, offset = {}, 0
  while #found < wanted do
    local chunk = redis.call('ZRANGEBYSCORE', ready, '-inf', now, 'LIMIT', offset, 200)
    for _, key in ipairs(chunk) do
      local hinted = tonumber(field(key, 'hinted'))
      if #found < wanted and (not hinted or hinted + rehint <= now) then found[#found + 1] = key end
    end
    if #chunk < 200 then break end
    offset = offset + 200
  end
  return found
end

local routes, result = {}, {}
for _, route in ipairs(redis.call('SMEMBERS', name('routes'))) do
  if redis.call('EXISTS', ready('events', route), ready('bulk', route)) == 0 then
    redis.call('SREM', name('routes'), route)
  elseif not stopped(route) then
    routes[#routes + 1] = route
  end
end
table.sort(routes)
local fifth, of_bulk = math.floor(limit / 5), 0
for _, route in ipairs(routes) do
  if of_bulk < fifth then of_bulk = of_bulk + #overdue(ready('bulk', route), fifth - of_bulk) end
end
local taken = 0
for _, priority in ipairs(PRIORITIES) do
  local most = priority == 'events' and limit - of_bulk or limit
  local queues, longest = {}, 0
  for _, route in ipairs(routes) do
    local found = overdue(ready(priority, route), most - taken)
    queues[#queues + 1] = found
    longest = math.max(longest, #found)
  end
  for turn = 1, longest do
    for _, found in ipairs(queues) do
      if found[turn] and taken < most then
        taken = taken + 1
        result[#result + 1] = found[turn]
        result[#result + 1] = priority
        redis.call('HSET', name('item', found[turn]), 'hinted', now)
      end
    end
  end
end
return result
