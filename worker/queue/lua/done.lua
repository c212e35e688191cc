-- include: queue
-- ARGV: max_attempts, key, token, finished | retry | wait, in_ms, why. Returns clean | again | buried | lost.
local now, key, item = now_ms(), ARGV[2], name('item', ARGV[2])
if field(key, 'token') ~= ARGV[3] then return 'lost' end
if ARGV[4] == 'retry' then return fail_key(now, key, now + tonumber(ARGV[5]), ARGV[6], '', tonumber(ARGV[1])) end
if ARGV[4] == 'wait' then
  redis.call('HSET', item, 'why', ARGV[6])
  put_back(key, now + tonumber(ARGV[5]))
  return 'again'
end
redis.call('HDEL', item, 'attempts', 'failed_at', 'why', 'words')
local moved = field(key, 'generation') ~= field(key, 'run_generation')
local priority = field(key, 'run_priority')
end_run(key)
if standing(key) then return 'again' end
if moved then
  place(key, now, priority)
  return 'again'
end
redis.call('DEL', item)
return 'clean'
