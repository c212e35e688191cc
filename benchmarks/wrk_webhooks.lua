-- Posts the body of a file; in each request the event is a new one, and the project one of 200.
-- Arguments: the file, and a number that no other run has. Prints "RESULT " and JSON at the end.
local before, middle, after, head
local run, sent = 0, 0

function init(args)
  local file = assert(io.open(args[1]))
  local body = file:read("*a")
  file:close()
  run = tonumber(args[2])
  template = body
  pieces = {}
  local at = 1
  while true do
    local from, to, kind = body:find("(Events%-@+)", at)
    local from2, to2 = body:find("Projects%-@+", at)
    if from2 and (not from or from2 < from) then from, to, kind = from2, to2, nil end
    if not from then break end
    pieces[#pieces + 1] = body:sub(at, from - 1)
    pieces[#pieces + 1] = kind and 1 or 2
    at = to + 1
  end
  pieces[#pieces + 1] = body:sub(at)
  local marker = wrk.format("POST", nil, nil, string.rep("x", #body))
  head = marker:sub(1, #marker - #body)
end

function request()
  sent = sent + 1
  local event = string.format("Events-%03d%09d", run, sent)
  local project = string.format("Projects-%03d", sent % 200)
  local out = {head}
  for i = 1, #pieces do
    local piece = pieces[i]
    out[i + 1] = piece == 1 and event or piece == 2 and project or piece
  end
  return table.concat(out)
end

function done(summary, latency)
  local errors = summary.errors
  local refused = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('RESULT {"requests":%d,"seconds":%f,"p50_us":%d,"p90_us":%d,"p99_us":%d,"refused":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(90),
    latency:percentile(99), refused))
end
