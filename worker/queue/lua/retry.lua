-- include: queue
-- ARGV: key, requested_by. A person's retry: due now, with all its tries. Returns 0 when it was no dead letter.
local key = ARGV[1]
if redis.call('ZSCORE', name('dead'), key) == false then return 0 end
count_marks('cli', 1)
mark_key(now_ms(), key, {
  debounce = 0, max_wait = 0, reports = false, priority = 'events', source = 'cli', correlation = '',
  requested_by = ARGV[2], reason = 'dead letter tried again',
}, 0)
return 1
