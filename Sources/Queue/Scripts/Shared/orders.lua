-- orders: jobs with the same order key run one after another, in the order in which they were enqueued: a chain. `keys`
-- holds 'o:<key>' -> the id of the one whose turn it is; it waits, runs and is tried again like any other job. Those behind
-- it stand in `orders` and nowhere else: a sorted set in which every score is 0, so that it is sorted by its members,
-- '<key> <place> <id> <due>'. A place is a number that grows, in 15 digits; the header of a job that has waited names it.
-- Due is when the job may run at the earliest, 0 = at once.
--
-- Each local that a function takes from outside costs every call of every script some tens of nanoseconds, whether the
-- function is called or not. So all that is for chains is made when the first job with an order key comes up, and takes
-- little from outside.

local made

local function chains()
  if made then return made end
  local call, match, max, format = redis.call, string.match, math.max, string.format
  local jobs, dead, meta, keys, orders = KEYS[2], KEYS[4], KEYS[9], KEYS[11], KEYS[25]
  local chain = {}
  made = chain

  function chain.order_of(header) return match(header, '^2 .* o=(%S+)') end

  function chain.place_of(header) return match(header, ' p=(%d+)') end

  -- Whether a job is there and not buried.
  function chain.is_live(id) return call('HEXISTS', jobs, id) == 1 and not call('ZSCORE', dead, id) end

  -- What `orders` has of the first that waits.
  function chain.first_turn(order)
    return call('ZRANGEBYLEX', orders, '[' .. order .. ' ', '(' .. order .. '!', 'LIMIT', 0, 1)[1]
  end

  -- What `orders` has of a job; nil of one that does not wait for its turn.
  function chain.turn_of(id, order, header)
    local spot = chain.place_of(header)
    if not spot then return nil end
    local start = order .. ' ' .. spot .. ' ' .. id .. ' '
    return call('ZRANGEBYLEX', orders, '[' .. start, '(' .. start .. ':', 'LIMIT', 0, 1)[1]
  end

  function chain.set_due(turn, at)
    call('ZREM', orders, turn)
    call('ZADD', orders, 0, match(turn, '^(.* )%d+$') .. format('%d', at))
  end

  -- Puts a job behind the others of its key: at its old place if it is given one, else at the end. The end is never behind
  -- the clock, so that no lost number sends anybody to the front.
  function chain.wait_behind(id, order, delay, envelope, spot)
    if not spot then
      last_place = max((last_place or tonumber(call('HGET', meta, 'place') or 0)) + 1, now)
      spot = format('%015d', last_place)
    end
    local header = string.gsub(header_of(envelope), ' p=%d+', '')
    call('HSET', jobs, id, header .. ' p=' .. spot .. arguments_of(envelope))
    local at = delay > 0 and now + delay or 0
    call('ZADD', orders, 0, table.concat({ order, spot, id, format('%d', at) }, ' '))
  end

  -- Gives the turn to the next of a chain; with none left the chain is gone. What has lost its job is passed over.
  function chain.pass_turn(order)
    local field = 'o:' .. order
    for _ = 1, 1000 do
      local turn = chain.first_turn(order)
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

  -- Takes a job in: where its delay and lane say if it is its turn, else behind the others.
  function chain.take_in(id, lane, delay, envelope)
    local order = chain.order_of(header_of(envelope))
    local field = 'o:' .. order
    local is_first = call('HSETNX', keys, field, id) == 1
    local first = is_first and id or call('HGET', keys, field)
    if first == id then
      call('HSET', jobs, id, envelope)
      place(id, lane, delay)
      return
    end
    chain.wait_behind(id, order, delay, envelope)
    -- It ended under a release that knows no chains, or was lost.
    if not chain.is_live(first) then chain.pass_turn(order) end
  end

  -- Takes an ended job out of its chain. The next one has its turn.
  function chain.leave(id, order, header)
    if call('HGET', keys, 'o:' .. order) == id then
      chain.pass_turn(order)
      return
    end
    local turn = chain.turn_of(id, order, header)
    if turn then call('ZREM', orders, turn) end
  end

  return chain
end

-- What `orders` has of a job that waits for its turn; nil of one that does not, or has no order key.
local function turn_of(id, header)
  local order = byte(header) == 50 and match(header, ' o=(%S+)')
  return order and chains().turn_of(id, order, header) or nil
end
