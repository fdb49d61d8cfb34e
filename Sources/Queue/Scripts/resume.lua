-- resume: a paused queue may be claimed from again, and idle workers are told.
--
-- KEYS  1 meta  2 doorbell
-- ARGV  1 most tokens in the doorbell
-- Reply 1 when it was paused, 0 when it was not
-- Atomic: yes. Running it twice changes nothing: the second time it is not paused.
-- Bound: ARGV[1].

if redis.call('HDEL', KEYS[1], 'paused') == 0 then return 0 end
-- As many as may be idle: one that finds nothing left to claim takes the stale tokens away.
for _ = redis.call('LLEN', KEYS[2]) + 1, tonumber(ARGV[1]) do redis.call('RPUSH', KEYS[2], '1') end
return 1
