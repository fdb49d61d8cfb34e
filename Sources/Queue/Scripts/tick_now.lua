-- tick_now: a tick outside the pattern, because somebody asked for it.
--
-- KEYS  as in tick.lua
-- ARGV  1 now   2 name   3 id   4 lane   5 key   6 envelope
-- Reply the id of the job that does the work: the new one, or the one of an earlier tick that is still pending
-- Atomic: the job and its line appear together. Running it twice is two ticks, unless the job has a unique key.

local schedules, ticks = KEYS[26], KEYS[27]
local name, id = ARGV[2], ARGV[3]
local owner = submit(id, 0, ARGV[4], ARGV[5], ARGV[6])
local outcome = owner == id and 'manual' or 'skipped'
local reason = owner == id and '' or 'the job of an earlier tick is still pending'
-- The field has the id, so that it meets no tick of the pattern at the same millisecond.
local field = name .. ' ' .. now .. ' ' .. id
local line = table.concat({ outcome, now, 0, owner, now, 1, reason }, ' ')
call('HSET', ticks, field, line)
call('HSET', schedules, name .. ' tick', field .. '\n' .. line)
finish()
wake(woken)
return owner
