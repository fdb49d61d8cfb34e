-- lanes: whose turn it is, and who has to wait. A lane that has jobs is in one of these states:
--
--   r  in the ring: it may be served          f  at its cap: back into the ring when one of its jobs ends
--   h  held until a time (rate, pause asked for by its target, open breaker)      H  held, and still in the ring
--
-- A lane in no state has no jobs. `lanes:running` counts what runs; `lanes:limits` (else the field `lane-limits` of meta)
-- says how much may: in flight, microseconds between starts, burst, and the breaker's window in ms, least results, share
-- of failures in per cent, ms open, longest ms open. `lanes:breaker` is '<state> <window's start> <failures> <results>
-- <times open in a row>'; its state is c closed, o open, p probing.

local limits_seen = {}

local function limits_of(lane)
  local limits = limits_seen[lane]
  if limits then return limits end
  local text = call('HGET', lanes_limits, lane)
  if not text then
    text = limits_seen[''] or call('HGET', meta, 'lane-limits') or standard_lane_limits
    limits_seen[''] = text
  end
  local cap, gap, burst, window, least, share, open, longest =
    match(text, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
  limits = {
    cap = tonumber(cap), gap = tonumber(gap) / 1000, burst = tonumber(burst), window = tonumber(window),
    least = tonumber(least), share = tonumber(share), open = tonumber(open), longest = tonumber(longest),
  }
  limits_seen[lane] = limits
  return limits
end

-- Nothing of the lane starts before then. A later time wins over an earlier one.
local function hold(lane, till)
  call('ZADD', lanes_held, 'GT', till, lane)
  local state = call('HGET', lanes, lane)
  if state == 'r' then
    call('HSET', lanes, lane, 'H')
  elseif state ~= 'H' and state ~= 'h' then
    call('HSET', lanes, lane, 'h')
  end
end

-- Lanes whose time has come go back to where they belong.
local function free_held()
  for _, lane in ipairs(call('ZRANGEBYSCORE', lanes_held, '-inf', now, 'LIMIT', 0, 100)) do
    call('ZREM', lanes_held, lane)
    local state = call('HGET', lanes, lane)
    if state == 'H' then
      call('HSET', lanes, lane, 'r')
    elseif state == 'h' then
      if call('LLEN', lane_prefix .. lane) > 0 then
        call('HSET', lanes, lane, 'r')
        call('RPUSH', ring, lane)
        woken = woken + 1
      else
        call('HDEL', lanes, lane)
      end
    end
  end
end

-- Jobs of the lane stopped running.
local function lane_ended(lane, count)
  if call('HINCRBY', lanes_running, lane, -count) <= 0 then call('HDEL', lanes_running, lane) end
  if call('HGET', lanes, lane) == 'f' then
    call('HSET', lanes, lane, 'r')
    call('RPUSH', ring, lane)
    woken = woken + 1
  end
end

local function write_breaker(lane, state, since, failures, results, opened)
  call('HSET', lanes_breaker, lane, table.concat({ state, since, failures, results, opened }, ' '))
end

-- What the lane's ended jobs say of its target.
local function judge(lane, good, bad)
  local limits = limits_of(lane)
  if limits.window == 0 or good + bad == 0 then return end
  local state, since, failures, results, opened =
    match(call('HGET', lanes_breaker, lane) or 'c 0 0 0 0', '^(%a) (%d+) (%d+) (%d+) (%d+)$')
  since, failures, results, opened = tonumber(since), tonumber(failures), tonumber(results), tonumber(opened)
  if state == 'o' then return end  -- of jobs that had started before it opened
  local opens = false
  if state == 'p' then
    if good > 0 then
      call('HDEL', lanes_breaker, lane)
      return
    end
    opens = true
  else
    if now - since > limits.window or now < since then since, failures, results = now, 0, 0 end
    failures, results = failures + bad, results + good + bad
    opens = results >= limits.least and failures * 100 >= limits.share * results
    if not opens then
      write_breaker(lane, 'c', since, failures, results, opened)
      return
    end
  end
  hold(lane, now + min(limits.open * 2 ^ min(opened, 40), limits.longest))
  write_breaker(lane, 'o', now, 0, 0, opened + 1)
  call('HINCRBY', counters, 'breakers_opened', 1)
end

-- How many may run at a time now: one while the breaker probes, whose hold is over when the lane is served again.
local function cap_of(lane, limits)
  if limits.window == 0 then return limits.cap end
  local state, rest = match(call('HGET', lanes_breaker, lane) or '', '^(%a) (.*)$')
  if state == 'o' then
    call('HSET', lanes_breaker, lane, 'p ' .. rest)
    return 1
  end
  return state == 'p' and 1 or limits.cap
end

-- How many may start now at the lane's rate, and from when the next is counted (the generic cell rate algorithm: one
-- number per lane, the time at which its bucket is empty).
local function allowance(lane, limits, most)
  local empty_at = max(tonumber(call('HGET', lanes_bucket, lane) or 0), now)
  local slack = (limits.burst - 1) * limits.gap
  local count = floor((now + slack - empty_at) / limits.gap + 1e-6) + 1
  if count <= 0 then return 0, ceil(empty_at - slack) end
  return min(count, most), empty_at
end

-- Serves a lane that has come up in the ring: takes up to most of its jobs, hands each to take(id, lane), and puts the
-- lane where it belongs afterwards.
local function serve(lane, most, take)
  local state = call('HGET', lanes, lane)
  if state == 'H' then call('HSET', lanes, lane, 'h') end
  if state ~= 'r' then return end
  local limits = limits_of(lane)
  local running = tonumber(call('HGET', lanes_running, lane) or 0)
  local cap, room, empty_at = cap_of(lane, limits), most, 0
  if cap > 0 then room = min(room, cap - running) end
  if room <= 0 then
    call('HSET', lanes, lane, 'f')
    return
  end
  if limits.gap > 0 then
    room, empty_at = allowance(lane, limits, room)
    if room == 0 then
      call('HSET', lanes, lane, 'h')
      call('ZADD', lanes_held, 'GT', max(empty_at, now + 1), lane)
      return
    end
  end
  local list = lane_prefix .. lane
  local taken = call('LPOP', list, room) or {}
  local count = #taken
  laned = laned - count
  for _, id in ipairs(taken) do take(id, lane) end
  if count > 0 then
    running = call('HINCRBY', lanes_running, lane, count)
    if limits.gap > 0 then
      call('HSET', lanes_bucket, lane, string.format('%.3f', empty_at + count * limits.gap))
    end
  end
  if count < room or call('LLEN', list) == 0 then
    call('HDEL', lanes, lane)
  elseif cap > 0 and running >= cap then
    call('HSET', lanes, lane, 'f')
  else
    call('RPUSH', ring, lane)
  end
end
