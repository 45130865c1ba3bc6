-- Closes a shard because somebody noticed that Redis may have lost something, or finds out how far others have come.
--
-- KEYS  1 meta, 2 joined
-- ARGV  1 epoch the caller worked in (0 = none yet), 2 1 = close that epoch, 0 = only look, 3 how scopes and holds
--       are kept
-- Returns {epoch, state}
local time = call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local meta = call('HMGET', KEYS[1], 'epoch', 'state', 'schema')
local of, known = tonumber(meta[1] or 0), tonumber(ARGV[1])
-- Closed if nobody has done so since; also if the shard is in an epoch before the caller's, to which only a loss can
-- have set it back, or if its scopes are kept in another way than the scripts here read.
if not meta[1] or meta[3] ~= ARGV[3] or of < known or (ARGV[2] == '1' and of == known) then
  -- Never an epoch that was there before, also where all is lost.
  local epoch = text(math.max(now, of + 1, known + 1))
  call('HSET', KEYS[1], 'schema', ARGV[3], 'epoch', epoch, 'state', 'closed', 'at', text(now))
  call('DEL', KEYS[2])
  return {epoch, 'closed'}
end
return {meta[1], meta[2] or 'closed'}
