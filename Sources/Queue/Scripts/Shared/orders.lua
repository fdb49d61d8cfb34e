-- orders: jobs with the same order key run one after another, in the order in which they were enqueued: a chain. `keys`
-- holds 'o:<key>' -> the id of the one whose turn it is; it waits, runs and is tried again like any other job. Those behind
-- it stand in `orders` and nowhere else: a sorted set in which every score is 0, so that it is sorted by its members,
-- '<key> <place> <id> <due>'. A place is a number that grows, in 15 digits; the header of a job that has waited names it.
-- Due is when the job may run at the earliest, 0 = at once.

local function order_of(header) return byte(header) == 50 and match(header, ' o=(%S+)') or nil end

local function place_of(header) return match(header, ' p=(%d+)') end

-- The member of a job that waits for its turn; nil of one that does not.
local function turn_of(id, header)
  local order = order_of(header)
  local spot = order and place_of(header)
  if not spot then return nil end
  local start = order .. ' ' .. spot .. ' ' .. id .. ' '
  return call('ZRANGEBYLEX', orders, '[' .. start, '(' .. start .. ':', 'LIMIT', 0, 1)[1]
end

local function set_due(turn, at)
  call('ZREM', orders, turn)
  call('ZADD', orders, 0, match(turn, '^(.* )%d+$') .. string.format('%d', at))
end

-- The end of a chain. Never behind the clock, so that no lost number sends anybody to the front.
local function new_place()
  last_place = max((last_place or tonumber(call('HGET', meta, 'place') or 0)) + 1, now)
  return string.format('%015d', last_place)
end

-- Puts a job behind the others of its key: at its old place if it is given one, else at the end.
local function wait_behind(id, order, delay, envelope, spot)
  spot = spot or new_place()
  local header = string.gsub(header_of(envelope), ' p=%d+', '')
  call('HSET', jobs, id, header .. ' p=' .. spot .. arguments_of(envelope))
  local at = delay > 0 and now + delay or 0
  call('ZADD', orders, 0, table.concat({ order, spot, id, string.format('%d', at) }, ' '))
end

-- Gives the turn to the next of a chain; with none left the chain is gone. What has lost its job is passed over.
local function pass_turn(order)
  local field = 'o:' .. order
  for _ = 1, 1000 do
    local turn = call('ZRANGEBYLEX', orders, '[' .. order .. ' ', '(' .. order .. '!', 'LIMIT', 0, 1)[1]
    if not turn then
      call('HDEL', keys, field)
      return
    end
    call('ZREM', orders, turn)
    local id, at = match(turn, '^%S+ %d+ (%S+) (%d+)$')
    local envelope = id and call('HGET', jobs, id)
    if envelope then
      call('HSET', keys, field, id)
      place(id, lane_of(header_of(envelope)), max(tonumber(at) - now, 0))
      return
    end
  end
end

-- Whether a job is there and not buried.
local function is_live(id) return call('HEXISTS', jobs, id) == 1 and not call('ZSCORE', dead, id) end

-- Takes a job in: where its delay and lane say, or behind the others of its order key.
local function take_in(id, lane, delay, envelope, order)
  local field = order and 'o:' .. order
  if not order or call('HSETNX', keys, field, id) == 1 then
    call('HSET', jobs, id, envelope)
    place(id, lane, delay)
    return
  end
  local first = call('HGET', keys, field)
  if first == id then
    call('HSET', jobs, id, envelope)
    place(id, lane, delay)
    return
  end
  wait_behind(id, order, delay, envelope)
  -- It ended under a release that knows no chains, or was lost.
  if not is_live(first) then pass_turn(order) end
end

-- Takes an ended job out of its chain. The next one has its turn.
local function leave_chain(id, order, header)
  if call('HGET', keys, 'o:' .. order) == id then
    pass_turn(order)
    return
  end
  local turn = turn_of(id, header)
  if turn then call('ZREM', orders, turn) end
end
