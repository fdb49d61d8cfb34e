-- revive: puts buried jobs back into their queue with fresh budgets.
--
-- KEYS  1 dead  2 jobs  3 ready  4 errors  5 doorbell  6 counters
-- ARGV  1 most tokens in the doorbell   2... ids
-- Reply how many were put back
-- Atomic: yes. Running it twice puts nothing back twice: an id that is not in the dead set is passed over.
-- Bound: the number of ids.

local dead, jobs, ready, errors, doorbell, counters = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local count = 0
for index = 2, #ARGV do
  local id = ARGV[index]
  if redis.call('ZREM', dead, id) == 1 then
    local envelope = redis.call('HGET', jobs, id)
    if envelope then
      local front, rest = string.match(envelope, '^(%d+ %S+ %S+ )%d+ %d+( %d+.*)$')
      redis.call('HSET', jobs, id, front .. '0 0' .. rest)
      redis.call('RPUSH', ready, id)
      count = count + 1
    end
    redis.call('HDEL', errors, id)
  end
end
if count > 0 then
  redis.call('HINCRBY', counters, 'revived', count)
  local room = tonumber(ARGV[1]) - redis.call('LLEN', doorbell)
  for _ = 1, math.min(count, room) do redis.call('RPUSH', doorbell, '1') end
end
return count
