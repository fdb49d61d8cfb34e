-- queue: what every script of a queue has in common. It is put in front of each of them, after the limits.
--
-- KEYS  1 ready  2 jobs  3 due  4 dead  5 errors  6 finished  7 doorbell  8 counters  9 meta  10 leases  11 keys  12 next
--       13 cancelled  14 cancels  15 ring  16 lanes  17 lanes:running  18 lanes:limits  19 lanes:bucket
--       20 lanes:breaker  21 lanes:held  22 lanes:due  23 what each lane's list begins with  24 what each worker's
--       claims begin with   25 orders. The two beginnings are no keys: which lane is served and which worker holds a
--       job is known only here. All have one hash tag, so they stand on one server.
-- ARGV  1 now in ms, 0 = this server's clock

local call, match, byte, find, sub, max, min, floor, ceil =
  redis.call, string.match, string.byte, string.find, string.sub, math.max, math.min, math.floor, math.ceil
local ready, jobs, due, dead, errors = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local finished, doorbell, counters, meta, leases = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local keys, next_jobs, cancelled, cancels = KEYS[11], KEYS[12], KEYS[13], KEYS[14]
local ring, lanes, lanes_running, lanes_limits = KEYS[15], KEYS[16], KEYS[17], KEYS[18]
local lanes_bucket, lanes_breaker, lanes_held, lanes_due = KEYS[19], KEYS[20], KEYS[21], KEYS[22]
local lane_prefix, claims_prefix = KEYS[23], KEYS[24]

local now = tonumber(ARGV[1])
if now == 0 then
  local time = call('TIME')
  now = time[1] * 1000 + floor(time[2] / 1000)
end

-- Wake-ups for as many idle workers as there is work, within the doorbell's cap.
local function wake(wanted)
  if wanted <= 0 then return end
  local room = most_tokens - call('LLEN', doorbell)
  for _ = 1, min(wanted, room) do call('RPUSH', doorbell, '1') end
end

-- The end of a job on its way to the history. A tracked job's is never dropped: somebody waits for it.
local function trace(id, line, is_tracked)
  if is_tracked or call('HLEN', finished) < most_finished then
    call('HSET', finished, id, now .. ' ' .. line)
  else
    call('HINCRBY', counters, 'traces_dropped', 1)
  end
end

local function header_of(envelope)
  local line_end = find(envelope, '\n', 1, true)
  return line_end and sub(envelope, 1, line_end - 1) or envelope
end

-- With its line end, so that a header can be put in front.
local function arguments_of(envelope)
  local line_end = find(envelope, '\n', 1, true)
  return line_end and sub(envelope, line_end) or '\n'
end

local function lane_of(header)
  if byte(header) == 50 then return match(header, ' l=(%S+)') or '' end
  return match(header, '^%d+ %S+ %S+ %d+ %d+ %d+ (%S+)$') or ''
end

local function is_tracked(header) return byte(header) == 50 and find(header, ' r=1', 1, true) ~= nil end

-- The header of a job that leaves a trace whatever its kind says. The first layout has no room for it.
local function tracked(header)
  local fields, lane = match(header, '^1 (%S+ %S+ %d+ %d+ %d+) ?(%S*)$')
  if not fields then return header .. ' r=1' end
  return '2 ' .. fields .. (lane ~= '' and ' l=' .. lane or '') .. ' r=1'
end

-- The header of a job that takes another's place, or its own again, with the envelope that is there: whoever waits for the
-- end of either sees it.
local function carrying(header, envelope)
  if is_tracked(header) or not is_tracked(header_of(envelope)) then return header end
  return tracked(header)
end

-- Kind, attempts, crashes and deferrals as a trace has them, after the state.
local function trace_fields(header)
  return match(header, '^%d+ (%S+) %S+ (%d+ %d+ %d+)')
end

local function trace_end(id, state, header, note)
  local kind, counts = trace_fields(header)
  if kind then trace(id, state .. ' ' .. kind .. ' ' .. counts .. '\n' .. note, is_tracked(header)) end
end

-- The last failure is kept as its time in ms, a space, the reason.
local function reason_of(failure) return failure and match(failure, '^%d+ (.*)$') end

local laned = 0     -- by how much the number of jobs in lanes has changed; written by finish()
local enqueued = 0  -- jobs that came in; written by finish()
local woken = 0     -- jobs that became ready and may need a worker
local last_place    -- the last place that was given behind others of an order key; written by finish()

-- Puts a job where it waits: until its time, or at the end (or the head) of its line.
local function place(id, lane, delay, at_head)
  if delay > 0 then
    if lane == '' then
      call('ZADD', due, now + delay, id)
    else
      call('ZADD', lanes_due, now + delay, id .. ' ' .. lane)
    end
    return
  end
  woken = woken + 1
  if lane == '' then
    call(at_head and 'LPUSH' or 'RPUSH', ready, id)
  else
    call(at_head and 'LPUSH' or 'RPUSH', lane_prefix .. lane, id)
    laned = laned + 1
    if call('HSETNX', lanes, lane, 'r') == 1 then call('RPUSH', ring, lane) end
  end
end

local function finish()
  if laned ~= 0 then call('HINCRBY', meta, 'laned', laned) end
  if enqueued > 0 then call('HINCRBY', counters, 'enqueued', enqueued) end
  if last_place then call('HSET', meta, 'place', string.format('%d', last_place)) end
  laned, enqueued = 0, 0
end

-- The due time of a waiting job, or nil when it is in a line or running.
local function due_time(id, lane)
  if lane == '' then return tonumber(call('ZSCORE', due, id)) end
  -- A job of the release before is due without its lane.
  return tonumber(call('ZSCORE', lanes_due, id .. ' ' .. lane) or call('ZSCORE', due, id))
end

-- The worker that holds a job, or nil. As many looks as there are workers.
local function holder_of(id)
  for _, worker in ipairs(call('ZRANGE', leases, 0, 999)) do
    if call('HEXISTS', claims_prefix .. worker, id) == 1 then return worker end
  end
  return nil
end

-- Takes a job that does not run out of where it waits. In a line its id stays behind without an envelope, and the claim
-- passes it over: taking it out of the middle would mean reading the whole line.
local function take_out(id, lane)
  local was_due
  if lane == '' then
    was_due = call('ZREM', due, id)
  else
    was_due = call('ZREM', lanes_due, id .. ' ' .. lane) + call('ZREM', due, id)
  end
  if was_due == 0 then call('SADD', cancelled, id) end
end
