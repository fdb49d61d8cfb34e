-- sift: goes through one slice of what can be judged entry by entry: keys and followers, jobs due in lanes, and what is
-- kept of lanes. Mends what is wrong if asked to.
--
-- KEYS  1-25 as in Shared/queue.lua
-- ARGV  1 now   2 '1' = mend   3 'keys' | 'next' | 'due' | 'orders' | 'chains' | 'limits' | 'bucket' | 'breaker'
--       4 cursor
--       5 about how many
-- Reply {next cursor, then per finding four strings: what, entry, '1' mended or '0' not, note}
-- Atomic: yes, for this slice. Running it twice mends once.
-- Bound: ARGV[5], or the hash's own size while Redis keeps it in one piece (at most 512 short entries).

local mends, what_to_sift, cursor, count = ARGV[2] == '1', ARGV[3], ARGV[4], tonumber(ARGV[5])
-- What is left of a lane that rests is dust only after an hour: it would only be written again.
local dust_age = 3600000

local orders = KEYS[25]
local reply = { '0' }
local function found(what, entry, note, is_mended)
  reply[#reply + 1] = what
  reply[#reply + 1] = entry
  reply[#reply + 1] = (is_mended == nil and mends or is_mended) and '1' or '0'
  reply[#reply + 1] = note or ''
end

local function is_known_layout(header) return match(header, '^[12] ') ~= nil end

-- Whether a job is there, not buried, and its header names the key; also when this release cannot tell.
local function owns(owner, option, key)
  local envelope = call('HGET', jobs, owner)
  if not envelope then return false end
  local header = header_of(envelope)
  if not is_known_layout(header) then return true end
  return match(header, ' ' .. option .. '=(%S+)') == key and not call('ZSCORE', dead, owner)
end

local function free_debounce(key)
  local waiting = call('HGET', next_jobs, key)
  if waiting and match(waiting, '^%S+ %d+ %d+ .') then
    pass_on(key, waiting)
  else
    call('HDEL', keys, 'd:' .. key)
  end
end

local function sift_labels(field, id)
  if call('HEXISTS', jobs, id) == 0 and call('HEXISTS', keys, 'n:' .. id) == 0 then
    -- The count may be short of others; too high a one only costs a look.
    if mends then
      call('HDEL', keys, field)
      if tonumber(call('HGET', keys, 's') or 0) > 1 then call('HINCRBY', keys, 's', -1) end
    end
    found('labels-without-job', field)
  elseif call('HEXISTS', keys, 's') == 0 then
    if mends then call('HINCRBY', keys, 's', 1) end
    found('labels-uncounted', field)
  end
end

-- Whose turn of an order key it is.
local function sift_turn(field, key, owner)
  if not owns(owner, 'o', key) then
    if mends then chains().pass_turn(key) end
    found(match(owner, '^%S+$') and 'key-without-job' or 'key-unreadable', field, 'it was ' .. owner)
    return
  end
  local envelope = call('HGET', jobs, owner)
  local turn = turn_of(owner, header_of(envelope))
  if not turn then return end
  if mends then
    call('ZREM', orders, turn)
    place(owner, lane_of(header_of(envelope)), max(tonumber(match(turn, '%d+$')) - now, 0))
  end
  found('chain-stuck', owner, 'it waits for itself')
end

local sift = {}

function sift.keys(field, value)
  -- One of the same slice may have taken it along.
  if call('HGET', keys, field) ~= value then return end
  if field == 's' then return end
  local option, key = match(field, '^([udnso]):(%S+)$')
  if option == 's' then
    sift_labels(field, key)
  elseif not option then
    found('key-unknown', field, 'a field of the hash keys', false)
  elseif option == 'n' then
    local waiting = call('HGET', next_jobs, value)
    if not waiting or match(waiting, '^(%S+)') ~= key then
      if mends then call('HDEL', keys, field) end
      found('mark-without-follower', field)
    end
  elseif option == 'o' then
    sift_turn(field, key, value)
  else
    local owner = match(value, '^(%S+) %d+$')
    if owner and owns(owner, option, key) then return end
    if mends then
      if option == 'd' then free_debounce(key) else call('HDEL', keys, field) end
    end
    found(owner and 'key-without-job' or 'key-unreadable', field, 'it was ' .. value)
  end
end

function sift.next(key, value)
  local follower = match(value, '^(%S+) %d+ %d+ .')
  if not follower then
    found('follower-unreadable', key, nil, false)
    return
  end
  local owner = match(call('HGET', keys, 'd:' .. key) or '', '^(%S+) %d+$')
  if call('HEXISTS', jobs, follower) == 1 then
    if mends then
      call('HDEL', next_jobs, key)
      call('HDEL', keys, 'n:' .. follower)
    end
    found('follower-in-queue', follower)
  elseif not owner or not owns(owner, 'd', key) then
    if mends then pass_on(key, value) end
    found('follower-without-job', follower, 'of the key ' .. key)
  elseif call('HGET', keys, 'n:' .. follower) ~= key then
    if mends then call('HSET', keys, 'n:' .. follower, key) end
    found('follower-without-mark', follower, 'of the key ' .. key)
  end
end

function sift.due(member, score)
  local id, lane = match(member, '^(%S+) (%S+)$')
  local envelope = call('HGET', jobs, id or member)
  local header = envelope and header_of(envelope) or ''
  local right_lane = is_known_layout(header) and lane_of(header) or lane or ''
  if id and envelope and lane == right_lane then return end
  if mends then
    call('ZREM', lanes_due, member)
    if envelope then
      local key = right_lane == '' and due or lanes_due
      call('ZADD', key, 'NX', score, right_lane == '' and (id or member) or (id or member) .. ' ' .. right_lane)
    end
  end
  local what = id and 'due-in-another-lane' or 'due-unreadable'
  found(envelope and what or 'due-without-job', id or member, 'it was due as ' .. member)
end

function sift.orders(member)
  local order, spot, id = match(member, '^(%S+) (%d+) (%S+) %d+$')
  local envelope = id and call('HGET', jobs, id)
  local header = envelope and header_of(envelope) or ''
  if envelope and not is_known_layout(header) then return end
  local right_order, right_spot = chains().order_of(header), chains().place_of(header)
  if envelope and right_order == order and right_spot == spot then return end
  if mends then
    call('ZREM', orders, member)
    -- What its header does not say the walk over all jobs finds.
    if right_order and right_spot and not turn_of(id, header)
      and call('HGET', keys, 'o:' .. right_order) ~= id then
      chains().wait_behind(id, right_order, 0, envelope, right_spot)
    end
  end
  found(not id and 'turn-unreadable' or envelope and 'turn-misplaced' or 'turn-without-job', id or member, member)
end

function sift.chains(member)
  local order, id = match(member, '^(%S+) %d+ (%S+) %d+$')
  if not order or call('HEXISTS', keys, 'o:' .. order) == 1 then return end
  -- A chain is one fault, however long it is.
  if chains().first_turn(order) ~= member then return end
  if mends then chains().pass_turn(order) end
  found('chain-stuck', id, 'of the order key ' .. order)
end

local limits_form = '^%d+ %d+ [1-9]%d* %d+ %d+ %d+ %d+ %d+$'

function sift.limits(lane, value)
  if match(value, limits_form) then return end
  if mends then call('HDEL', lanes_limits, lane) end
  found('limits-unreadable', lane, 'they were ' .. value)
end

-- Whether nothing of a lane waits or runs, and nobody has said anything of it.
local function rests(lane)
  return call('LLEN', lane_prefix .. lane) == 0 and call('HEXISTS', lanes, lane) == 0
    and call('HEXISTS', lanes_running, lane) == 0 and call('HEXISTS', lanes_limits, lane) == 0
    and not call('ZSCORE', lanes_held, lane)
end

function sift.bucket(lane, value)
  local empty_at = tonumber(value)
  if not empty_at then
    if mends then call('HDEL', lanes_bucket, lane) end
    found('lane-record-unreadable', lane, 'its bucket was ' .. value)
  elseif empty_at + dust_age < now and rests(lane) then
    if mends then call('HDEL', lanes_bucket, lane) end
    found('lane-record-left', lane, 'its bucket')
  end
end

function sift.breaker(lane, value)
  local since = match(value, '^[cop] (%d+) %d+ %d+ %d+$')
  if not since then
    if mends then call('HDEL', lanes_breaker, lane) end
    found('lane-record-unreadable', lane, 'its breaker was ' .. value)
  elseif rests(lane) then
    local is_readable, limits = pcall(limits_of, lane)
    if is_readable and tonumber(since) + limits.window + limits.longest + dust_age < now then
      if mends then call('HDEL', lanes_breaker, lane) end
      found('lane-record-left', lane, 'its breaker')
    end
  end
end

local sources = {
  keys = keys, next = next_jobs, due = lanes_due, limits = lanes_limits, bucket = lanes_bucket,
  breaker = lanes_breaker, orders = orders, chains = orders,
}
local is_sorted = sources[what_to_sift] == lanes_due or sources[what_to_sift] == orders
local scan = call(is_sorted and 'ZSCAN' or 'HSCAN', sources[what_to_sift], cursor, 'COUNT', count)
reply[1] = scan[1]
for index = 1, #scan[2], 2 do sift[what_to_sift](scan[2][index], scan[2][index + 1]) end
finish()
wake(woken)
return reply
