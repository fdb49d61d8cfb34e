-- examine: looks at every place where each of some jobs can be, says what cannot be so, and mends it if asked to.
--
-- KEYS  1-25 as in Shared/queue.lua
-- ARGV  1 now   2 '1' = mend   3 how many entries of a line are looked at from each of its ends
--       4 number of workers that may hold claims, then their names; workers with a lease are known anyway
--       then the number of spare ids, then these: each may take the place of an entry that has to leave a line
--       then per job: id; the header that it had before it was looked for in vain ('' = it was not); where it belongs
--         if it is nowhere ('line' | 'dead' | '' = it stays as it is); number of sightings, and per sighting: lane of
--         the line ('' = ready), how many entries stood between it and the tail
-- Reply per finding four strings: what, id, '1' mended or '0' not, note
-- Atomic: yes. Running it twice mends once: the second time nothing is wrong. A job that is nowhere is put back only if
--         its header is still the one that was given, and gets another then.
-- Bound: per job one look per worker, twice ARGV[3] entries of two lines, and 1,000 entries per sighting.

local mends, reach = ARGV[2] == '1', tonumber(ARGV[3])
local window = 1000
local at = 4

local function take_list()
  local values = {}
  for index = at + 1, at + tonumber(ARGV[at]) do values[#values + 1] = ARGV[index] end
  at = at + #values + 1
  return values
end

local workers, is_known = take_list(), {}
for _, worker in ipairs(workers) do is_known[worker] = true end
for _, worker in ipairs(call('ZRANGE', leases, 0, 999)) do
  if not is_known[worker] then workers[#workers + 1] = worker end
end
local spares = take_list()

local reply = {}
local function found(what, id, note, is_mended)
  reply[#reply + 1] = what
  reply[#reply + 1] = id
  reply[#reply + 1] = (is_mended == nil and mends or is_mended) and '1' or '0'
  reply[#reply + 1] = note or ''
end

local function holders_of(id)
  local holders = {}
  for _, worker in ipairs(workers) do
    local claim = call('HGET', claims_prefix .. worker, id)
    if claim then
      local fence, lane = match(claim, '^(%d+)$'), ''
      if not fence then fence, lane = match(claim, '^(%d+) (%S+)$') end
      holders[#holders + 1] = { worker = worker, fence = tonumber(fence), lane = lane or '' }
    end
  end
  table.sort(holders, function(left, right) return (left.fence or -1) > (right.fence or -1) end)
  return holders
end

local function drop_claim(id, holder)
  call('HDEL', claims_prefix .. holder.worker, id)
  if holder.lane ~= '' then lane_ended(holder.lane, 1) end
end

-- Where an id stands in a line, from its head, as far as it was looked at; and whether that was all of it.
local function positions(line, id, sightings)
  local length = call('LLEN', line)
  local is_seen, indexes = {}, {}
  local function add(index)
    if not is_seen[index] then
      is_seen[index] = true
      indexes[#indexes + 1] = index
    end
  end
  for _, index in ipairs(call('LPOS', line, id, 'COUNT', 0, 'MAXLEN', reach)) do add(index) end
  if length > reach then
    for _, index in ipairs(call('LPOS', line, id, 'RANK', -1, 'COUNT', 0, 'MAXLEN', reach)) do add(index) end
  end
  if length > 2 * reach then
    -- What was pushed since moved it away from the tail.
    for _, skipped in ipairs(sightings) do
      local last = length - 1 - skipped
      local first = max(0, last - window + 1)
      for offset, entry in ipairs(last >= 0 and call('LRANGE', line, first, last) or {}) do
        if entry == id then add(first + offset - 1) end
      end
    end
  end
  table.sort(indexes)
  return indexes
end

-- Every entry of an id in the lines where it may be: its own, the one without a lane, and where it was seen.
local function entries_of(id, lane, sightings)
  local entries, is_looked_at = {}, {}
  local function look(line_lane)
    if is_looked_at[line_lane] then return end
    is_looked_at[line_lane] = true
    local line = line_lane == '' and ready or lane_prefix .. line_lane
    for _, index in ipairs(positions(line, id, sightings[line_lane] or {})) do
      entries[#entries + 1] = { line = line, index = index }
    end
  end
  if lane then look(lane) end
  look('')
  for seen in pairs(sightings) do look(seen) end
  return entries
end

-- The line keeps its length, so nothing else of it has to change; the claim passes over what is marked as cancelled.
local function blank(entry)
  local spare = table.remove(spares)
  if not spare then return false end
  call('LSET', entry.line, entry.index, spare)
  call('SADD', cancelled, spare)
  return true
end

local function blank_from(entries, first)
  for index = first, #entries do
    if not blank(entries[index]) then return false end
  end
  return true
end

local function examine_gone(id, sightings)
  for _, holder in ipairs(holders_of(id)) do
    if mends then drop_claim(id, holder) end
    found('claim-without-job', id, 'claimed by ' .. holder.worker)
  end
  for what, key in pairs({ ['due-without-job'] = due, ['dead-without-job'] = dead }) do
    if call('ZSCORE', key, id) then
      if mends then call('ZREM', key, id) end
      found(what, id)
    end
  end
  for what, key in pairs({ ['error-without-job'] = errors, ['cancel-without-run'] = cancels }) do
    if call('HEXISTS', key, id) == 1 then
      if mends then call('HDEL', key, id) end
      found(what, id)
    end
  end
  local entries = entries_of(id, nil, sightings)
  local is_cancelled = call('SISMEMBER', cancelled, id) == 1
  if #entries > 1 or (#entries == 1 and not is_cancelled) then
    local is_mended = false
    if mends then
      call('SADD', cancelled, id)
      is_mended = blank_from(entries, 2)
    end
    found('entry-without-job', id, nil, is_mended)
  elseif #entries == 0 and is_cancelled and not next(sightings) then
    if mends then call('SREM', cancelled, id) end
    found('cancelled-not-in-line', id)
  end
end

local function put_back(id, header, lane, envelope, where)
  if where == 'dead' then
    call('ZADD', dead, now, id)
    call('HSETNX', errors, id, now .. ' found in no place, with nothing left of its attempts')
    return
  end
  local front, deferrals, rest = match(header, '^(%d+ %S+ %S+ %d+ %d+ )(%d+)(.*)$')
  local renewed = front .. (tonumber(deferrals) + 1) .. rest .. arguments_of(envelope)
  local order = chains().order_of(header)
  local first = order and call('HGET', keys, 'o:' .. order)
  if first and first ~= id and chains().is_live(first) then
    chains().wait_behind(id, order, 0, renewed, chains().place_of(header))
    return
  end
  call('HSET', jobs, id, renewed)
  if order then call('HSET', keys, 'o:' .. order, id) end
  place(id, lane, 0)
end

-- One place stays: a claim before an entry of a line, that before a due time, that before the dead set. A place behind
-- others of its order key goes before all of these but a claim, unless it is the job's turn.
local function keep_one(id, lane, header, turn, holders, entries, scores)
  local is_kept = #holders > 0
  if turn and (is_kept or call('HGET', keys, 'o:' .. chains().order_of(header)) == id) then
    call('ZREM', KEYS[25], turn)
  elseif turn then
    is_kept = true
  end
  for index = 2, #holders do drop_claim(id, holders[index]) end
  local is_mended = blank_from(entries, is_kept and 1 or 2)
  is_kept = is_kept or #entries > 0
  for _, key in ipairs({ lanes_due, due, dead }) do
    if scores[key] then
      if is_kept then call('ZREM', key, key == lanes_due and id .. ' ' .. lane or id) end
      is_kept = true
    end
  end
  return is_mended
end

local function examine_one_place(id, lane, holder)
  if holder and not holder.fence then
    if mends then
      drop_claim(id, holder)
      place(id, lane, 0, true)
    end
    found('claim-unreadable', id, 'claimed by ' .. holder.worker)
  end
  if call('SISMEMBER', cancelled, id) == 1 then
    if mends then call('SREM', cancelled, id) end
    found('cancelled-but-there', id)
  end
  if call('ZSCORE', dead, id) and call('HEXISTS', cancels, id) == 1 then
    if mends then call('HDEL', cancels, id) end
    found('cancel-without-run', id, 'it is buried')
  end
end

local function examine(id, envelope, expected, where, sightings)
  local header = header_of(envelope)
  local lane = lane_of(header)
  local holders, entries = holders_of(id), entries_of(id, lane, sightings)
  local scores = {
    [due] = call('ZSCORE', due, id), [dead] = call('ZSCORE', dead, id),
    [lanes_due] = lane ~= '' and call('ZSCORE', lanes_due, id .. ' ' .. lane) or nil,
  }
  local names = {}
  for _, holder in ipairs(holders) do names[#names + 1] = 'claimed by ' .. holder.worker end
  for _, entry in ipairs(entries) do names[#names + 1] = 'in line ' .. entry.line .. ' at ' .. entry.index end
  local turn = turn_of(id, header)
  if turn then names[#names + 1] = 'in ' .. KEYS[25] end
  for key, score in pairs(scores) do
    if score then names[#names + 1] = 'in ' .. key end
  end
  if #names == 1 then
    examine_one_place(id, lane, holders[1])
  elseif #names == 0 then
    if expected == '' or expected ~= header then return end
    if mends and where ~= '' then put_back(id, header, lane, envelope, where) end
    found('job-nowhere', id, where == '' and 'a later release put it there' or nil, mends and where ~= '')
  else
    local what = 'job-in-two-places'
    if #holders > 1 then what = 'job-claimed-twice' end
    if #entries == #names then what = 'job-twice-in-line' end
    local is_mended = mends and keep_one(id, lane, header, turn, holders, entries, scores)
    found(what, id, table.concat(names, ', '), is_mended)
  end
end

while at <= #ARGV do
  local id, expected, where, count = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
  local sightings = {}
  for index = at + 4, at + 3 + count * 2, 2 do
    local lane = ARGV[index]
    sightings[lane] = sightings[lane] or {}
    table.insert(sightings[lane], tonumber(ARGV[index + 1]))
  end
  at = at + 4 + count * 2
  local envelope = call('HGET', jobs, id)
  if envelope then
    examine(id, envelope, expected, where, sightings)
  else
    examine_gone(id, sightings)
  end
end
finish()
wake(woken)
return reply
