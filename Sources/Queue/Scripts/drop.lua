-- drop: takes buried jobs out of the dead set for good; each leaves a trace.
--
-- KEYS  1 dead  2 jobs  3 errors  4 finished  5 counters
-- ARGV  1 now in ms, 0 = this server's clock   2 most finished traces kept   3... ids
-- Reply how many were dropped
-- Atomic: yes. Running it twice drops nothing twice: an id that is not in the dead set is passed over.
-- Bound: the number of ids.

local dead, jobs, errors, finished, counters = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now, most_finished = tonumber(ARGV[1]), tonumber(ARGV[2])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local count, untraced = 0, 0
for index = 3, #ARGV do
  local id = ARGV[index]
  if redis.call('ZREM', dead, id) == 1 then
    count = count + 1
    local envelope = redis.call('HGET', jobs, id)
    local header = envelope and string.match(envelope, '^[^\n]*')
    local kind, attempts, crashes, deferrals
    if header then kind, attempts, crashes, deferrals = string.match(header, '^%d+ (%S+) %S+ (%d+) (%d+) (%d+)') end
    if kind and (redis.call('HLEN', finished) < most_finished or string.find(header .. ' ', ' r=1 ', 1, true)) then
      -- An error is kept as its time, a space, the reason.
      local reason = string.match(redis.call('HGET', errors, id) or '', '^%d+ (.*)$') or 'no reason kept'
      redis.call('HSET', finished, id, table.concat({ string.format('%d', now), 'dead', kind, attempts, crashes,
        deferrals }, ' ') .. '\n' .. 'removed from the dead set; it was buried because: ' .. reason)
    elseif kind then
      untraced = untraced + 1
    end
    redis.call('HDEL', jobs, id)
    redis.call('HDEL', errors, id)
  end
end
if count > 0 then redis.call('HINCRBY', counters, 'dropped', count) end
if untraced > 0 then redis.call('HINCRBY', counters, 'traces_dropped', untraced) end
return count
