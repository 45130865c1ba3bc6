-- Fills in a scope from Postgres. What is there already is newer and stays.
--
-- KEYS  1 scope
-- ARGV  1 nanos, 2 tokens, then for each window: name, end, nanos at its start, tokens at its start
local function window(at)
  redis.call('HSET', KEYS[1], 'e:' .. ARGV[at], ARGV[at + 1], 'bu:' .. ARGV[at], ARGV[at + 2], 'bt:' .. ARGV[at], ARGV[at + 3])
end
local fresh = redis.call('HEXISTS', KEYS[1], 'v') == 0
if fresh then redis.call('HSET', KEYS[1], 'v', 1, 'u', ARGV[1], 't', ARGV[2]) end
for at = 3, #ARGV, 4 do
  if fresh or redis.call('HEXISTS', KEYS[1], 'e:' .. ARGV[at]) == 0 then window(at) end
end
return fresh and 1 or 0
