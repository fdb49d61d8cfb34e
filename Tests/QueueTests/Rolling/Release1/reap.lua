-- reap: gives a dead worker's claims back to the queue.
--
-- KEYS  1 leases  2 claims of the dead worker  3 jobs  4 ready  5 dead  6 errors  7 doorbell  8 counters
-- ARGV  1 now in ms, 0 = this server's clock   2 the dead worker   3 how long a lease lasts without a beat, ms
--       4 most claims to take in this call   5 crashes at which a job is quarantined   6 most tokens in the doorbell
-- Reply {claims given back, jobs quarantined, claims left}; {0, 0, -1} when the worker is alive after all
-- Atomic: yes; the lease is judged here again. Running it twice gives nothing back twice: the claims are gone.
-- Bound: ARGV[4].

local leases, claims, jobs, ready, dead = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local errors, doorbell, counters = KEYS[6], KEYS[7], KEYS[8]
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local worker, lease, most, quarantine_at = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local beat = tonumber(redis.call('ZSCORE', leases, worker))
if beat and beat > now - lease then return { 0, 0, -1 } end

local given_back, quarantined = 0, 0
for _, id in ipairs(redis.call('HRANDFIELD', claims, most)) do
  redis.call('HDEL', claims, id)
  local envelope = redis.call('HGET', jobs, id)
  if envelope then
    local front, crashes, rest = string.match(envelope, '^(%d+ %S+ %S+ %d+ )(%d+)(.*)$')
    crashes = tonumber(crashes) + 1
    redis.call('HSET', jobs, id, front .. crashes .. rest)
    if crashes >= quarantine_at then
      redis.call('ZADD', dead, now, id)
      redis.call('HSET', errors, id, now .. ' quarantined: ' .. crashes .. ' worker processes died while they ran it')
      quarantined = quarantined + 1
    else
      redis.call('LPUSH', ready, id)
      given_back = given_back + 1
    end
  end
end
if given_back > 0 then
  redis.call('HINCRBY', counters, 'recovered', given_back)
  local room = tonumber(ARGV[6]) - redis.call('LLEN', doorbell)
  for _ = 1, math.min(given_back, room) do redis.call('RPUSH', doorbell, '1') end
end
if quarantined > 0 then redis.call('HINCRBY', counters, 'quarantined', quarantined) end
local left = redis.call('HLEN', claims)
if left == 0 then redis.call('ZREM', leases, worker) end
return { given_back, quarantined, left }
