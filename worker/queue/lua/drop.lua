-- include: queue
-- ARGV: key. Forgets a dead letter. Returns 0 when it was none.
if redis.call('ZREM', name('dead'), ARGV[1]) == 0 then return 0 end
redis.call('DEL', name('item', ARGV[1]))
return 1
