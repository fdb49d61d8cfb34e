-- enqueue: puts jobs into a queue, at most once per receipt.
--
-- KEYS  1-24 as in Shared/queue.lua   25... one receipt key per receipt named in ARGV, in order
-- ARGV  1 now   2 how long receipts are kept, ms   3 most jobs that may wait in the queue, 0 = any number
--       4 digest of the whole request, '' = none (then its receipt key is KEYS[25])   5 number of groups, then per group:
--         digest ('' = no receipt), number of jobs, and per job: id, delay in ms (0 = now), lane ('' = none), key ('' =
--         none, 'u <lifetime in ms> <name>', 'd <quiet ms> <longest ms> <name>'), envelope
-- Reply {'new' | 'duplicate' | 'conflict' | 'full', then per group: '' if its jobs were put in as given; '=' and the ids,
--        separated by spaces, that the group got the first time; or '*' and per job '+' and its id, or '-' and the id of
--        the job that has its key}. For 'conflict' one element follows: the number, from 1, of the group whose key was
--        used with another digest; 0 means the request's own. For 'full' follows how many wait.
-- Atomic: receipts and jobs appear together, or nothing does. Running it twice with receipts changes nothing.
-- Bound: the caller limits the jobs of one call; a debounced job costs one look per worker at most.

local keep, most_waiting, request_digest, group_count = ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])

-- A receipt is the digest, a line end, then one line per group with that group's ids.
local function read_receipt(key, digest)
  local receipt = call('GET', key)
  if not receipt then return nil, true end
  local line_end = find(receipt, '\n', 1, true)
  return sub(receipt, line_end + 1), sub(receipt, 1, line_end - 1) == digest
end

local next_key = 25
local request_key
if request_digest ~= '' then
  request_key = KEYS[next_key]
  next_key = next_key + 1
  local known, same = read_receipt(request_key, request_digest)
  if not same then return { 'conflict', 0 } end
  if known then
    local reply = { 'duplicate' }
    for line in string.gmatch(known, '([^\n]*)\n') do reply[#reply + 1] = '=' .. line end
    return reply
  end
end

-- First pass: read the groups and judge every receipt before anything is written.
local groups, at, wanted = {}, 6, 0
local seen = {}
for number = 1, group_count do
  local group = { digest = ARGV[at], count = tonumber(ARGV[at + 1]), from = at + 2 }
  at = group.from + group.count * 5
  wanted = wanted + group.count
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
      if known then group.known = sub(known, 1, -2) end
      seen[group.key] = group
    end
  end
  groups[number] = group
end
if most_waiting > 0 and wanted > 0 then
  local waiting = call('HLEN', jobs) - call('ZCARD', dead)
  if waiting + wanted > most_waiting then return { 'full', waiting } end
end

-- Jobs that are ready, in no lane and without a key: the usual ones go in together.
local envelopes, ready_ids = {}, {}
local function flush()
  if #envelopes > 0 then call('HSET', jobs, unpack(envelopes)) end
  if #ready_ids > 0 then call('RPUSH', ready, unpack(ready_ids)) end
  envelopes, ready_ids = {}, {}
end

local function first_due()
  local first = call('ZRANGE', due, 0, 0, 'WITHSCORES')
  local laned_first = call('ZRANGE', lanes_due, 0, 0, 'WITHSCORES')
  return min(tonumber(first[2]) or math.huge, tonumber(laned_first[2]) or math.huge)
end
local head

local function enqueue(group)
  local ids, is_as_given = {}, true
  for at = group.from, group.from + group.count * 5 - 1, 5 do
    local id, delay, lane, key = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
    if delay == 0 and lane == '' and key == '' then
      ids[#ids + 1] = id
      envelopes[#envelopes + 1] = id
      envelopes[#envelopes + 1] = ARGV[at + 4]
      ready_ids[#ready_ids + 1] = id
      enqueued = enqueued + 1
      woken = woken + 1
      if #envelopes >= 2000 then flush() end
    else
      flush()
      head = head or first_due()
      local owner = submit(id, delay, lane, key, ARGV[at + 4])
      if owner ~= id then is_as_given = false end
      ids[#ids + 1] = owner
    end
  end
  return ids, is_as_given
end

local reply, receipt_lines = { 'new' }, {}
for _, group in ipairs(groups) do
  local line
  if group.known or group.twin then
    line = group.known or group.twin.line
    reply[#reply + 1] = '=' .. line
  else
    local ids, is_as_given = enqueue(group)
    line = table.concat(ids, ' ')
    if is_as_given then
      reply[#reply + 1] = ''
    else
      for index, id in ipairs(ids) do
        ids[index] = (ARGV[group.from + (index - 1) * 5] == id and '+' or '-') .. id
      end
      reply[#reply + 1] = '*' .. table.concat(ids, ' ')
    end
    if group.key then call('SET', group.key, group.digest .. '\n' .. line .. '\n', 'PX', keep) end
  end
  group.line = line
  receipt_lines[#receipt_lines + 1] = line .. '\n'
end
flush()
if request_key then
  call('SET', request_key, request_digest .. '\n' .. table.concat(receipt_lines), 'PX', keep)
end
finish()

-- Someone idle may have to look: for new ready work, or because the next due time moved forward.
if head and first_due() < head then woken = woken + 1 end
wake(woken)
return reply
