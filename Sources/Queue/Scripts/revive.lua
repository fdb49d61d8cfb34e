-- revive: puts buried jobs back into their queue with fresh budgets.
--
-- KEYS  1-25 as in Shared/queue.lua
-- ARGV  1 now   2... ids
-- Reply how many were put back
-- Atomic: yes. Running it twice puts nothing back twice: an id that is not in the dead set is passed over, and so is one
-- whose unique or debounce key another job holds by now. One with an order key goes to the end of its chain.
-- Bound: the number of ids.

-- Takes the job's keys again; false when another job has one of them.
local function take_keys(id, header)
  if byte(header) ~= 50 then return true end
  for option, letter in pairs({ [' u=(%S+)'] = 'u:', [' d=(%S+)'] = 'd:' }) do
    local key = match(header, option)
    if key then
      local value = call('HGET', keys, letter .. key)
      local owner = value and match(value, '^(%S+)')
      if owner and owner ~= id and call('HEXISTS', jobs, owner) == 1 then return false end
      call('HSET', keys, letter .. key, id .. ' ' .. (now + (letter == 'u:' and unique_lifetime or 0)))
    end
  end
  return true
end

local count = 0
for index = 2, #ARGV do
  local id = ARGV[index]
  if call('ZSCORE', dead, id) then
    local envelope = call('HGET', jobs, id)
    if not envelope then
      call('ZREM', dead, id)
      call('HDEL', errors, id)
    elseif take_keys(id, header_of(envelope)) then
      local front, rest = match(envelope, '^(%d+ %S+ %S+ )%d+ %d+( %d+.*)$')
      call('ZREM', dead, id)
      call('HDEL', errors, id)
      local header, fresh = header_of(envelope), front .. '0 0' .. rest
      if chains().order_of(header) then
        chains().take_in(id, lane_of(header), 0, fresh)
      else
        call('HSET', jobs, id, fresh)
        place(id, lane_of(header), 0)
      end
      count = count + 1
    end
  end
end
finish()
if count > 0 then
  call('HINCRBY', counters, 'revived', count)
  wake(count)
end
return count
