-- log: leaves entries for the recorder, as many as there is room for.
--
-- KEYS  1 log: name -> bytes   2 meta, whose field log_bytes says how much that is   3 counters
-- ARGV  1 most entries   2 most bytes   3... per entry: its name, its bytes
-- Reply how many were left out
-- Atomic: yes. Running it twice: an entry that is there already is written again and takes no more room.
-- Bound: the caller limits the entries.

local log, meta, counters = KEYS[1], KEYS[2], KEYS[3]
local most, most_bytes = tonumber(ARGV[1]), tonumber(ARGV[2])
local count = redis.call('HLEN', log)
-- Of an empty log the number is known, whatever became of the field.
local held = count > 0 and tonumber(redis.call('HGET', meta, 'log_bytes') or 0) or 0
local left_out = 0
for index = 3, #ARGV, 2 do
  local name, bytes = ARGV[index], ARGV[index + 1]
  local is_new = redis.call('HEXISTS', log, name) == 0
  local growth = #bytes - redis.call('HSTRLEN', log, name)
  if (is_new and count >= most) or held + growth > most_bytes then
    left_out = left_out + 1
  else
    redis.call('HSET', log, name, bytes)
    held = held + growth
    if is_new then count = count + 1 end
  end
end
redis.call('HSET', meta, 'log_bytes', held)
if left_out > 0 then redis.call('HINCRBY', counters, 'log_dropped', left_out) end
return left_out
