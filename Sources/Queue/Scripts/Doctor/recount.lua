-- recount: counts what runs in each lane by the claims themselves, puts `lanes:running` right if asked to, and looks
-- whether given lanes are where they belong.
--
-- KEYS  1-25 as in Shared/queue.lua
-- ARGV  1 now   2 '1' = mend   3 most claims, and most lanes with a count, that one call goes through
--       4 number of workers that may hold claims, then their names; workers with a lease are known anyway
--       then the lanes to be looked at
-- Reply {number of claims, then per finding four strings: what, lane, '1' mended or '0' not, note}; {-1} when there are
--        more than ARGV[3]: then nothing was judged
-- Atomic: yes. Running it twice mends once.
-- Bound: ARGV[3]; the ring's length per lane given.

local mends, most = ARGV[2] == '1', tonumber(ARGV[3])
local workers, is_known, at = {}, {}, 4
for index = 5, 4 + tonumber(ARGV[4]) do
  workers[#workers + 1] = ARGV[index]
  is_known[ARGV[index]] = true
end
at = 5 + #workers
for _, worker in ipairs(call('ZRANGE', leases, 0, 999)) do
  if not is_known[worker] then workers[#workers + 1] = worker end
end

local total = 0
for _, worker in ipairs(workers) do total = total + call('HLEN', claims_prefix .. worker) end
if total > most or call('HLEN', lanes_running) > most then return { -1 } end

local reply = { total }
local function found(what, lane, note)
  reply[#reply + 1] = what
  reply[#reply + 1] = lane
  reply[#reply + 1] = mends and '1' or '0'
  reply[#reply + 1] = note or ''
end

local running = {}
for _, worker in ipairs(workers) do
  for _, claim in ipairs(call('HVALS', claims_prefix .. worker)) do
    local lane = match(claim, '^%d+ (%S+)$')
    if lane then running[lane] = (running[lane] or 0) + 1 end
  end
end

local function to_ring(lane)
  call('HSET', lanes, lane, 'r')
  call('RPUSH', ring, lane)
  woken = woken + 1
end

local counted = call('HGETALL', lanes_running)
local is_counted = {}
for index = 1, #counted, 2 do
  local lane, value = counted[index], counted[index + 1]
  local count = running[lane] or 0
  is_counted[lane] = true
  if value ~= tostring(count) then
    if mends then
      if count > 0 then call('HSET', lanes_running, lane, count) else call('HDEL', lanes_running, lane) end
      -- It waits at its cap for one of its jobs to end, which may have been one of those that never ran.
      local is_fewer = count < (tonumber(value) or math.huge)
      if is_fewer and call('HGET', lanes, lane) == 'f' then to_ring(lane) end
    end
    found('running-miscounted', lane, 'counted as ' .. value .. ', runs ' .. count)
  end
end
for lane, count in pairs(running) do
  if not is_counted[lane] then
    if mends then call('HSET', lanes_running, lane, count) end
    found('running-miscounted', lane, 'not counted, runs ' .. count)
  end
end

-- What cannot be so, or nil.
local function complaint(state, length, turns, held, count)
  local is_in_turn, is_on_hold = state == 'r' or state == 'H', state == 'h' or state == 'H'
  if turns > 1 then return 'lane-twice-in-ring' end
  if state and not match(state, '^[rfhH]$') then return 'lane-state-unknown' end
  if not state and length > 0 then return 'lane-without-state' end
  if is_on_hold and not held then return 'lane-hold-lost' end
  if held and not is_on_hold then return 'hold-without-state' end
  if is_in_turn and turns == 0 then return 'lane-not-in-ring' end
  if turns == 1 and not is_in_turn then return 'lane-in-ring-wrongly' end
  if state == 'f' and count == 0 then return 'lane-stuck' end
  if (state == 'r' or state == 'f') and length == 0 then return 'lane-without-jobs' end
  return nil
end

local function mend(lane, state, length, turns, held, count)
  if turns > 0 then call('LREM', ring, 0, lane) end
  if held and tonumber(held) > now then
    call('HSET', lanes, lane, 'h')
    return
  end
  if held then call('ZREM', lanes_held, lane) end
  if length == 0 then
    call('HDEL', lanes, lane)
  elseif state ~= 'f' or count == 0 then
    to_ring(lane)
  end
end

for index = at, #ARGV do
  local lane = ARGV[index]
  local state, length = call('HGET', lanes, lane), call('LLEN', lane_prefix .. lane)
  local turns, held = #call('LPOS', ring, lane, 'COUNT', 0), call('ZSCORE', lanes_held, lane)
  local count = running[lane] or 0
  local what = complaint(state, length, turns, held, count)
  if what then
    if mends then mend(lane, state, length, turns, held, count) end
    local note = 'state ' .. (state or 'none') .. ', ' .. length .. ' waiting, ' .. turns .. ' times in the ring, '
    found(what, lane, note .. (held and 'held until ' .. held or 'not held') .. ', ' .. count .. ' running')
  end
end
finish()
wake(woken)
return reply
