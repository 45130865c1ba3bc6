-- Fills in a scope from Postgres. What is there already is newer and stays.
--
-- KEYS  1 meta, 2 scope
-- ARGV  1 epoch, 2 generation that was read before Postgres was, 3 nanos, 4 tokens, 5 requests, 6 number of windows, then
--       for each window: name, end, nanos, tokens and requests at its start; then for each second of the last minute in
--       which something began: second, requests, tokens
-- Returns 1 = done, 0 = something was settled since the generation was read: read Postgres again, -1 = another epoch
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return -1 end
local key = KEYS[2]
local known = redis.call('HMGET', key, 'x', 'v', 'g', 'l')
local fresh = known[1] ~= ARGV[1] or not known[2]
if fresh and (known[1] == ARGV[1] and known[3] or '0') ~= ARGV[2] then return 0 end
if fresh then
  renew(key, ARGV[1])
  redis.call('HSET', key, 'v', 1, 'u', ARGV[3], 't', ARGV[4], 'n', ARGV[5])
end
-- The windows that every reservation has watched since they were loaded; others may be over without anybody having
-- noticed.
local watched = not fresh and known[4] or ''
local windows = tonumber(ARGV[6])
for at = 7, 6 + 5 * windows, 5 do
  local name = ARGV[at]
  if not string.find(watched, name .. ',', 1, true) then
    redis.call('HSET', key, 'e:' .. name, ARGV[at + 1], 'bu:' .. name, ARGV[at + 2], 'bt:' .. name, ARGV[at + 3],
      'bn:' .. name, ARGV[at + 4])
    watched = watched .. name .. ','
  end
end
redis.call('HSET', key, 'l', watched, 'la', text(tonumber(redis.call('TIME')[1]) * 1000))
-- Only once in an epoch: the ring counts on by itself from then on.
if fresh and redis.call('HSETNX', key, 'm', 1) == 1 then
  for at = 7 + 5 * windows, #ARGV, 3 do
    note(key, 'q', tonumber(ARGV[at]), tonumber(ARGV[at + 1]))
    note(key, 'k', tonumber(ARGV[at]), tonumber(ARGV[at + 2]))
  end
end
return 1
