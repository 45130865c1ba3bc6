-- Notes figures of requests that are still held; of others nothing, or it would stay for ever.
--
-- KEYS  1 holds, 2 checks
-- ARGV  id, figures, id, figures, ...
for at = 1, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[1], ARGV[at]) == 1 then redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
end
return 1
