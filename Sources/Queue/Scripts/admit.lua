-- admit: stands in front of enqueue, in the same script, for jobs that may have been enqueued before.
--
-- KEYS  1 meta  2 jobs  3 finished  4... those of enqueue
-- ARGV  1 fence of the relay, '' = none   2 number of job ids, then the ids, then the arguments of enqueue
-- Reply {'fenced', the newer fence}, {'known', the ids of which this queue holds the job or its trace}, else enqueue's.
--       Nothing is written in the first case, nothing but the fence in the second.
-- Atomic: the look and the enqueue are one step. Running it twice enqueues once: the second time the ids are known, as
--         long as each job leaves a trace when it ends.
-- Bound: two look-ups per id; the caller limits the jobs of one call.

local KEYS, ARGV = KEYS, ARGV
do
  local meta, jobs, finished = KEYS[1], KEYS[2], KEYS[3]
  local fence, count = ARGV[1], tonumber(ARGV[2])
  -- A relay that was frozen while another took its place comes back with an older fence.
  if fence ~= '' then
    local newest = redis.call('HGET', meta, 'relay')
    if newest and tonumber(newest) > tonumber(fence) then return { 'fenced', newest } end
    if newest ~= fence then redis.call('HSET', meta, 'relay', fence) end
  end
  local known = { 'known' }
  for index = 3, count + 2 do
    local id = ARGV[index]
    if redis.call('HEXISTS', jobs, id) == 1 or redis.call('HEXISTS', finished, id) == 1 then known[#known + 1] = id end
  end
  if #known > 1 then return known end
  local keys, arguments = {}, {}
  for index = 4, #KEYS do keys[index - 3] = KEYS[index] end
  for index = count + 3, #ARGV do arguments[index - count - 2] = ARGV[index] end
  KEYS, ARGV = keys, arguments
end
