-- include: queue
-- ARGV: max_attempts, key, lease_ms
-- Returns {status, wait_ms} or {'ok', 0, token, generation, attempts, priority, since, sources, correlations, requested_by, reason,
-- now}.
local now, key, item = now_ms(), ARGV[2], name('item', ARGV[2])
-- Whatever the answer, the hint that led here is used up: the sweep may give another.
redis.call('HDEL', item, 'hinted')
local expires = redis.call('ZSCORE', name('running'), key)
if expires then
  if tonumber(expires) > now then return {'busy', tonumber(expires) - now} end
  fail_key(now, key, now, 'lease-expired', '', tonumber(ARGV[1]))
end
local due, priority = standing(key)
if not due then return {'clean', 0} end
local stop = stopped(route_of(key))
if stop then return {stop, 0} end
if due > now then return {'early', due - now} end

local token = redis.call('INCR', name('fence'))
local generation = tonumber(field(key, 'generation')) or 0
local result = {
  'ok', 0, token, generation, tonumber(field(key, 'attempts')) or 0, priority, tonumber(field(key, 'since')) or now,
  field(key, 'sources'), field(key, 'correlations'), field(key, 'requested_by'), field(key, 'reason'), now,
}
redis.call('ZREM', ready(priority, route_of(key)), key)
redis.call('ZADD', name('running'), now + tonumber(ARGV[3]), key)
redis.call('HSET', item, 'token', token, 'run_generation', generation, 'run_priority', priority,
  'run_sources', result[8], 'run_correlations', result[9], 'run_requested_by', result[10], 'run_reason', result[11],
  'started', now, 'run_since', result[7])
redis.call('HDEL', item, 'first', 'since', 'sources', 'correlations', 'requested_by', 'reason')
return result
