-- beat: one heartbeat of a process, and a look at whose leases ran out.
--
-- KEYS  1 workers  2 their descriptions  3 clock of the beats  4... the leases of each queue the process knows
-- ARGV  1 now in ms, 0 = this server's clock   2 process   3 its description ('' = it only watches and is not listed)
--       4 how long a lease lasts without a beat, ms   5 how long a silent process stays listed, ms
--       6... per leases key '1' if the process holds claims there, else '0'
-- Reply {per leases key: names of workers there whose lease ran out, separated by line ends; '' = none}
-- Atomic: yes. Running it twice is one later beat.
--
-- Silence of everybody is not the death of anybody: it means that this server was away or its clock jumped. Then every
-- lease gets its full length again, counted from the first beat after the silence.

local time_now = tonumber(ARGV[1])
if time_now == 0 then
  local time = redis.call('TIME')
  time_now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local name, description, lease, listed = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

local clock = redis.call('HMGET', KEYS[3], 'last', 'grace')
local last, grace = tonumber(clock[1]) or 0, tonumber(clock[2]) or 0
if time_now - last > lease / 2 or time_now < last - 1000 then
  grace = time_now + lease
  redis.call('HSET', KEYS[3], 'grace', grace)
end
redis.call('HSET', KEYS[3], 'last', time_now)

if description ~= '' then
  redis.call('ZADD', KEYS[1], time_now, name)
  redis.call('HSET', KEYS[2], name, description)
end
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', time_now - listed, 'LIMIT', 0, 100)
for _, silent in ipairs(gone) do
  redis.call('ZREM', KEYS[1], silent)
  redis.call('HDEL', KEYS[2], silent)
end

local reply = {}
for index = 4, #KEYS do
  if ARGV[index + 2] == '1' then redis.call('ZADD', KEYS[index], time_now, name) end
  -- A lease from the future was written before the clock was set back: it starts now.
  for _, early in ipairs(redis.call('ZRANGEBYSCORE', KEYS[index], time_now + lease, '+inf', 'LIMIT', 0, 100)) do
    redis.call('ZADD', KEYS[index], time_now, early)
  end
  local expired = {}
  if time_now >= grace then
    expired = redis.call('ZRANGEBYSCORE', KEYS[index], '-inf', time_now - lease, 'LIMIT', 0, 10)
  end
  reply[#reply + 1] = table.concat(expired, '\n')
end
return reply
