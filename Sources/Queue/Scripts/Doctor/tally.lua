-- tally: looks at a queue's numbers, and at the leases of its workers. Mends what is wrong if asked to.
--
-- KEYS  1-25 as in Shared/queue.lua
-- ARGV  1 now   2 '1' = mend
--       3 'numbers' | 'sums' | 'leases'
--       of 'sums': 4 most lanes that one call adds up   5 the highest fence that a claim was seen with   6... lanes that
--         may have jobs and no state
--       of 'leases': 4 before when the last beat of a lease must be to be a complaint, 0 = none is   5... workers that
--         may hold claims
-- Reply per finding four strings: what, name, '1' mended or '0' not, note
-- Atomic: yes. Running it twice mends once.
-- Bound: the totals and the meta fields, of which there are some tens; ARGV[4] lanes; 100 leases.

local mends, part = ARGV[2] == '1', ARGV[3]
local reply = {}
local function found(what, name, note, is_mended)
  reply[#reply + 1] = what
  reply[#reply + 1] = name
  reply[#reply + 1] = (is_mended == nil and mends or is_mended) and '1' or '0'
  reply[#reply + 1] = note or ''
end

local function is_whole(value) return match(value, '^%-?%d+$') ~= nil and #value <= 18 end

if part == 'numbers' then
  local totals = call('HGETALL', counters)
  for index = 1, #totals, 2 do
    if not is_whole(totals[index + 1]) then
      if mends then call('HSET', counters, totals[index], 0) end
      found('number-unreadable', 'counters ' .. totals[index], 'it was ' .. totals[index + 1])
    end
  end
  -- The sum of what waits in lanes is made good with the other sums; the next relay of an outbox writes its own fence.
  for name, fresh in pairs({ fence = string.format('%d', now), relay = '0', laned = '0', turn = '0', place = '0' }) do
    local value = call('HGET', meta, name)
    if value and not is_whole(value) then
      if mends then call('HSET', meta, name, fresh) end
      found('number-unreadable', 'meta ' .. name, 'it was ' .. value)
    end
  end
  local limits = call('HGET', meta, 'lane-limits')
  if limits and not match(limits, '^%d+ %d+ [1-9]%d* %d+ %d+ %d+ %d+ %d+$') then
    if mends then call('HDEL', meta, 'lane-limits') end
    found('limits-unreadable', 'meta lane-limits', 'they were ' .. limits)
  end
  -- Each worker that hands a wake-up on may add one beyond the cap.
  local tokens = call('LLEN', doorbell)
  if tokens > 2 * most_tokens + call('ZCARD', leases) then
    if mends then call('LTRIM', doorbell, 0, most_tokens - 1) end
    found('doorbell-too-long', doorbell, tokens .. ' wake-ups')
  end
end

if part == 'sums' then
  local most, seen_fence = tonumber(ARGV[4]), ARGV[5]
  local fence = call('HGET', meta, 'fence')
  if (not fence or is_whole(fence)) and tonumber(seen_fence) > tonumber(fence or 0) then
    if mends then call('HSET', meta, 'fence', seen_fence) end
    found('fence-behind', 'meta fence', 'it is ' .. (fence or 'missing') .. ', a claim has ' .. seen_fence)
  end
  if call('HLEN', lanes) + #ARGV - 5 > most then
    found('too-many-lanes', 'meta laned', nil, false)
  else
    local sum, is_added = 0, {}
    local function add(lane)
      if not is_added[lane] then
        is_added[lane] = true
        sum = sum + call('LLEN', lane_prefix .. lane)
      end
    end
    for _, lane in ipairs(call('HKEYS', lanes)) do add(lane) end
    for index = 6, #ARGV do add(ARGV[index]) end
    local written = call('HGET', meta, 'laned')
    if (not written or is_whole(written)) and tonumber(written or 0) ~= sum then
      if mends then call('HSET', meta, 'laned', sum) end
      found('lanes-misadded', 'meta laned', 'it is ' .. (written or 'missing') .. ', the lines hold ' .. sum)
    end
  end
end

if part == 'leases' then
  for index = 5, #ARGV do
    local worker = ARGV[index]
    if call('EXISTS', claims_prefix .. worker) == 1 and not call('ZSCORE', leases, worker) then
      -- A lease of full length: a worker that lives beats on, one that died is given up when it has run out.
      if mends then call('ZADD', leases, now, worker) end
      found('claims-without-lease', worker, call('HLEN', claims_prefix .. worker) .. ' claims')
    end
  end
  local before = tonumber(ARGV[4])
  if before > 0 then
    for _, worker in ipairs(call('ZRANGEBYSCORE', leases, '-inf', before, 'LIMIT', 0, 100)) do
      found('lease-not-reaped', worker, call('HLEN', claims_prefix .. worker) .. ' claims', false)
    end
  end
end
return reply
