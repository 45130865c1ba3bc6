-- Says that one life has registered all it holds.
--
-- KEYS  1 meta, 2 joined
-- ARGV  1 epoch, 2 boot id
-- Returns 1 = noted, or the shard is open already, 0 = another epoch has begun
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
if redis.call('HGET', KEYS[1], 'state') ~= 'open' then redis.call('SADD', KEYS[2], ARGV[2]) end
return 1
