-- keys: unique and debounced jobs. `keys` holds 'u:<key>' -> '<id> <until>' and 'd:<key>' -> '<id> <deadline>', `next` the
-- job that follows a debounced one that runs: '<id> <due> <deadline>' and a space before its envelope. `keys` then also has
-- 'n:<id>' -> '<key>', by which that job is found, and 's:<id>' -> '<count> <labels>': what a job stands for, itself and those
-- whose place it took; 's' counts these fields.

local most_label_bytes = 8000

local function forget_labels(id)
  if call('HDEL', keys, 's:' .. id) == 1 and call('HINCRBY', keys, 's', -1) <= 0 then call('HDEL', keys, 's') end
end

-- The job stands for these too. Labels beyond the bound are only counted.
local function stand_for(id, count, labels)
  local value = call('HGET', keys, 's:' .. id)
  if value then
    local before, old = match(value, '^(%d+) (.*)$')
    count = count + tonumber(before)
    labels = #old + #labels < most_label_bytes and old .. ' ' .. labels or old
  else
    call('HINCRBY', keys, 's', 1)
  end
  call('HSET', keys, 's:' .. id, count .. ' ' .. labels)
end

local function pass_labels(from, to)
  local value = call('HGET', keys, 's:' .. from)
  if not value then return end
  local count, labels = match(value, '^(%d+) (.*)$')
  forget_labels(from)
  stand_for(to, tonumber(count), labels)
end

local function holds(field, id)
  local value = call('HGET', keys, field)
  return value and match(value, '^(%S+)') == id
end

-- The job that follows takes the key over, and its place in the queue, no sooner than not_before.
local function pass_on(key, waiting, not_before)
  local follower, at, deadline, envelope = match(waiting, '^(%S+) (%d+) (%d+) (.*)$')
  call('HDEL', next_jobs, key)
  call('HDEL', keys, 'n:' .. follower)
  call('HSET', keys, 'd:' .. key, follower .. ' ' .. deadline)
  local header = header_of(envelope)
  local lane, delay = lane_of(header), max(tonumber(at), not_before or 0) - now
  if match(header, ' o=%S') then return chains().take_in(follower, lane, delay, envelope) end
  call('HSET', jobs, follower, envelope)
  place(follower, lane, delay)
end

-- Frees what an ended job held. The job that follows it takes its place.
local function release(id, header, not_before)
  if call('HEXISTS', keys, 's') == 1 then forget_labels(id) end
  if byte(header) ~= 50 then return end
  local order = match(header, ' o=(%S+)')
  if order then chains().leave(id, order, header) end
  local unique = match(header, ' u=(%S+)')
  if unique and holds('u:' .. unique, id) then call('HDEL', keys, 'u:' .. unique) end
  local debounce = match(header, ' d=(%S+)')
  if not debounce or not holds('d:' .. debounce, id) then return end
  local waiting = call('HGET', next_jobs, debounce)
  if waiting then
    pass_on(debounce, waiting, not_before)
  else
    call('HDEL', keys, 'd:' .. debounce)
  end
end

-- The id of the job that will run after this one, when its data are newer.
local function follower_of(id, header)
  if byte(header) ~= 50 then return nil end
  local debounce = match(header, ' d=(%S+)')
  if not debounce or not holds('d:' .. debounce, id) then return nil end
  local waiting = call('HGET', next_jobs, debounce)
  return waiting and match(waiting, '^(%S+)')
end

-- Ends a job whose data are out of date. What it may have sent is not sent again: the follower has an id of its own.
local function supersede(id, header, follower, not_before)
  call('HDEL', jobs, id)
  call('HDEL', errors, id)
  call('HINCRBY', counters, 'superseded', 1)
  trace_end(id, 'cancelled', header, 'superseded by ' .. follower)
  pass_labels(id, follower)
  release(id, header, not_before)
end

local function add(id, lane, delay, envelope, is_ordered)
  enqueued = enqueued + 1
  if is_ordered then
    chains().take_in(id, lane, delay, envelope)
  else
    call('HSET', jobs, id, envelope)
    place(id, lane, delay)
  end
  return id
end

local function add_unique(id, lane, delay, envelope, is_ordered, lifetime, key)
  local field = 'u:' .. key
  local value = call('HGET', keys, field)
  if value then
    local owner, till = match(value, '^(%S+) (%d+)$')
    if now < tonumber(till) and call('HEXISTS', jobs, owner) == 1 then return owner end
  end
  call('HSET', keys, field, id .. ' ' .. (now + lifetime))
  return add(id, lane, delay, envelope, is_ordered)
end

-- Something came while the job runs: it is kept for the run after.
local function follow(id, envelope, quiet, longest, key)
  local waiting = call('HGET', next_jobs, key)
  if waiting then
    local follower, _, deadline, old = match(waiting, '^(%S+) (%d+) (%d+) (.*)$')
    local at = min(now + quiet, tonumber(deadline))
    local newest = carrying(header_of(old), envelope) .. arguments_of(envelope)
    call('HSET', next_jobs, key, follower .. ' ' .. at .. ' ' .. deadline .. ' ' .. newest)
    return follower
  end
  local deadline = now + longest
  call('HSET', keys, 'n:' .. id, key)
  enqueued = enqueued + 1
  call('HSET', next_jobs, key, id .. ' ' .. min(now + quiet, deadline) .. ' ' .. deadline .. ' ' .. envelope)
  return id
end

local function add_debounced(id, lane, envelope, is_ordered, quiet, longest, key)
  local field = 'd:' .. key
  local value = call('HGET', keys, field)
  local owner, deadline
  if value then owner, deadline = match(value, '^(%S+) (%d+)$') end
  local waiting = owner and call('HGET', jobs, owner)
  local earliest = 0
  if waiting then
    local header = header_of(waiting)
    local its_lane = lane_of(header)
    local at, turn = due_time(owner, its_lane), turn_of(owner, header)
    if not at and not turn and holder_of(owner) then return follow(id, envelope, quiet, longest, key) end
    if match(header, '^%d+ %S+ %S+ 0 0 0') then
      -- It has never run: the newest arguments take the place of the old, and the wait begins again.
      call('HSET', jobs, owner, carrying(header, envelope) .. arguments_of(envelope))
      if turn then
        chains().set_due(turn, min(now + quiet, tonumber(deadline)))
      elseif at then
        local till = min(now + quiet, tonumber(deadline))
        if its_lane == '' or not call('ZSCORE', lanes_due, owner .. ' ' .. its_lane) then
          call('ZADD', due, till, owner)
        else
          call('ZADD', lanes_due, till, owner .. ' ' .. its_lane)
        end
      end
      return owner
    end
    -- It has run and waits to be tried again. Part of it may have arrived under its id, so newer data need another.
    if not turn then take_out(owner, its_lane) end
    call('HDEL', keys, field)
    supersede(owner, header, id)
    earliest = at or 0
  end
  call('HSET', keys, field, id .. ' ' .. (now + longest))
  return add(id, lane, max(now + min(quiet, longest), earliest) - now, envelope, is_ordered)
end

-- The debounced job of this key that waits does not run: this one stands for it. One that runs goes on.
local function end_debounced(id, key)
  local waiting = call('HGET', next_jobs, key)
  if waiting then
    local follower, envelope = match(waiting, '^(%S+) %d+ %d+ (.*)$')
    call('HDEL', next_jobs, key)
    call('HDEL', keys, 'n:' .. follower)
    supersede(follower, header_of(envelope), id)
    return
  end
  local owner = match(call('HGET', keys, 'd:' .. key) or '', '^(%S+)')
  local envelope = owner and call('HGET', jobs, owner)
  if not envelope then return end
  local header = header_of(envelope)
  local lane = lane_of(header)
  if not turn_of(owner, header) then
    if not due_time(owner, lane) and holder_of(owner) then return end
    take_out(owner, lane)
  end
  supersede(owner, header, id)
end

-- Enqueues one job as its key says; answers the id of the job that now stands for it. A key that begins with 'o' says that
-- the job's header names an order key, and what follows is the rest.
local function submit(id, delay, lane, key, envelope)
  local is_ordered = byte(key) == 111
  if is_ordered then key = sub(key, 3) end
  if key == '' then return add(id, lane, delay, envelope, is_ordered) end
  local lifetime, unique = match(key, '^u (%d+) (%S+)$')
  if lifetime then return add_unique(id, lane, delay, envelope, is_ordered, tonumber(lifetime), unique) end
  local ended, own_label = match(key, '^e (%S+) ?(%S*)$')
  if ended then
    end_debounced(id, ended)
    if own_label ~= '' and call('HEXISTS', keys, 's:' .. id) == 1 then stand_for(id, 1, own_label) end
    return add(id, lane, delay, envelope, is_ordered)
  end
  local quiet, longest, debounce, label = match(key, '^d (%d+) (%d+) (%S+) ?(%S*)$')
  local owner = add_debounced(id, lane, envelope, is_ordered, tonumber(quiet), tonumber(longest), debounce)
  if label ~= '' then stand_for(owner, 1, label) end
  return owner
end
