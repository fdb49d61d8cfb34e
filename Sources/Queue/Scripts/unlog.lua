-- unlog: drops entries that the recorder has written down.
--
-- KEYS  1 log: name -> bytes   2 meta, whose field log_bytes says how much that is
-- ARGV  1... names
-- Reply how many there were
-- Atomic: yes. Running it twice drops nothing twice.
-- Bound: the number of names.

local log, meta = KEYS[1], KEYS[2]
local held = tonumber(redis.call('HGET', meta, 'log_bytes') or 0)
local count = 0
for index = 1, #ARGV do
  local size = redis.call('HSTRLEN', log, ARGV[index])
  if redis.call('HDEL', log, ARGV[index]) == 1 then
    held = held - size
    count = count + 1
  end
end
if count > 0 then redis.call('HSET', meta, 'log_bytes', held > 0 and held or 0) end
return count
