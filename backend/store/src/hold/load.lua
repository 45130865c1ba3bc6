-- Fills in a scope from Postgres. What is there already is newer and stays.
--
-- KEYS  1 scope
-- ARGV  1 generation that was read before Postgres was, 2 nanos, 3 tokens, then for each window: name, end, nanos at
--       its start, tokens at its start
-- Returns 1 = done, 0 = something was settled since the generation was read: read Postgres again
local fresh = redis.call('HEXISTS', KEYS[1], 'v') == 0
if fresh and (redis.call('HGET', KEYS[1], 'g') or '0') ~= ARGV[1] then return 0 end
if fresh then redis.call('HSET', KEYS[1], 'v', 1, 'u', ARGV[2], 't', ARGV[3]) end
for at = 4, #ARGV, 4 do
  local name = ARGV[at]
  if fresh or redis.call('HEXISTS', KEYS[1], 'e:' .. name) == 0 then
    redis.call('HSET', KEYS[1], 'e:' .. name, ARGV[at + 1], 'bu:' .. name, ARGV[at + 2], 'bt:' .. name, ARGV[at + 3])
  end
end
return 1
