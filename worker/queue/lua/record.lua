-- include: queue
-- KEYS: root of the queue, root of the inbox.
-- ARGV: max_attempts, remember_s, how many deliveries the journal keeps, and for how long (ms), debounce, max_wait,
--       how many keys there are in all, a line for each delivery, JSON: [source, event id ('' if it had none), via, priority, correlation, verdict, [key...],
--       batch ('' for none), number in it, how many it has, and more that only the journal's readers want],
--       and as many lines of what is kept of their bodies.
-- Returns for each delivery {duplicate, {generation, due, newly ready}...}.
--
-- The event counts as seen only at the very end of its turn. A write that fails before that leaves it unseen, the caller
-- answers 503, and what was already applied is harmless when the event comes again.
local INBOX = KEYS[2]
local now, result = now_ms(), {}
local counts, last, marks = {}, {}, {}
local function count_one(what) counts[what] = (counts[what] or 0) + 1 end

-- A webhook says which of how many it is in its batch. A batch is open until all have come, or `gaps.lua` takes it for
-- broken off; an event that catch-up saw before has come, too. What has come is remembered beyond the end: a webhook that is
-- sent twice must not open its batch again.
local BATCH_REMEMBERED_S = 3600
local function came(source, batch, number, total)
  local numbers, open = INBOX .. ':batch:' .. source .. '|' .. batch, INBOX .. ':open'
  if redis.call('SADD', numbers, number) == 0 then return end
  redis.call('EXPIRE', numbers, BATCH_REMEMBERED_S)
  local member = source .. '|' .. total .. '|' .. batch
  if redis.call('SCARD', numbers) < total then
    redis.call('ZADD', open, now, member)
  else
    redis.call('ZREM', open, member)
  end
end

local mark = {
  debounce = tonumber(ARGV[5]), max_wait = tonumber(ARGV[6]), reports = true, requested_by = '', reason = '',
}
draw_generations(tonumber(ARGV[7]))
local body_of = string.gmatch(ARGV[9], '([^\n]*)\n')
for line in string.gmatch(ARGV[8], '[^\n]+') do
  local source, event, via, priority, correlation, verdict, keys, batch, number, total = unpack(cjson.decode(line), 1, 10)
  local seen, body = INBOX .. ':seen:' .. source .. '|' .. event, body_of()
  local answer = {0}
  if event ~= '' and redis.call('EXISTS', seen) == 1 then
    answer[1] = 1
    count_one('duplicate:' .. via)
  else
    redis.call('XADD', INBOX .. ':journal', 'MAXLEN', '~', ARGV[3], '*', 'h', line, 'b', body)
    mark.priority, mark.source, mark.correlation = priority, via, correlation
    for _, key in ipairs(keys) do
      answer[#answer + 1] = mark_key(now, key, mark, tonumber(ARGV[1]))
    end
    marks[via] = (marks[via] or 0) + #keys
    count_one('recorded:' .. via)
    count_one('verdict:' .. verdict)
  end
  if via == 'webhook' then
    last[source] = now
    if batch ~= '' and total > 1 then came(source, batch, number, total) end
  end
  if event ~= '' and answer[1] == 0 then redis.call('SET', seen, '1', 'EX', ARGV[2]) end
  result[#result + 1] = answer
end
redis.call('XTRIM', INBOX .. ':journal', 'MINID', '~', now - tonumber(ARGV[4]))
for what, n in pairs(counts) do redis.call('HINCRBY', INBOX .. ':counts', what, n) end
for source, n in pairs(marks) do count_marks(source, n) end
for source, ms in pairs(last) do redis.call('HSET', INBOX .. ':last', source, ms) end
return result
