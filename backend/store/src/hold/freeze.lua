-- Closes a shard because somebody noticed that Redis may have lost something, or finds out how far others have come.
--
-- KEYS  1 meta, 2 joined
-- ARGV  1 epoch the caller worked in (0 = none yet), 2 1 = close that epoch, 0 = only look
-- Returns {epoch, state}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'state')
if not meta[1] or (ARGV[2] == '1' and meta[1] == ARGV[1]) then
  -- Nobody has closed it since. Never an epoch that was there before, also where all is lost.
  local epoch = text(math.max(now, tonumber(meta[1] or ARGV[1]) + 1))
  redis.call('HSET', KEYS[1], 'schema', 2, 'epoch', epoch, 'state', 'closed', 'at', text(now))
  redis.call('DEL', KEYS[2])
  return {epoch, 'closed'}
end
return {meta[1], meta[2] or 'closed'}
