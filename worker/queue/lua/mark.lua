-- include: queue
-- ARGV: max_attempts, debounce, max_wait, reports, priority, source, correlation, requested_by, reason, key...
-- Returns {generation, due, newly ready} for each key.
local now, result = now_ms(), {}
local mark = {
  debounce = tonumber(ARGV[2]), max_wait = tonumber(ARGV[3]), reports = ARGV[4] == '1', priority = ARGV[5],
  source = ARGV[6], correlation = ARGV[7], requested_by = ARGV[8], reason = ARGV[9],
}
count_marks(mark.source, #ARGV - 9)
draw_generations(#ARGV - 9)
for i = 10, #ARGV do result[#result + 1] = mark_key(now, ARGV[i], mark, tonumber(ARGV[1])) end
return result
