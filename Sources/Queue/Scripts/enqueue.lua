-- enqueue: puts submissions into a queue, each whole or not at all, at most once per receipt.
--
-- KEYS  1-25 as in Shared/queue.lua   26... one receipt key per digest that is not '', in the order of ARGV
-- ARGV  1 now   2 how long receipts are kept, ms   3 most jobs that may wait in the queue, 0 = any number   4 fence of a
--       relay, '' = of nobody else   5 number of submissions, then per submission:
--         its digest ('' = no receipt), '1' = not if one of its ids is known, number of groups, then per group:
--           digest ('' = no receipt), number of jobs, and per job: id, delay in ms (0 = now), lane ('' = none), key ('' =
--           none, 'u <lifetime in ms> <name>', 'd <quiet ms> <longest ms> <name>[ <label>]', 'e <name of a debounce
--           whose waiting job it ends>[ <label>]'; with an order key 'o', or 'o ' in front of these), envelope
-- Reply {'fenced', the newer fence}, else per submission one of
--         {'known', the ids of which this queue holds the job or its trace}
--         {'conflict', the number, from 1, of the group whose key was used with another digest; 0 = the submission's own}
--         {'full', how many wait}
--         {'new' | 'duplicate', then per group: '' if its jobs were put in as given; '=' and the ids, separated by spaces,
--         that the group got the first time; or '*' and per job '+' and its id, or '-' and the id of the job with its key}
-- Atomic: receipts and jobs of a submission appear together, or nothing of it does; of one that is fenced, known, a
--         conflict or too many, nothing is written. Running it twice with receipts changes nothing; with looked-up ids
--         neither, as long as each job leaves a trace when it ends.
-- Bound: the caller limits the jobs of one call; a debounced job costs one look per worker at most.

local keep, most_waiting, fence, submission_count = ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])

-- A relay that was frozen while another took its place comes back with an older fence.
if fence ~= '' then
  local newest = call('HGET', meta, 'relay')
  if newest and tonumber(newest) > tonumber(fence) then return { 'fenced', newest } end
  if newest ~= fence then call('HSET', meta, 'relay', fence) end
end

local next_argument, next_key = 6, 26
local looked_up = {}

local function receipt_key(digest)
  if digest == '' then return nil end
  next_key = next_key + 1
  return KEYS[next_key - 1]
end

local function next_submission()
  local digest = ARGV[next_argument]
  local submission = {
    digest = digest, key = receipt_key(digest), is_guarded = ARGV[next_argument + 1] == '1', groups = {},
  }
  local group_count = tonumber(ARGV[next_argument + 2])
  next_argument = next_argument + 3
  for number = 1, group_count do
    digest = ARGV[next_argument]
    local count = tonumber(ARGV[next_argument + 1])
    local from = next_argument + 2
    next_argument = from + count * 5
    if submission.is_guarded then
      for at = from, next_argument - 5, 5 do looked_up[#looked_up + 1] = ARGV[at] end
    end
    submission.groups[number] =
      { digest = digest, key = receipt_key(digest), count = count, from = from, to = next_argument - 5 }
  end
  return submission
end

-- A receipt is the digest, a line end, then one line per group with that group's ids.
local function read_receipt(key, digest)
  local receipt = call('GET', key)
  if not receipt then return nil, true end
  local line_end = find(receipt, '\n', 1, true)
  return sub(receipt, line_end + 1), sub(receipt, 1, line_end - 1) == digest
end

local submissions = {}
for number = 1, submission_count do submissions[number] = next_submission() end

-- Ids that the queue has, of those that are looked up, and that this call has put in.
local known = {}

local function look(key, prefix, from, to)
  local fields = {}
  for index = from, to do fields[#fields + 1] = prefix .. looked_up[index] end
  for index, value in ipairs(call('HMGET', key, unpack(fields))) do
    if value then known[looked_up[from + index - 1]] = true end
  end
end

for _, id in ipairs(looked_up) do
  -- Not together: the reply would be the envelopes.
  if call('HEXISTS', jobs, id) == 1 then known[id] = true end
end
for from = 1, #looked_up, 1000 do
  local to = min(from + 999, #looked_up)
  look(finished, '', from, to)
  -- A debounced job that waits for the one before it to end.
  look(keys, 'n:', from, to)
end

local function known_ids(submission)
  local reply = { 'known' }
  for _, group in ipairs(submission.groups) do
    for at = group.from, group.to, 5 do
      if known[ARGV[at]] then reply[#reply + 1] = ARGV[at] end
    end
  end
  return #reply > 1 and reply or nil
end

local waiting_before

-- The reply to a submission of which nothing is to be put in; nil for one that goes in.
local function refusal(submission)
  local known_reply = submission.is_guarded and known_ids(submission)
  if known_reply then return known_reply end
  if submission.key then
    local lines, same = read_receipt(submission.key, submission.digest)
    if not same then return { 'conflict', 0 } end
    if lines then
      local reply = { 'duplicate' }
      for line in string.gmatch(lines, '([^\n]*)\n') do reply[#reply + 1] = '=' .. line end
      return reply
    end
  end
  local wanted, seen = 0, {}
  for number, group in ipairs(submission.groups) do
    local twin = group.key and seen[group.key]
    if twin then
      if twin.digest ~= group.digest then return { 'conflict', number } end
      group.twin = twin
    elseif group.key then
      local lines, same = read_receipt(group.key, group.digest)
      if not same then return { 'conflict', number } end
      if lines then group.known = sub(lines, 1, -2) end
      seen[group.key] = group
    end
    if not (group.twin or group.known) then wanted = wanted + group.count end
  end
  if most_waiting > 0 and wanted > 0 then
    waiting_before = waiting_before or call('HLEN', jobs) - call('ZCARD', dead)
    local waiting = waiting_before + enqueued
    if waiting + wanted > most_waiting then return { 'full', waiting } end
  end
  return nil
end

-- Jobs that are ready and without a key: the usual ones go in together.
local envelopes, ready_ids, lane_ids, lanes_seen = {}, {}, {}, {}

local function flush()
  if #envelopes > 0 then call('HSET', jobs, unpack(envelopes)) end
  if #ready_ids > 0 then call('RPUSH', ready, unpack(ready_ids)) end
  for _, lane in ipairs(lanes_seen) do
    local ids = lane_ids[lane]
    call('RPUSH', lane_prefix .. lane, unpack(ids))
    laned = laned + #ids
    if call('HSETNX', lanes, lane, 'r') == 1 then call('RPUSH', ring, lane) end
  end
  envelopes, ready_ids, lane_ids, lanes_seen = {}, {}, {}, {}
end

local function add_ready(id, lane, envelope)
  envelopes[#envelopes + 1] = id
  envelopes[#envelopes + 1] = envelope
  local ids = ready_ids
  if lane ~= '' then
    ids = lane_ids[lane]
    if not ids then
      ids = {}
      lane_ids[lane] = ids
      lanes_seen[#lanes_seen + 1] = lane
    end
  end
  ids[#ids + 1] = id
  enqueued = enqueued + 1
  woken = woken + 1
  if #envelopes >= 2000 then flush() end
end

local function first_due()
  local first = call('ZRANGE', due, 0, 0, 'WITHSCORES')
  local laned_first = call('ZRANGE', lanes_due, 0, 0, 'WITHSCORES')
  return min(tonumber(first[2]) or math.huge, tonumber(laned_first[2]) or math.huge)
end
local head

local function enqueue(group)
  local ids, is_as_given = {}, true
  for at = group.from, group.to, 5 do
    local id, delay, lane, key = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
    if delay == 0 and key == '' then
      known[id] = true
      ids[#ids + 1] = id
      add_ready(id, lane, ARGV[at + 4])
    else
      flush()
      head = head or first_due()
      local owner = submit(id, delay, lane, key, ARGV[at + 4])
      if owner == id then known[id] = true else is_as_given = false end
      ids[#ids + 1] = owner
    end
  end
  return ids, is_as_given
end

local function carry_out(submission)
  local reply, receipt_lines = { 'new' }, {}
  for _, group in ipairs(submission.groups) do
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
  if submission.key then
    call('SET', submission.key, submission.digest .. '\n' .. table.concat(receipt_lines), 'PX', keep)
  end
  return reply
end

local replies = {}
for number, submission in ipairs(submissions) do replies[number] = refusal(submission) or carry_out(submission) end
flush()
finish()

-- Someone idle may have to look: for new ready work, or because the next due time moved forward.
if head and first_due() < head then woken = woken + 1 end
wake(woken)
return replies
