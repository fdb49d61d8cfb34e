-- chains: looks whether it is the turn of jobs that have an order key and stand where they can run, and says so where
-- nothing does if asked to.
--
-- KEYS  1-25 as in Shared/queue.lua
-- ARGV  1 now   2 '1' = mend   3... ids
-- Reply per finding four strings: what, id, '1' mended or '0' not, note
-- Atomic: yes. Running it twice mends once. A job that has moved on since it was seen is passed over.
-- Bound: the number of ids.

local mends = ARGV[2] == '1'
local reply = {}
for index = 3, #ARGV do
  local id = ARGV[index]
  local envelope = call('HGET', jobs, id)
  local header = envelope and header_of(envelope) or ''
  local order = chains().order_of(header)
  if order and not call('ZSCORE', dead, id) and not turn_of(id, header) then
    local first = call('HGET', keys, 'o:' .. order)
    -- Where another has the turn this one runs beside it, and is gone after that.
    if first ~= id and not (first and chains().is_live(first)) then
      if mends then call('HSET', keys, 'o:' .. order, id) end
      for _, text in ipairs({ 'turn-lost', id, mends and '1' or '0', 'of the order key ' .. order }) do
        reply[#reply + 1] = text
      end
    end
  end
end
finish()
return reply
