-- cancel: ends a job that waits, or asks the worker of one that runs to stop it.
--
-- KEYS  1-25 as in Shared/queue.lua
-- ARGV  1 now   2 id   3 note for the trace
-- Reply 'cancelled', 'requested' (it runs: its worker hears of it with its next trip or heartbeat), 'dead', or 'none'
-- Atomic: yes. Running it twice: the second time the job is gone ('none'), or still running ('requested').
-- Bound: one look per worker.

local id = ARGV[2]
local envelope = call('HGET', jobs, id)
if not envelope then
  -- A debounced job that waits for the one before it to end.
  local key = call('HGET', keys, 'n:' .. id)
  local waiting = key and call('HGET', next_jobs, key)
  if not waiting then return 'none' end
  call('HDEL', keys, 'n:' .. id)
  call('HDEL', next_jobs, key)
  forget_labels(id)
  call('HINCRBY', counters, 'cancelled', 1)
  trace_end(id, 'cancelled', header_of(match(waiting, '^%S+ %d+ %d+ (.*)$')), ARGV[3])
  return 'cancelled'
end
if call('ZSCORE', dead, id) then return 'dead' end
local header = header_of(envelope)
local lane = lane_of(header)
-- A job that waits for its turn is in no line; release() takes it out of its chain.
if not turn_of(id, header) then
  if not due_time(id, lane) and holder_of(id) then
    call('HSET', cancels, id, now)
    return 'requested'
  end
  take_out(id, lane)
end
call('HDEL', jobs, id)
call('HDEL', errors, id)
call('HINCRBY', counters, 'cancelled', 1)
trace_end(id, 'cancelled', header, ARGV[3])
release(id, header)
finish()
wake(woken)
return 'cancelled'
