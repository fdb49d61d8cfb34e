-- admit: stands in front of enqueue, in the same script, for jobs that may have been enqueued before.
--
-- KEYS  those of enqueue
-- ARGV  those of enqueue, then the ids of all its jobs, their number, and the fence of the relay, '' = none
-- Reply {'fenced', the newer fence}, {'known', the ids of which this queue holds the job or its trace}, else enqueue's.
--       Nothing is written in the first case, nothing but the fence in the second.
-- Atomic: the look and the enqueue are one step. Running it twice enqueues once: the second time the ids are known, as
--         long as each job leaves a trace when it ends.
-- Bound: three look-ups per id; the caller limits the jobs of one call.

do
  local fence, count = ARGV[#ARGV], tonumber(ARGV[#ARGV - 1])
  -- A relay that was frozen while another took its place comes back with an older fence.
  if fence ~= '' then
    local newest = call('HGET', meta, 'relay')
    if newest and tonumber(newest) > tonumber(fence) then return { 'fenced', newest } end
    if newest ~= fence then call('HSET', meta, 'relay', fence) end
  end
  local known = { 'known' }
  for index = #ARGV - 1 - count, #ARGV - 2 do
    local id = ARGV[index]
    -- The last is a debounced job that waits for the one before it to end.
    if call('HEXISTS', jobs, id) == 1 or call('HEXISTS', finished, id) == 1 or call('HEXISTS', keys, 'n:' .. id) == 1 then
      known[#known + 1] = id
    end
  end
  if #known > 1 then return known end
end
