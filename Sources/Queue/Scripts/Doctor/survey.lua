-- survey: reads one slice of a queue's data, and says of each id there whether it has an envelope. Changes nothing.
--
-- KEYS  1 jobs   2 cancelled   3 the key to read
-- ARGV  1 'jobs' | 'list' | 'set' | 'sorted' | 'turns' | 'fields' | 'claims' | 'ids'   2 cursor; of a list: how many entries at
--         its tail to leave out   3 about how many entries; of 'ids' 2 and 3 mean nothing, and the ids follow
-- Reply 'jobs'    {next cursor, bytes read, then per job: id, header}
--       'list'    {length, flags, then the ids from the head's side to the tail's}
--       'claims'  {next cursor, flags, then per claim: id, claim}
--       'ids'     per id its header, '' when it has no envelope
--       'turns'   {next cursor, flags, then the ids of those that wait behind others of their order key}
--       others    {next cursor, flags, then the members}
--       A flag is one character per id: 1 it has an envelope, c it was cancelled in a line, 0 neither.
-- Atomic: yes, for this slice. Running it twice is reading twice.
-- Bound: ARGV[3], or the hash's or set's own size while Redis keeps it in one piece (at most 512 short entries).

local call = redis.call
local jobs, cancelled, key = KEYS[1], KEYS[2], KEYS[3]
local what, cursor, count = ARGV[1], ARGV[2], tonumber(ARGV[3])

-- A header is far shorter than this; what has no line end is damaged and is cut.
local longest_header = 4000

local function header_of(envelope)
  local line_end = string.find(envelope, '\n', 1, true)
  return string.sub(envelope, 1, line_end and line_end - 1 or longest_header)
end

local function flag_of(id)
  if call('HEXISTS', jobs, id) == 1 then return '1' end
  return call('SISMEMBER', cancelled, id) == 1 and 'c' or '0'
end

if what == 'jobs' then
  local scan = call('HSCAN', jobs, cursor, 'COUNT', count)
  local entries, bytes = scan[2], 0
  local reply = { scan[1], 0 }
  for index = 1, #entries, 2 do
    bytes = bytes + #entries[index + 1]
    reply[#reply + 1] = entries[index]
    reply[#reply + 1] = header_of(entries[index + 1])
  end
  reply[2] = bytes
  return reply
end

if what == 'ids' then
  local reply = {}
  for index = 4, #ARGV do
    local envelope = call('HGET', jobs, ARGV[index])
    reply[#reply + 1] = envelope and header_of(envelope) or ''
  end
  return reply
end

local reply, flags = { 0, '' }, {}
if what == 'list' then
  local skipped = tonumber(cursor)
  reply[1] = call('LLEN', key)
  for _, id in ipairs(call('LRANGE', key, -skipped - count, -skipped - 1)) do
    flags[#flags + 1] = flag_of(id)
    reply[#reply + 1] = id
  end
elseif what == 'set' then
  local scan = call('SSCAN', key, cursor, 'COUNT', count)
  reply[1] = scan[1]
  for _, id in ipairs(scan[2]) do
    flags[#flags + 1] = flag_of(id)
    reply[#reply + 1] = id
  end
else
  local is_sorted = what == 'sorted' or what == 'turns'
  local scan = call(is_sorted and 'ZSCAN' or 'HSCAN', key, cursor, 'COUNT', count)
  reply[1] = scan[1]
  for index = 1, #scan[2], 2 do
    local member = scan[2][index]
    if what == 'turns' then member = string.match(member, '^%S+ %d+ (%S+) %d+$') or member end
    flags[#flags + 1] = flag_of(string.match(member, '^%S+') or member)
    reply[#reply + 1] = member
    if what == 'claims' then reply[#reply + 1] = scan[2][index + 1] end
  end
end
reply[2] = table.concat(flags)
return reply
