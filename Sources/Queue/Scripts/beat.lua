-- beat: one heartbeat of a process, a look at whose leases ran out, and what the process is told.
--
-- KEYS  1 workers  2 their descriptions  3 clock of the beats  4 workers told to be quiet
--       then, of each queue the process knows: its leases, its cancels, and the claims of this process
-- ARGV  1 now in ms, 0 = this server's clock   2 process   3 its description ('' = it only watches and is not listed)
--       4 how long a lease lasts without a beat, ms   5 how long a silent process stays listed, ms
--       6 '1' if the process holds claims, else '0'
-- Reply {1 if the process shall be quiet, then per queue: names of workers there whose lease ran out, separated by line
--        ends, '' = none; then per queue: ids of this process's jobs that shall be cancelled, likewise}
-- Atomic: yes. Running it twice is one later beat.
-- Bound: 100 processes and 10 leases per queue; the jobs whose cancelling is asked for.
--
-- Silence of everybody is not the death of anybody: it means that this server was away or its clock jumped. Then every
-- lease gets its full length again, counted from the first beat after the silence.

local call = redis.call
-- By how much, in ms, a clock may go back without anybody's notice.
local tolerance = 1000
-- As in work.lua: a full Redis must not make everybody look dead.
call('HDEL', KEYS[2], '')
local time_now = tonumber(ARGV[1])
if time_now == 0 then
  local time = call('TIME')
  time_now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local name, description, lease, listed = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local is_worker = ARGV[6] == '1'

local clock = call('HMGET', KEYS[3], 'last', 'grace')
local last, grace = tonumber(clock[1]) or 0, tonumber(clock[2]) or 0
if time_now - last > lease / 2 or time_now < last - tolerance then
  grace = time_now + lease
  call('HSET', KEYS[3], 'grace', grace)
end
call('HSET', KEYS[3], 'last', time_now)

if description ~= '' then
  call('ZADD', KEYS[1], time_now, name)
  call('HSET', KEYS[2], name, description)
end
for _, silent in ipairs(call('ZRANGEBYSCORE', KEYS[1], '-inf', time_now - listed, 'LIMIT', 0, 100)) do
  call('ZREM', KEYS[1], silent)
  call('HDEL', KEYS[2], silent)
  call('SREM', KEYS[4], silent)
end

local function expired_of(leases)
  if is_worker then call('ZADD', leases, time_now, name) end
  -- A lease from the future was written before the clock was set back: it starts now.
  for _, early in ipairs(call('ZRANGEBYSCORE', leases, time_now + tolerance, '+inf', 'LIMIT', 0, 100)) do
    call('ZADD', leases, time_now, early)
  end
  if time_now < grace then return '' end
  return table.concat(call('ZRANGEBYSCORE', leases, '-inf', time_now - lease, 'LIMIT', 0, 10), '\n')
end

local function cancelled_of(cancels, claims)
  local found = {}
  if is_worker and call('HLEN', cancels) > 0 then
    for _, id in ipairs(call('HKEYS', cancels)) do
      if call('HEXISTS', claims, id) == 1 then found[#found + 1] = id end
    end
  end
  return table.concat(found, '\n')
end

local reply, cancelled = { call('SISMEMBER', KEYS[4], name) }, {}
for index = 5, #KEYS, 3 do
  reply[#reply + 1] = expired_of(KEYS[index])
  cancelled[#cancelled + 1] = cancelled_of(KEYS[index + 1], KEYS[index + 2])
end
for _, ids in ipairs(cancelled) do reply[#reply + 1] = ids end
return reply
