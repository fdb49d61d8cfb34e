-- reconcile: gives back the claims that a worker holds without knowing it, because the answer to its trip was lost.
--
-- KEYS  1 claims of the worker  2 ready  3 doorbell  4 counters
-- ARGV  ids that the worker knows of
-- Reply how many were given back
-- Atomic: yes. Running it twice gives nothing back twice.
-- Bound: the worker's concurrency, twice over.

local known = {}
for _, id in ipairs(ARGV) do known[id] = true end
local count = 0
for _, id in ipairs(redis.call('HKEYS', KEYS[1])) do
  if not known[id] then
    redis.call('HDEL', KEYS[1], id)
    redis.call('LPUSH', KEYS[2], id)
    count = count + 1
  end
end
if count > 0 then
  redis.call('HINCRBY', KEYS[4], 'released', count)
  if redis.call('LLEN', KEYS[3]) == 0 then redis.call('RPUSH', KEYS[3], '1') end
end
return count
