-- reconcile: gives back the claims that a worker holds without knowing it, because the answer to its trip was lost.
--
-- KEYS  1-25 as in Shared/queue.lua   26 claims of the worker
-- ARGV  1 now   2... ids that the worker knows of
-- Reply how many were given back
-- Atomic: yes. Running it twice gives nothing back twice.
-- Bound: the worker's concurrency, twice over.

local claims = KEYS[26]
local known = {}
for index = 2, #ARGV do known[ARGV[index]] = true end
local count = 0
for _, id in ipairs(call('HKEYS', claims)) do
  if not known[id] then
    local lane = match(call('HGET', claims, id), '^%d+ (%S+)$')
    call('HDEL', claims, id)
    if lane then lane_ended(lane, 1) end
    local envelope = call('HGET', jobs, id)
    if envelope then place(id, lane_of(header_of(envelope)), 0, true) end
    count = count + 1
  end
end
finish()
if count > 0 then
  call('HINCRBY', counters, 'released', count)
  wake(1)
end
return count
