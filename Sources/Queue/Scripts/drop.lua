-- drop: takes buried jobs out of the dead set for good; each leaves a trace.
--
-- KEYS  1-25 as in Shared/queue.lua
-- ARGV  1 now   2... ids
-- Reply how many were dropped
-- Atomic: yes. Running it twice drops nothing twice: an id that is not in the dead set is passed over.
-- Bound: the number of ids.

local count = 0
for index = 2, #ARGV do
  local id = ARGV[index]
  if call('ZREM', dead, id) == 1 then
    local envelope = call('HGET', jobs, id)
    if envelope then
      local reason = reason_of(call('HGET', errors, id)) or 'no reason kept'
      trace_end(id, 'dead', header_of(envelope), 'removed from the dead set; it was buried because: ' .. reason)
    end
    call('HDEL', jobs, id)
    call('HDEL', errors, id)
    count = count + 1
  end
end
if count > 0 then call('HINCRBY', counters, 'dropped', count) end
return count
