-- forget: drops traces that the history has now.
--
-- KEYS  1 finished: id -> trace
-- ARGV  1... pairs of an id and the first line of the trace that was read
-- Reply how many were dropped
-- Atomic: yes. A job that was sent to work again and has ended once more meanwhile has another trace by now, which stays.
--         Running it twice drops nothing twice.
-- Bound: the number of pairs.

local count = 0
for index = 1, #ARGV, 2 do
  local trace = redis.call('HGET', KEYS[1], ARGV[index])
  if trace and string.match(trace, '^[^\n]*') == ARGV[index + 1] then
    count = count + redis.call('HDEL', KEYS[1], ARGV[index])
  end
end
return count
