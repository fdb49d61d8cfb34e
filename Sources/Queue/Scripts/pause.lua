-- pause: no claims from a queue until it is resumed. Jobs still come in, fall due and settle.
--
-- KEYS  1 meta
-- ARGV  1 now in ms, 0 = this server's clock
-- Reply 1 when it is paused now, 0 when it was already (then the time of the first pause stays)
-- Atomic: yes. Running it twice changes nothing.

local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
return redis.call('HSETNX', KEYS[1], 'paused', string.format('%d', now))
