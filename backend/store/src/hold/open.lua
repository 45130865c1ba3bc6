-- Opens a shard once everybody who lives has registered what they hold.
--
-- KEYS  1 meta, 2 joined
-- ARGV  1 epoch, 2 how many ms a shard stays closed at least, then the lives that must have joined
-- Returns {epoch, 'open' | 'closed'}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'state', 'at')
if meta[1] ~= ARGV[1] or meta[2] == 'open' then return {meta[1] or '', meta[2] or 'closed'} end
if now - tonumber(meta[3]) < tonumber(ARGV[2]) then return {meta[1], 'closed'} end
for at = 3, #ARGV do
  if redis.call('SISMEMBER', KEYS[2], ARGV[at]) == 0 then return {meta[1], 'closed'} end
end
redis.call('HSET', KEYS[1], 'state', 'open')
redis.call('DEL', KEYS[2])
return {meta[1], 'open'}
