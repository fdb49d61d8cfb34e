-- leave: a worker that has settled everything takes itself off a queue.
--
-- KEYS  1 leases  2 claims of the worker
-- ARGV  1 worker
-- Reply 1 when it left, 0 when it still holds claims (then its lease runs out and the claims are given back)
-- Atomic: yes. Running it twice: the second time nothing is there.

if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
