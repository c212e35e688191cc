-- Shared by the scripts of the dirty queue; worker/queue/scripts.py puts it before each that asks for it.
--
-- KEYS[1] is the root, `{prefix}:q`. Every other name is built from it: one hash tag, so one slot.
--   routes               SET of routes that may have marks
--   ready:<prio>:<route> ZSET key -> due, ms of the server's clock
--   running              ZSET key -> end of the lease, ms
--   dead                 ZSET key -> buried at, ms
--   item:<key>           HASH, all else that is known of a key; gone when the key is clean
--   paused               SET of routes, `*` for all
--   counts               HASH source -> marks that it made
--   turns                HASH route -> number of its last turn; `|` the last number given
--   marks, fence         counters: generations and fencing tokens, unique over all keys
local ROOT = KEYS[1]
local HELD = string.gsub(ROOT, ':q$', '') .. ':ledger:held'
local APPROVED = string.gsub(ROOT, ':q$', '') .. ':ledger:approved'
local PRIORITIES = {'events', 'bulk'}

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function name(what, more)
  if more == nil then return ROOT .. ':' .. what end
  return ROOT .. ':' .. what .. ':' .. more
end

local function ready(priority, route)
  return ROOT .. ':ready:' .. priority .. ':' .. route
end

local function route_of(key)
  return string.sub(key, 1, string.find(key, '|', 1, true) - 1)
end

local function field(key, which)
  return redis.call('HGET', name('item', key), which) or ''
end

-- Where a key stands among those ready: due and priority, or nil.
local function standing(key)
  for _, priority in ipairs(PRIORITIES) do
    local due = redis.call('ZSCORE', ready(priority, route_of(key)), key)
    if due then return tonumber(due), priority end
  end
end

-- `standing_priority`: where it stands already, false for nowhere, nil if that is not known. Known routes are those of
-- this call of a script.
local known_routes = {}
local function place(key, due, priority, standing_priority)
  local route = route_of(key)
  if not known_routes[route] then
    redis.call('SADD', name('routes'), route)
    known_routes[route] = true
  end
  if priority == 'events' and (standing_priority == 'bulk' or standing_priority == nil) then
    redis.call('ZREM', ready('bulk', route), key)
  end
  redis.call('ZADD', ready(priority, route), due, key)
end

-- Why a route is not to be worked on: `paused`, `held` or nil.
local function stopped(route)
  if redis.call('SISMEMBER', name('paused'), '*') == 1 or redis.call('SISMEMBER', name('paused'), route) == 1 then
    return 'paused'
  end
  if redis.call('HEXISTS', HELD, route) == 1 and redis.call('HEXISTS', APPROVED, route) == 0 then return 'held' end
end

-- The union of two newline-separated lists, in order of arrival; past the bound the oldest go.
local function union(list, more, bound)
  if list == '' or list == more then return more end
  local within = '\n' .. list .. '\n'
  for entry in string.gmatch(more, '[^\n]+') do
    if not string.find(within, '\n' .. entry .. '\n', 1, true) then within = within .. entry .. '\n' end
  end
  local _, lines = string.gsub(within, '\n', '\n')
  local from = 2
  for _ = bound + 2, lines do from = string.find(within, '\n', from, true) + 1 end
  return string.sub(within, from, -2)
end

local LISTS = {sources = 8, correlations = 8}

local function count_marks(source, n)
  if n > 0 then redis.call('HINCRBY', name('counts'), source, n) end
end

-- Generations are counters' values, and a script that marks many keys draws them together.
local drawn, last_drawn = 0, 0
local function draw_generations(n)
  last_drawn = redis.call('INCRBY', name('marks'), n)
  drawn = last_drawn - n
end

-- Marks one key. `mark` has debounce, max_wait, reports (a change, not only "look again"), priority, source, correlation,
-- requested_by, reason. Returns {generation, due, newly ready}.
--
-- Webhooks come here, so it asks no more than it must: an item without a generation is new, and stands nowhere; one with
-- `since` stands, and so is no dead letter.
local function mark_key(now, key, mark, max_attempts)
  if drawn == last_drawn then draw_generations(1) end
  drawn = drawn + 1
  local item, generation = name('item', key), drawn
  -- `first` bounds the debouncing of these marks; `since` is that of the oldest mark not answered yet, retries included.
  local known, first, since, sources, correlations = unpack(
    redis.call('HMGET', item, 'generation', 'first', 'since', 'sources', 'correlations'))
  local standing_due, standing_priority
  if known then standing_due, standing_priority = standing(key) end
  if known and not since and redis.call('ZREM', name('dead'), key) == 1 then
    -- A dead letter gets one more try: the next failure buries it again.
    redis.call('HSET', item, 'attempts', math.max(0, max_attempts - 1))
  end
  local due = math.min(now + mark.debounce, tonumber(first or now) + mark.max_wait)
  local priority = mark.priority
  if standing_due then
    -- Only a reported change may push the due time on: that is what debouncing is.
    if not mark.reports then due = math.min(due, standing_due) end
    if standing_priority == 'events' then priority = 'events' end
  end
  local changed = {'generation', generation, 'correlations', union(correlations or '', mark.correlation, LISTS.correlations)}
  local function change(field, value) changed[#changed + 1] = field; changed[#changed + 1] = value end
  if not first then change('first', now) end
  if not since then change('since', now) end
  if sources ~= mark.source then change('sources', union(sources or '', mark.source, LISTS.sources)) end
  if mark.requested_by ~= '' then change('requested_by', mark.requested_by) end
  if mark.reason ~= '' then change('reason', mark.reason) end
  redis.call('HSET', item, unpack(changed))
  place(key, due, priority, standing_priority or false)
  return {generation, due, standing_due and 0 or 1}
end

-- Ends the run of a key, lease and all, without saying what becomes of it.
local function end_run(key)
  redis.call('ZREM', name('running'), key)
  redis.call('HDEL', name('item', key), 'token', 'started', 'run_since', 'run_generation', 'run_priority', 'run_sources',
    'run_correlations', 'run_requested_by', 'run_reason')
end

-- Puts a running key back, with the marks that its run had taken, unless a newer mark already did: that one's due holds.
local function put_back(key, due)
  local item = name('item', key)
  for list, bound in pairs(LISTS) do
    redis.call('HSET', item, list, union(field(key, 'run_' .. list), field(key, list), bound))
  end
  redis.call('HSET', item, 'since', field(key, 'run_since'))
  for _, words in ipairs({'requested_by', 'reason'}) do
    if field(key, words) == '' then redis.call('HSET', item, words, field(key, 'run_' .. words)) end
  end
  local priority = field(key, 'run_priority')
  local standing_due, standing_priority = standing(key)
  if standing_due then
    due = standing_due
    if standing_priority == 'events' then priority = 'events' end
  end
  end_run(key)
  place(key, due, priority)
end

local function note_failure(now, key, why, words)
  redis.call('HSET', name('item', key), 'failed_at', now, 'why', why, 'words', words)
end

-- A dead letter: kept, but not tried again until somebody marks it. A mark made during the run is such a mark.
local function bury_key(now, key, max_attempts)
  if standing(key) then
    redis.call('HSET', name('item', key), 'attempts', math.max(0, max_attempts - 1))
    put_back(key, now)
    return 'again'
  end
  local item = name('item', key)
  redis.call('HSET', item, 'sources', field(key, 'run_sources'), 'correlations', field(key, 'run_correlations'))
  redis.call('HDEL', item, 'first', 'since', 'hinted')
  end_run(key)
  redis.call('ZADD', name('dead'), now, key)
  return 'buried'
end

-- One failed try more; past the bound the key is buried.
local function fail_key(now, key, due, why, words, max_attempts)
  note_failure(now, key, why, words)
  if redis.call('HINCRBY', name('item', key), 'attempts', 1) >= max_attempts then
    return bury_key(now, key, max_attempts)
  end
  put_back(key, due)
  return 'again'
end
