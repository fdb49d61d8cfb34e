-- work: settles what a worker finished and claims its next jobs, in one step.
--
-- KEYS  1-25 as in Shared/queue.lua   26 claims of this worker
-- ARGV  1 now   2 worker   3 how many jobs to claim   4 most jobs to promote, and as many of lanes
--       5 most buried jobs kept   6 how long they are kept, ms
--       7 number of groups of plain acks, then per group: fence, number of ids, ids
--       then the number of other settlements, and per settlement: what it is, id, fence, and
--         'done'     trace ('' = none), number of follow-up jobs, per job: id, delay in ms, lane, key, envelope
--         'cancel'   note: it was stopped because somebody asked for it
--         'requeue'  header, delay in ms (0 = to the head of its line), error ('' keeps the last one), counter to raise,
--                    for how long its lane is held, ms (0 = not at all), what it says of its lane's target ('' | 'bad')
--         'bury'     header, reason, what it says of its lane's target
--         'keep'     header ('' leaves it as it is), new arguments; the claim stays
-- Reply {fence of the claimed, ms until something here comes due (-1 = nothing), jobs and lanes left to serve, number of
--        stale settlements, number of jobs to be cancelled, then their ids, then per claimed job: id, envelope}
-- Atomic: a claim, its owner, its fence and its lease change together; a settlement whose fence is not the one of the
-- worker's claim is refused whole. Running it twice settles once: the second time every settlement is stale.
-- Bound: the worker's concurrency, the promotion limit, 100 trimmed jobs, 100 lanes whose hold ends.
--
-- A claim is '<fence>', or '<fence> <lane>'. A fence is at least the time of its claim in ms, and greater than the last.

local claims = KEYS[26]
-- A Redis at its maxmemory refuses a script at its first command that needs memory, unless that script has written before.
-- Only workers can empty it, so this one has: removing what is never there needs none, and from here on all is allowed.
call('HDEL', claims, '')
local worker, want, most_promoted = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local most_dead, dead_age = tonumber(ARGV[5]), tonumber(ARGV[6])

-- unpack() is limited by Lua's C stack (about 8,000 values), so long lists go in slices.
local function in_slices(command, key, values, size)
  for first = 1, #values, size do
    call(command, key, unpack(values, first, min(first + size - 1, #values)))
  end
end

local stale, at = {}, 8
local done_count = 0
local ended, good, bad = {}, {}, {}  -- per lane: jobs that stopped running, and what they say of its target

-- A job whose cancelling was asked for does not go on, whatever became of this run.
local has_cancels = call('HLEN', cancels) > 0
local has_labels = call('HEXISTS', keys, 's') == 1

local function count_in(tally, lane) tally[lane] = (tally[lane] or 0) + 1 end

-- The lane of a claim with this fence ('' = none); nil when the worker has no such claim.
local function lane_of_claim(claim, fence)
  if claim == fence then return '' end
  if claim and sub(claim, 1, #fence + 1) == fence .. ' ' then return sub(claim, #fence + 2) end
  return nil
end

-- Plain acks: one look-up, one removal from the claims and one of the envelopes for all of a fence.
local function acknowledge(fence, first, last)
  local ids = { unpack(ARGV, first, last) }
  local found, settled = call('HMGET', claims, unpack(ids)), ids
  for index, claim in ipairs(found) do
    if claim ~= fence then
      local lane = lane_of_claim(claim, fence)
      if lane then
        count_in(ended, lane)
        count_in(good, lane)
      else
        if settled == ids then settled = { unpack(ids, 1, index - 1) } end
        stale[#stale + 1] = ids[index]
      end
      if lane and settled ~= ids then settled[#settled + 1] = ids[index] end
    elseif settled ~= ids then
      settled[#settled + 1] = ids[index]
    end
  end
  if #settled > 0 then
    call('HDEL', claims, unpack(settled))
    call('HDEL', jobs, unpack(settled))
    if has_cancels then call('HDEL', cancels, unpack(settled)) end
    if has_labels then
      for _, id in ipairs(settled) do forget_labels(id) end
    end
    done_count = done_count + #settled
  end
end

for _ = 1, tonumber(ARGV[7]) do
  local fence, count = ARGV[at], tonumber(ARGV[at + 1])
  at = at + 2
  for first = at, at + count - 1, 2000 do acknowledge(fence, first, min(first + 1999, at + count - 1)) end
  at = at + count
end

local function finish_cancelled(id, header, note)
  call('HDEL', cancels, id)
  call('HDEL', jobs, id)
  call('HDEL', errors, id)
  call('HINCRBY', counters, 'cancelled', 1)
  trace_end(id, 'cancelled', header, note)
  release(id, header)
end

local settle = {}

function settle.done(id, at, lane)
  local line, follow_count = ARGV[at], tonumber(ARGV[at + 1])
  local envelope = call('HGET', jobs, id)
  local header = envelope and header_of(envelope) or ''
  call('HDEL', jobs, id)
  call('HDEL', errors, id)
  if has_cancels then call('HDEL', cancels, id) end
  if line ~= '' then trace(id, line, is_tracked(header)) end
  release(id, header)
  for index = 0, follow_count - 1 do
    local follower = at + 2 + index * 5
    submit(
      ARGV[follower], tonumber(ARGV[follower + 1]), ARGV[follower + 2], ARGV[follower + 3], ARGV[follower + 4])
  end
  if lane ~= '' then count_in(good, lane) end
  done_count = done_count + 1
end

function settle.cancel(id, at)
  local envelope = call('HGET', jobs, id)
  if envelope then finish_cancelled(id, header_of(envelope), ARGV[at]) end
end

function settle.requeue(id, at, lane)
  local header, delay, reason = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]
  local held, verdict = tonumber(ARGV[at + 4]), ARGV[at + 5]
  if lane ~= '' then
    if verdict == 'bad' then count_in(bad, lane) end
    if held > 0 then hold(lane, now + held) end
  end
  local envelope = call('HGET', jobs, id)
  if not envelope then return end
  -- It may have become tracked while it ran.
  header = carrying(header, envelope)
  if has_cancels and call('HEXISTS', cancels, id) == 1 then
    finish_cancelled(id, header, 'cancelled while it ran')
    return
  end
  local follower = follower_of(id, header)
  if follower then
    supersede(id, header, follower, now + delay)
    return
  end
  call('HSET', jobs, id, header .. arguments_of(envelope))
  if reason ~= '' then call('HSET', errors, id, now .. ' ' .. reason) end
  call('HINCRBY', counters, ARGV[at + 3], 1)
  -- By the header, not by the claim: a job that this release put into a lane may come back from one that knew none.
  place(id, lane_of(header), delay, true)
end

function settle.bury(id, at, lane)
  if lane ~= '' and ARGV[at + 2] == 'bad' then count_in(bad, lane) end
  local envelope = call('HGET', jobs, id)
  if not envelope then return end
  local header = carrying(ARGV[at], envelope)
  if has_cancels then call('HDEL', cancels, id) end
  call('HSET', jobs, id, header .. arguments_of(envelope))
  call('HSET', errors, id, now .. ' ' .. ARGV[at + 1])
  call('ZADD', dead, now, id)
  call('HINCRBY', counters, 'buried', 1)
  if is_tracked(header) then trace_end(id, 'dead', header, ARGV[at + 1]) end
  release(id, header)
end

function settle.keep(id, at)
  local envelope = call('HGET', jobs, id)
  if not envelope then return end
  local header = ARGV[at] == '' and header_of(envelope) or carrying(ARGV[at], envelope)
  call('HSET', jobs, id, header .. '\n' .. ARGV[at + 1])
end

local lengths = { cancel = 1, requeue = 6, bury = 3, keep = 2 }
local other_count = tonumber(ARGV[at])
at = at + 1
for _ = 1, other_count do
  local what, id, fence = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  at = at + 3
  local lane = lane_of_claim(call('HGET', claims, id), fence)
  if lane then
    if what ~= 'keep' then
      call('HDEL', claims, id)
      if lane ~= '' then count_in(ended, lane) end
    end
    settle[what](id, at, lane)
  else
    stale[#stale + 1] = id
  end
  at = at + (what == 'done' and 2 + tonumber(ARGV[at + 1]) * 5 or lengths[what])
end
for lane, count in pairs(ended) do
  judge(lane, good[lane] or 0, bad[lane] or 0)
  lane_ended(lane, count)
end
if done_count > 0 then call('HINCRBY', counters, 'done', done_count) end
if #stale > 0 then call('HINCRBY', counters, 'stale', #stale) end

-- The dead set's caps: the oldest leave first and go on as a trace.
local function forget(ids)
  for _, id in ipairs(ids) do
    local envelope = call('HGET', jobs, id)
    if envelope then
      trace_end(id, 'dead', header_of(envelope), reason_of(call('HGET', errors, id)) or '')
    end
    call('HDEL', jobs, id)
    call('HDEL', errors, id)
    call('ZREM', dead, id)
  end
  call('HINCRBY', counters, 'dead_dropped', #ids)
end
if other_count > 0 then
  local surplus = min(call('ZCARD', dead) - most_dead, 100)
  if surplus > 0 then forget(call('ZRANGE', dead, 0, surplus - 1)) end
  local old = call('ZRANGEBYSCORE', dead, '-inf', now - dead_age, 'LIMIT', 0, 100)
  if #old > 0 then forget(old) end
end

-- Promote what is due, in order of its due time.
local promoted = call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, most_promoted)
if #promoted > 0 then
  in_slices('RPUSH', ready, promoted, 2000)
  call('ZREMRANGEBYRANK', due, 0, #promoted - 1)
end
local promoted_laned = call('ZRANGEBYSCORE', lanes_due, '-inf', now, 'LIMIT', 0, most_promoted)
if #promoted_laned > 0 then
  call('ZREMRANGEBYRANK', lanes_due, 0, #promoted_laned - 1)
  for _, member in ipairs(promoted_laned) do
    local id, lane = match(member, '^(%S+) (%S+)$')
    place(id, lane, 0)
  end
end
free_held()

-- What is claimed: ids and, at the same place, their lane ('' = none).
local ids, id_lanes = {}, {}
local is_paused = call('HEXISTS', meta, 'paused') == 1

local function take(id, lane)
  ids[#ids + 1] = id
  id_lanes[#id_lanes + 1] = lane
end

local function take_ready(most)
  for _, id in ipairs(call('LPOP', ready, most) or {}) do take(id, '') end
end

-- The line without lanes has its turn among the lanes: always a fair share, and what they leave.
local function claim_by_turns(lanes_in_ring)
  local has_ready = call('LLEN', ready) > 0
  local parties = lanes_in_ring + (has_ready and 1 or 0)
  local share = ceil(want / parties)
  if has_ready and (want >= parties or call('HINCRBY', meta, 'turn', 1) % parties == 0) then take_ready(share) end
  for _ = 1, want + lanes_in_ring do
    if #ids >= want then return end
    local lane = call('LPOP', ring)
    if not lane then break end
    serve(lane, min(share, want - #ids), take)
  end
  if #ids < want then take_ready(want - #ids) end
end

if want > 0 and not is_paused then
  local lanes_in_ring = call('LLEN', ring)
  if lanes_in_ring == 0 then
    ids = call('LPOP', ready, want) or {}
  else
    claim_by_turns(lanes_in_ring)
  end
end

local claimed, first_fence = {}, 0
if #ids > 0 then
  -- One fence for all that is claimed together: a job is in it once. As text, since Redis formats a number each time.
  first_fence = max(tonumber(call('HGET', meta, 'fence') or 0) + 1, now)
  local fence = string.format('%d', first_fence)
  call('HSET', meta, 'fence', fence)
  local pairs_to_set, missing, missing_lanes = {}, {}, {}
  for first = 1, #ids, 2000 do
    local last = min(first + 1999, #ids)
    local envelopes = call('HMGET', jobs, unpack(ids, first, last))
    for index = first, last do
      local envelope, lane = envelopes[index - first + 1], id_lanes[index]
      if envelope then
        claimed[#claimed + 1] = ids[index]
        claimed[#claimed + 1] = envelope
        pairs_to_set[#pairs_to_set + 1] = ids[index]
        pairs_to_set[#pairs_to_set + 1] = (lane and lane ~= '') and fence .. ' ' .. lane or fence
      else
        missing[#missing + 1] = ids[index]
        if lane and lane ~= '' then count_in(missing_lanes, lane) end
      end
    end
  end
  if #missing > 0 then
    local known = 0
    for _, id in ipairs(missing) do known = known + call('SREM', cancelled, id) end
    if #missing > known then call('HINCRBY', counters, 'orphans', #missing - known) end
    for lane, count in pairs(missing_lanes) do lane_ended(lane, count) end
  end
  -- Redis keeps a hash of up to 512 short fields as a list, in which each look-up reads on average half of it. One long
  -- value turns it into a table, which it stays when the value goes.
  local is_large = #pairs_to_set >= 64
  if is_large then call('HSET', claims, '', string.rep('x', 65)) end
  if #pairs_to_set > 0 then in_slices('HSET', claims, pairs_to_set, 4000) end
  if is_large then call('HDEL', claims, '') end
end
if #claimed > 0 then call('ZADD', leases, now, worker) end
finish()

-- Work left behind must not wait for this worker: one token wakes another that is idle. With nothing left, tokens are
-- stale and would only wake somebody for nothing; so they would be while the queue is paused.
local left = call('LLEN', ready) + call('LLEN', ring)
local until_due = -1
for _, key in ipairs({ due, lanes_due, lanes_held }) do
  local first = tonumber(call('ZRANGE', key, 0, 0, 'WITHSCORES')[2])
  if first and (until_due < 0 or first - now < until_due) then until_due = max(0, first - now) end
end
if is_paused then
  call('DEL', doorbell)
elseif left > 0 then
  if call('LLEN', doorbell) == 0 then call('RPUSH', doorbell, '1') end
elseif want > 0 and until_due ~= 0 then
  call('DEL', doorbell)
end

local to_cancel = {}
if has_cancels then
  for _, id in ipairs(call('HKEYS', cancels)) do
    if call('HEXISTS', claims, id) == 1 then to_cancel[#to_cancel + 1] = id end
  end
end

local reply = { first_fence, until_due, left, #stale, #to_cancel }
for _, id in ipairs(stale) do reply[#reply + 1] = id end
for _, id in ipairs(to_cancel) do reply[#reply + 1] = id end
for _, value in ipairs(claimed) do reply[#reply + 1] = value end
return reply
