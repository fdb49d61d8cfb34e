-- tick: moves a schedule past its ticks: enqueues the job of each that fires, and writes each into the ledger.
--
-- KEYS  1-25 as in Shared/queue.lua   26 schedules: '<name>' -> last target, '<name> paused' -> since,
--       '<name> times' -> what its times follow from, '<name> tick' -> the last line's field, a line end, the line
--       27 ticks: the ledger's lines on their way to the history, '<name> <target>' -> line
-- ARGV  1 now   2 name   3 last target that the caller knows ('' = it has never seen the schedule)   4 new last target
--       5 what the caller's times follow from   6 number of skips, then per skip: first target, last target, count, reason
--       then the number of fires, and per fire: target, id, lane, key, envelope
-- Reply {'moved', then per fire its job's id, '' = it did not fire} or {'behind', the last target in truth ('' = none)}:
--       somebody else has moved the schedule, and nothing was done
-- Atomic: ticks, their jobs and their lines appear together. Running it twice: the second time the last target is another,
-- so nothing is done; that is what makes a tick unique, however many schedulers there are.
-- Bound: the caller limits skips and fires.
--
-- A line is '<outcome> <now> <late in ms> <job's id or -> <last target> <count> <reason>'.

local schedules, ticks = KEYS[26], KEYS[27]
local name, expected, target = ARGV[2], ARGV[3], ARGV[4]
local last = call('HGET', schedules, name) or ''
if last ~= expected then return { 'behind', last } end
call('HSET', schedules, name, target, name .. ' times', ARGV[5])

local latest
local function record(outcome, first, id, till, count, reason)
  local late = max(0, now - tonumber(first))
  local field = name .. ' ' .. first
  local line = table.concat({ outcome, now, late, id, till, count, reason }, ' ')
  latest = field .. '\n' .. line
  if call('HLEN', ticks) >= most_finished then
    call('HINCRBY', counters, 'ticks_dropped', 1)
    return
  end
  call('HSET', ticks, field, line)
end

local at = 7
for _ = 1, tonumber(ARGV[6]) do
  record('skipped', ARGV[at], '-', ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
  at = at + 4
end

local is_paused = call('HEXISTS', schedules, name .. ' paused') == 1
local reply = { 'moved' }
local fires = tonumber(ARGV[at])
at = at + 1
for _ = 1, fires do
  local due_at, id = ARGV[at], ARGV[at + 1]
  local owner = ''
  if is_paused then
    record('skipped', due_at, '-', due_at, 1, 'the schedule is paused')
  else
    owner = submit(id, 0, ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
    if owner == id then
      record('fired', due_at, id, due_at, 1, '')
    else
      record('skipped', due_at, owner, due_at, 1, 'the job of an earlier tick is still pending')
      owner = ''
    end
  end
  reply[#reply + 1] = owner
  at = at + 5
end
if latest then call('HSET', schedules, name .. ' tick', latest) end
finish()
wake(woken)
return reply
