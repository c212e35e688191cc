-- One request from the shared budget, if there is one.
-- KEYS: bucket, register of buckets. ARGV: per_minute, burst, event | bulk, the name to register it by ('' for none).
-- Returns {wait_ms, left}: wait_ms 0 when it was taken, else when it is worth asking again.
--
-- Two buckets fill at the same time. A fifth of what comes goes to bulk work, the rest to events; what does not fit into one
-- goes to the other, so no rate is lost while one of them rests. Bulk work may take from the events' bucket too, as long as a
-- fifth of the burst stays there: an event that comes during the nightly work finds it at once.
local LONGEST_STANDSTILL_MS = 600000

local per_ms = tonumber(ARGV[1]) / 60000
local burst = tonumber(ARGV[2])
local for_bulk = ARGV[3] == 'bulk'
local fifth = burst / 5
local bulk_room = math.max(1, fifth)
local event_room = math.max(1, burst - fifth)

if ARGV[4] ~= '' then redis.call('HSET', KEYS[2], ARGV[4], table.concat({KEYS[1], ARGV[1], ARGV[2]}, '|')) end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local saved = redis.call('HMGET', KEYS[1], 'at', 'events', 'bulk')
local at = tonumber(saved[1]) or now
local events = math.min(tonumber(saved[2]) or event_room, event_room)
local bulk = math.min(tonumber(saved[3]) or bulk_room, bulk_room)

-- budget_penalise.lua moves `at` ahead. Further ahead than that, it is the server's clock that went back.
if at - now > LONGEST_STANDSTILL_MS then at = now end
if at > now then return {at - now, 0} end

local come = (now - at) * per_ms
events = events + come * 4 / 5
bulk = bulk + come / 5
local spill = math.max(0, bulk - bulk_room)
bulk = math.min(bulk_room, bulk + math.max(0, events - event_room))
events = math.min(event_room, events + spill)

local wait = 0
if for_bulk and bulk >= 1 then
  bulk = bulk - 1
elseif for_bulk and events >= fifth + 1 then
  events = events - 1
elseif for_bulk then
  wait = math.min((1 - bulk) / (per_ms / 5), (fifth + 1 - events) / (per_ms * 4 / 5))
elseif events >= 1 then
  events = events - 1
else
  wait = (1 - events) / (per_ms * 4 / 5)
end

redis.call('HSET', KEYS[1], 'at', string.format('%.0f', now), 'events', tostring(events), 'bulk', tostring(bulk))
-- A bucket that nobody asks fills up, and then need not be remembered.
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(burst / per_ms) + 1000))
return {math.ceil(wait), math.floor(events + bulk)}
