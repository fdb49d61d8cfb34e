-- reap: gives a dead worker's claims back to the queue.
--
-- KEYS  1-25 as in Shared/queue.lua   26 claims of the dead worker
-- ARGV  1 now   2 the dead worker   3 how long a lease lasts without a beat, ms   4 most claims to take in this call
--       5 crashes at which a job is quarantined
-- Reply {claims given back, jobs quarantined, claims left}; {0, 0, -1} when the worker is alive after all
-- Atomic: yes; the lease is judged here again. Running it twice gives nothing back twice: the claims are gone.
-- Bound: ARGV[4].

local claims = KEYS[26]
local worker, lease, most, quarantine_at = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local beat = tonumber(call('ZSCORE', leases, worker))
if beat and beat > now - lease then return { 0, 0, -1 } end

local function quarantine(id, header, crashes)
  local reason = 'quarantined: ' .. crashes .. ' worker processes died while they ran it'
  call('ZADD', dead, now, id)
  call('HSET', errors, id, now .. ' ' .. reason)
  if is_tracked(header) then trace_end(id, 'dead', header, reason) end
  release(id, header)
end

local function cancel(id, header)
  call('HDEL', cancels, id)
  call('HDEL', jobs, id)
  call('HDEL', errors, id)
  call('HINCRBY', counters, 'cancelled', 1)
  trace_end(id, 'cancelled', header, 'cancelled while it ran; its worker died')
  release(id, header)
end

local given_back, quarantined = 0, 0
for _, id in ipairs(call('HRANDFIELD', claims, most)) do
  local lane = match(call('HGET', claims, id), '^%d+ (%S+)$')
  call('HDEL', claims, id)
  if lane then lane_ended(lane, 1) end
  local envelope = call('HGET', jobs, id)
  if envelope then
    local front, crashes, rest = match(envelope, '^(%d+ %S+ %S+ %d+ )(%d+)(.*)$')
    crashes = tonumber(crashes) + 1
    envelope = front .. crashes .. rest
    local header = header_of(envelope)
    call('HSET', jobs, id, envelope)
    if call('HEXISTS', cancels, id) == 1 then
      cancel(id, header)
    elseif crashes >= quarantine_at then
      quarantine(id, header, crashes)
      quarantined = quarantined + 1
    else
      place(id, lane_of(header), 0, true)
      given_back = given_back + 1
    end
  end
end
if given_back > 0 then call('HINCRBY', counters, 'recovered', given_back) end
if quarantined > 0 then call('HINCRBY', counters, 'quarantined', quarantined) end
finish()
wake(woken)
local left = call('HLEN', claims)
if left == 0 then call('ZREM', leases, worker) end
return { given_back, quarantined, left }
