-- flush: a debounced job runs now instead of after its quiet time.
--
-- KEYS  1-25 as in Shared/queue.lua
-- ARGV  1 now   2 debounce key
-- Reply the job's id, or '' when no job of this key waits
-- Atomic: yes. Running it twice: the second time the job is in line already, and its id is answered again. A job that
--         waits for its turn starts as soon as that has come.
-- Bound: one look per worker.

local field = 'd:' .. ARGV[2]
local value = call('HGET', keys, field)
local id = value and match(value, '^(%S+)')
local envelope = id and call('HGET', jobs, id)
if not envelope then return '' end
local waiting = call('HGET', next_jobs, ARGV[2])
if waiting then
  -- The job runs; the one after it starts as soon as it has ended.
  local follower, rest = match(waiting, '^(%S+) %d+ (.*)$')
  call('HSET', next_jobs, ARGV[2], follower .. ' ' .. now .. ' ' .. rest)
  return follower
end
local header = header_of(envelope)
local lane = lane_of(header)
local turn = turn_of(id, header)
if turn then
  chains().set_due(turn, 0)
  return id
end
-- A job that has run and waits to be tried again keeps its delay.
if due_time(id, lane) and match(header, '^%d+ %S+ %S+ 0 0 0') then
  call('ZREM', due, id)
  if lane ~= '' then call('ZREM', lanes_due, id .. ' ' .. lane) end
  place(id, lane, 0)
  finish()
  wake(woken)
end
return id
