-- enqueue: puts jobs into a queue, at most once per receipt.
--
-- KEYS  1 ready  2 jobs  3 due  4 doorbell  5 counters  6... one receipt key per receipt named in ARGV, in order
-- ARGV  1 now in ms, 0 = this server's clock   2 how long receipts are kept, ms   3 most tokens in the doorbell
--       4 digest of the whole request, '' = none (then its receipt key is KEYS[6])   5 number of groups, then per group:
--         digest ('' = no receipt), number of jobs, and per job: id, delay in ms (0 = now), envelope
-- Reply {'new' | 'duplicate' | 'conflict', then per group: '' if its jobs were put in now, else the ids, separated by
--        spaces, that the group got the first time}. For 'conflict' one element follows: the number, from 1, of the
--        group whose key was used with another digest; 0 means the request's own.
-- Atomic: receipts and jobs appear together, or nothing does. Running it twice with receipts changes nothing.
-- Bound: the caller limits the jobs of one call.

local ready, jobs, due, doorbell, counters = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local keep, most_tokens, request_digest, group_count = ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])

-- A receipt is the digest, a line end, then one line per group with that group's ids.
local function read_receipt(key, digest)
  local receipt = redis.call('GET', key)
  if not receipt then return nil, true end
  local line_end = string.find(receipt, '\n', 1, true)
  return string.sub(receipt, line_end + 1), string.sub(receipt, 1, line_end - 1) == digest
end

local next_key = 6
local request_key
if request_digest ~= '' then
  request_key = KEYS[next_key]
  next_key = next_key + 1
  local known, same = read_receipt(request_key, request_digest)
  if not same then return { 'conflict', 0 } end
  if known then
    local reply = { 'duplicate' }
    for line in string.gmatch(known, '([^\n]*)\n') do reply[#reply + 1] = line end
    return reply
  end
end

-- First pass: read the groups and judge every receipt before anything is written.
local groups, at = {}, 6
local seen = {}
for number = 1, group_count do
  local group = { digest = ARGV[at], count = tonumber(ARGV[at + 1]), from = at + 2 }
  at = group.from + group.count * 3
  if group.digest ~= '' then
    group.key = KEYS[next_key]
    next_key = next_key + 1
    local earlier = seen[group.key]
    if earlier then
      if earlier.digest ~= group.digest then return { 'conflict', number } end
      group.twin = earlier
    else
      local known, same = read_receipt(group.key, group.digest)
      if not same then return { 'conflict', number } end
      if known then group.known = string.sub(known, 1, -2) end
      seen[group.key] = group
    end
  end
  groups[number] = group
end

local envelopes, ready_ids, head = {}, {}, nil
local function flush()
  if #envelopes > 0 then redis.call('HSET', jobs, unpack(envelopes)) end
  if #ready_ids > 0 then redis.call('RPUSH', ready, unpack(ready_ids)) end
  envelopes, ready_ids = {}, {}
end

local reply, receipt_lines, ready_count, job_count = { 'new' }, {}, 0, 0
local head_changed = false
for _, group in ipairs(groups) do
  local line
  if group.known then
    line = group.known
    reply[#reply + 1] = line
  elseif group.twin then
    line = group.twin.line
    reply[#reply + 1] = line
  else
    local ids = {}
    for at = group.from, group.from + group.count * 3 - 1, 3 do
      local id, delay = ARGV[at], tonumber(ARGV[at + 1])
      ids[#ids + 1] = id
      envelopes[#envelopes + 1] = id
      envelopes[#envelopes + 1] = ARGV[at + 2]
      job_count = job_count + 1
      if delay > 0 then
        if not head then
          local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
          head = tonumber(first[2]) or math.huge
        end
        if now + delay < head then head, head_changed = now + delay, true end
        redis.call('ZADD', due, now + delay, id)
      else
        ready_ids[#ready_ids + 1] = id
        ready_count = ready_count + 1
      end
      if #envelopes >= 2000 then flush() end
    end
    line = table.concat(ids, ' ')
    reply[#reply + 1] = ''
    if group.key then redis.call('SET', group.key, group.digest .. '\n' .. line .. '\n', 'PX', keep) end
  end
  group.line = line
  receipt_lines[#receipt_lines + 1] = line .. '\n'
end
flush()
if request_key then
  redis.call('SET', request_key, request_digest .. '\n' .. table.concat(receipt_lines), 'PX', keep)
end
if job_count > 0 then redis.call('HINCRBY', counters, 'enqueued', job_count) end

-- Someone idle may have to look: for new ready work, or because the next due time moved forward.
local wanted = ready_count
if head_changed then wanted = wanted + 1 end
if wanted > 0 then
  local room = most_tokens - redis.call('LLEN', doorbell)
  for _ = 1, math.min(wanted, room) do redis.call('RPUSH', doorbell, '1') end
end
return reply
