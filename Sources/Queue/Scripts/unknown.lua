-- unknown: which of these jobs a queue knows nothing of.
--
-- KEYS  1 jobs  2 finished  3 keys
-- ARGV  ids
-- Reply the ids of which the queue holds neither the job nor its trace
-- Atomic: a job that ends in between is not missed. Writes nothing.
-- Bound: three look-ups per id; the caller limits the ids of one call.

local unknown = {}
for _, id in ipairs(ARGV) do
  if redis.call('HEXISTS', KEYS[1], id) == 0 and redis.call('HEXISTS', KEYS[2], id) == 0
    and redis.call('HEXISTS', KEYS[3], 'n:' .. id) == 0 then
    unknown[#unknown + 1] = id
  end
end
return unknown
