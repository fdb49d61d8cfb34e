-- track: looks for jobs whose end somebody outside waits for. Those that the queue has become tracked, however they came in.
--
-- KEYS  1-25 as in Shared/queue.lua
-- ARGV  1 now   2... ids
-- Reply the ids of which the queue holds neither the job nor its trace
-- Atomic: yes; a job that ends in between is not missed. Running it twice changes nothing more.
-- Bound: three look-ups per id, and the envelopes of those that are not tracked yet; the caller limits the ids of one call.

-- A buried job has ended, and nothing else will say so.
local function track(id, envelope)
  local header = header_of(envelope)
  if is_tracked(header) then return end
  header = tracked(header)
  call('HSET', jobs, id, header .. arguments_of(envelope))
  if call('ZSCORE', dead, id) then trace_end(id, 'dead', header, reason_of(call('HGET', errors, id)) or '') end
end

-- A debounced job that waits for the one before it to end.
local function track_follower(key)
  local waiting = call('HGET', next_jobs, key)
  local before, envelope = match(waiting or '', '^(%S+ %d+ %d+ )(.*)$')
  if not before then return end
  local header = header_of(envelope)
  if is_tracked(header) then return end
  call('HSET', next_jobs, key, before .. tracked(header) .. arguments_of(envelope))
end

local unknown = {}
for index = 2, #ARGV do
  local id = ARGV[index]
  local envelope = call('HGET', jobs, id)
  if envelope then
    track(id, envelope)
  elseif call('HEXISTS', finished, id) == 0 then
    local key = call('HGET', keys, 'n:' .. id)
    if key then track_follower(key) else unknown[#unknown + 1] = id end
  end
end
return unknown
