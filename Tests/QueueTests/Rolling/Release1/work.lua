-- work: settles what a worker finished and claims its next jobs, in one step.
--
-- KEYS  1 ready  2 jobs  3 due  4 claims of this worker  5 leases  6 meta  7 dead  8 errors  9 finished  10 doorbell
--       11 counters
-- ARGV  1 now in ms, 0 = this server's clock   2 worker   3 how many jobs to claim   4 most jobs to promote
--       5 most buried jobs kept   6 how long they are kept, ms   7 most finished traces kept
--       8 number of plain acks, then per ack: id, fence
--       then the number of other settlements, and per settlement: what it is, id, fence, and
--         'done'     trace ('' = none), number of follow-up jobs, per job: id, delay in ms, envelope
--         'requeue'  header, delay in ms (0 = to the head of ready), error ('' keeps the last one), new arguments
--                    ('' keeps them), counter to raise
--         'bury'     header, reason
--         'keep'     new arguments; the claim stays
-- Reply {fence of the claimed, ms until the next due job (-1 = none), length of ready, number of stale
--        settlements, then their ids, then per claimed job: id, envelope}
-- Atomic: a claim, its owner, its fence and its lease change together; a settlement whose fence is not the one of the
-- worker's claim is refused whole. Running it twice settles once: the second time every settlement is stale.
-- Bound: the worker's concurrency, the promotion limit and 100 trimmed jobs.

local ready, jobs, due, claims, leases, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local dead, errors, finished, doorbell, counters = KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local worker, want, most_promoted = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local most_dead, dead_age, most_finished = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

-- unpack() is limited by Lua's C stack (about 8,000 values), so long lists go in slices.
local function in_slices(command, key, values, size)
  for first = 1, #values, size do
    redis.call(command, key, unpack(values, first, math.min(first + size - 1, #values)))
  end
end

local function trace(id, line)
  if redis.call('HLEN', finished) < most_finished then
    redis.call('HSET', finished, id, now .. ' ' .. line)
  else
    redis.call('HINCRBY', counters, 'traces_dropped', 1)
  end
end

local stale, at = {}, 9
local done_count = 0

-- Plain acks: one look-up, one removal from the claims and one of the envelopes for all.
local ack_count = tonumber(ARGV[8])
for first = 1, ack_count, 2000 do
  local ids = {}
  local last = math.min(first + 1999, ack_count)
  for number = first, last do ids[#ids + 1] = ARGV[at + (number - 1) * 2] end
  local fences = redis.call('HMGET', claims, unpack(ids))
  local settled = {}
  for index, id in ipairs(ids) do
    if fences[index] == ARGV[at + (first + index - 2) * 2 + 1] then
      settled[#settled + 1] = id
    else
      stale[#stale + 1] = id
    end
  end
  if #settled > 0 then
    redis.call('HDEL', claims, unpack(settled))
    redis.call('HDEL', jobs, unpack(settled))
    done_count = done_count + #settled
  end
end
at = at + ack_count * 2

local function requeue(id, delay)
  if delay > 0 then
    redis.call('ZADD', due, now + delay, id)
  else
    redis.call('LPUSH', ready, id)
  end
end

local settle = {}

function settle.done(id, at)
  local line, follow_count = ARGV[at], tonumber(ARGV[at + 1])
  redis.call('HDEL', jobs, id)
  redis.call('HDEL', errors, id)
  if line ~= '' then trace(id, line) end
  for index = 0, follow_count - 1 do
    local follower = at + 2 + index * 3
    redis.call('HSET', jobs, ARGV[follower], ARGV[follower + 2])
    local delay = tonumber(ARGV[follower + 1])
    if delay > 0 then
      redis.call('ZADD', due, now + delay, ARGV[follower])
    else
      redis.call('RPUSH', ready, ARGV[follower])
    end
  end
  if follow_count > 0 then redis.call('HINCRBY', counters, 'enqueued', follow_count) end
  done_count = done_count + 1
end

local function arguments_of(envelope)
  local line_end = string.find(envelope, '\n', 1, true)
  return string.sub(envelope, line_end)
end

function settle.requeue(id, at)
  local header, delay, reason, arguments = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
  if arguments ~= '' then
    redis.call('HSET', jobs, id, header .. '\n' .. arguments)
  else
    local envelope = redis.call('HGET', jobs, id)
    if not envelope then return end
    redis.call('HSET', jobs, id, header .. arguments_of(envelope))
  end
  if reason ~= '' then redis.call('HSET', errors, id, now .. ' ' .. reason) end
  requeue(id, delay)
  redis.call('HINCRBY', counters, ARGV[at + 4], 1)
end

function settle.bury(id, at)
  local envelope = redis.call('HGET', jobs, id)
  if not envelope then return end
  redis.call('HSET', jobs, id, ARGV[at] .. arguments_of(envelope))
  redis.call('HSET', errors, id, now .. ' ' .. ARGV[at + 1])
  redis.call('ZADD', dead, now, id)
  redis.call('HINCRBY', counters, 'buried', 1)
end

function settle.keep(id, at)
  local envelope = redis.call('HGET', jobs, id)
  if not envelope then return end
  local line_end = string.find(envelope, '\n', 1, true)
  redis.call('HSET', jobs, id, string.sub(envelope, 1, line_end) .. ARGV[at])
end

local other_count = tonumber(ARGV[at])
at = at + 1
for _ = 1, other_count do
  local what, id, fence = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  at = at + 3
  if redis.call('HGET', claims, id) == fence then
    if what ~= 'keep' then redis.call('HDEL', claims, id) end
    settle[what](id, at)
  else
    stale[#stale + 1] = id
  end
  if what == 'done' then
    at = at + 2 + tonumber(ARGV[at + 1]) * 3
  elseif what == 'requeue' then
    at = at + 5
  elseif what == 'bury' then
    at = at + 2
  else
    at = at + 1
  end
end
if done_count > 0 then redis.call('HINCRBY', counters, 'done', done_count) end
if #stale > 0 then redis.call('HINCRBY', counters, 'stale', #stale) end

-- The dead set's caps: the oldest leave first and go on as a trace.
local function forget(ids)
  for _, id in ipairs(ids) do
    local envelope = redis.call('HGET', jobs, id)
    if envelope then
      local kind, attempts, crashes, deferrals = string.match(envelope, '^%d+ (%S+) %S+ (%d+) (%d+) (%d+)')
      if kind then
        local reason = redis.call('HGET', errors, id) or ''
        trace(id, table.concat({ 'dead', kind, attempts, crashes, deferrals }, ' ') .. '\n' .. reason)
      end
    end
    redis.call('HDEL', jobs, id)
    redis.call('HDEL', errors, id)
    redis.call('ZREM', dead, id)
  end
  redis.call('HINCRBY', counters, 'dead_dropped', #ids)
end
if other_count > 0 then
  local surplus = math.min(redis.call('ZCARD', dead) - most_dead, 100)
  if surplus > 0 then forget(redis.call('ZRANGE', dead, 0, surplus - 1)) end
  local old = redis.call('ZRANGEBYSCORE', dead, '-inf', now - dead_age, 'LIMIT', 0, 100)
  if #old > 0 then forget(old) end
end

-- Promote what is due, in order of its due time.
local promoted = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, most_promoted)
if #promoted > 0 then
  in_slices('RPUSH', ready, promoted, 2000)
  in_slices('ZREM', due, promoted, 2000)
end

local claimed, first_fence = {}, 0
if want > 0 and not redis.call('HGET', meta, 'paused') then
  local ids = redis.call('LPOP', ready, want)
  if ids and #ids > 0 then
    -- One fence for all that is claimed together: a job is in it once. As text, since Redis formats a number each time.
    first_fence = redis.call('HINCRBY', meta, 'fence', 1)
    local pairs_to_set, fence = {}, string.format('%d', first_fence)
    for first = 1, #ids, 2000 do
      local last = math.min(first + 1999, #ids)
      local envelopes = redis.call('HMGET', jobs, unpack(ids, first, last))
      for index = first, last do
        local envelope = envelopes[index - first + 1]
        if envelope then
          claimed[#claimed + 1] = ids[index]
          claimed[#claimed + 1] = envelope
          pairs_to_set[#pairs_to_set + 1] = ids[index]
          pairs_to_set[#pairs_to_set + 1] = fence
        end
      end
    end
    local orphans = #ids - #claimed / 2
    if orphans > 0 then redis.call('HINCRBY', counters, 'orphans', orphans) end
    -- Redis keeps a hash of up to 512 short fields as a list, in which each look-up reads on average half of it. One long
    -- value turns it into a table, which it stays when the value goes.
    local is_large = #pairs_to_set >= 64
    if is_large then redis.call('HSET', claims, '', string.rep('x', 65)) end
    if #pairs_to_set > 0 then in_slices('HSET', claims, pairs_to_set, 4000) end
    if is_large then redis.call('HDEL', claims, '') end
  end
end
if #claimed > 0 then redis.call('ZADD', leases, now, worker) end

-- Work left behind must not wait for this worker: one token wakes another that is idle. With nothing left, tokens are
-- stale and would only wake somebody for nothing.
local left = redis.call('LLEN', ready)
local next_due = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
local until_due = -1
if next_due[2] then until_due = math.max(0, tonumber(next_due[2]) - now) end
if left > 0 then
  if redis.call('LLEN', doorbell) == 0 then redis.call('RPUSH', doorbell, '1') end
elseif want > 0 and until_due ~= 0 then
  redis.call('DEL', doorbell)
end

local reply = { first_fence, until_due, left, #stale }
for _, id in ipairs(stale) do reply[#reply + 1] = id end
for _, value in ipairs(claimed) do reply[#reply + 1] = value end
return reply
