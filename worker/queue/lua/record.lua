-- include: queue
-- KEYS: root of the queue, root of the inbox.
-- ARGV: max_attempts, remember_s, journal bound, debounce, max_wait, and as JSON a list of deliveries, each of them
--       [source, event id ('' if it had none), via, priority, correlation, verdict, record, [key...]].
-- Returns for each delivery {duplicate, {generation, due, newly ready}...}.
--
-- The event counts as seen only at the very end of its turn. A write that fails before that leaves it unseen, the caller
-- answers 503, and what was already applied is harmless when the event comes again.
local INBOX = KEYS[2]
local now, result = now_ms(), {}
local counts, last, marks = {}, {}, {}
local function count_one(what) counts[what] = (counts[what] or 0) + 1 end
for _, delivery in ipairs(cjson.decode(ARGV[6])) do
  local source, event, via, priority, correlation, verdict, record, keys = unpack(delivery)
  local seen = INBOX .. ':seen:' .. source .. '|' .. event
  local answer = {0}
  if event ~= '' and redis.call('EXISTS', seen) == 1 then
    answer[1] = 1
    count_one('duplicate:' .. via)
  else
    redis.call('XADD', INBOX .. ':journal', 'MAXLEN', '~', ARGV[3], '*', 'r', record)
    local mark = {
      debounce = tonumber(ARGV[4]), max_wait = tonumber(ARGV[5]), reports = true, priority = priority, source = via,
      correlation = correlation, requested_by = '', reason = '',
    }
    for _, key in ipairs(keys) do
      answer[#answer + 1] = mark_key(now, key, mark, tonumber(ARGV[1]))
    end
    marks[via] = (marks[via] or 0) + #keys
    count_one('recorded:' .. via)
    count_one('verdict:' .. verdict)
  end
  if via == 'webhook' then last[source] = now end
  if event ~= '' and answer[1] == 0 then redis.call('SET', seen, '1', 'EX', ARGV[2]) end
  result[#result + 1] = answer
end
for what, n in pairs(counts) do redis.call('HINCRBY', INBOX .. ':counts', what, n) end
for source, n in pairs(marks) do count_marks(source, n) end
for source, ms in pairs(last) do redis.call('HSET', INBOX .. ':last', source, ms) end
return result
