-- pace: looks at a queue's totals and keeps a sample of them now and then, so that any look can tell how fast it drains.
--
-- KEYS  1 counters  2 pace
-- ARGV  1 now in ms, 0 = this server's clock   2 the least time between two samples, ms   3 most samples kept
-- Reply {now in ms, jobs ended so far, jobs enqueued so far, then the samples, the oldest first, each as these three
--        numbers separated by spaces}
-- Atomic: yes. Running it twice keeps one sample.
-- Bound: ARGV[3].

local counters, pace = KEYS[1], KEYS[2]
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local totals = redis.call('HMGET', counters, 'done', 'buried', 'quarantined', 'cancelled', 'enqueued')
local ended = 0
for index = 1, 4 do ended = ended + (tonumber(totals[index]) or 0) end
local enqueued = tonumber(totals[5]) or 0

local newest = redis.call('LINDEX', pace, -1)
local newest_time, newest_ended
if newest then newest_time, newest_ended = string.match(newest, '^(%d+) (%d+) ') end
if newest and (tonumber(newest_time) > now or tonumber(newest_ended) > ended) then
  -- The clock was set back, or the totals began anew: what was sampled tells nothing of them.
  redis.call('DEL', pace)
  newest = nil
end
if not newest or now - tonumber(newest_time) >= tonumber(ARGV[2]) then
  redis.call('RPUSH', pace, string.format('%d %d %d', now, ended, enqueued))
  redis.call('LTRIM', pace, -tonumber(ARGV[3]), -1)
end

local reply = { now, ended, enqueued }
for _, sample in ipairs(redis.call('LRANGE', pace, 0, -1)) do reply[#reply + 1] = sample end
return reply
