-- roll: looks whether the list of processes, what they say of themselves, and the clock of their beats agree. Mends what
-- is wrong if asked to.
--
-- KEYS  1 workers   2 their descriptions   3 clock of the beats   4 workers told to be quiet
-- ARGV  1 now in ms, 0 = this server's clock   2 '1' = mend   3 how long a lease lasts without a beat, ms
--       4 most processes that one call goes through   5... what may be judged: "what name" of an earlier reply; none =
--         all
-- Reply {now, time of the last beat, until when nobody is given up, then per finding four strings: what, name, '1'
--        mended or '0' not, note}. A process that leaves does so in several steps: only what is found twice is wrong.
-- Atomic: yes. Running it twice mends once.
-- Bound: ARGV[4].

local call = redis.call
local workers, descriptions, clock, quiet = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local now = tonumber(ARGV[1])
if now == 0 then
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local mends, lease, most = ARGV[2] == '1', tonumber(ARGV[3]), tonumber(ARGV[4])
local is_asked
for index = 5, #ARGV do
  is_asked = is_asked or {}
  is_asked[ARGV[index]] = true
end

local beats = call('HMGET', clock, 'last', 'grace')
local last, grace = tonumber(beats[1]) or 0, tonumber(beats[2]) or 0
local reply = { now, last, grace }
local function found(what, name, note, mend)
  if is_asked and not is_asked[what .. ' ' .. name] then return end
  if mends then mend() end
  for _, text in ipairs({ what, name, mends and '1' or '0', note }) do reply[#reply + 1] = text end
end

-- A beat that finds the clock set back puts it right itself; a grace stays.
if grace > now + 2 * lease then
  local note = 'by ' .. (grace - now) .. ' ms'
  found('clock-ahead', 'grace', note, function() call('HSET', clock, 'grace', now + lease) end)
end
if last > now + 60000 then
  found('clock-ahead', 'last', 'by ' .. (last - now) .. ' ms', function() call('HSET', clock, 'last', now) end)
end
if call('ZCARD', workers) + call('HLEN', descriptions) + call('SCARD', quiet) > most then return reply end
for _, name in ipairs(call('ZRANGE', workers, 0, -1)) do
  if call('HEXISTS', descriptions, name) == 0 then
    found('worker-without-description', name, '', function() call('ZREM', workers, name) end)
  end
end
for _, name in ipairs(call('HKEYS', descriptions)) do
  if not call('ZSCORE', workers, name) then
    found('description-without-worker', name, '', function() call('HDEL', descriptions, name) end)
  end
end
for _, name in ipairs(call('SMEMBERS', quiet)) do
  if not call('ZSCORE', workers, name) then
    found('quiet-without-worker', name, '', function() call('SREM', quiet, name) end)
  end
end
return reply
