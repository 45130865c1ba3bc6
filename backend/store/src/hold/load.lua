-- Fills in a scope from Postgres. What is there already is newer and stays.
--
-- KEYS  1 meta, 2 scope
-- ARGV  1 epoch, 2 generation that was read before Postgres was, 3 nanos, 4 tokens, 5 requests, 6 number of windows, then
--       for each window: name, end, nanos, tokens and requests at its start; then for each second of the last minute in
--       which something began: second, requests, tokens
-- Returns 1 = done, 0 = something was settled since the generation was read: read Postgres again, -1 = another epoch
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return -1 end
local key = KEYS[2]
local found = redis.call('HMGET', key, 's', 'g')
local s, void = unpacked(found[1], tonumber(ARGV[1]))
local generation = void and '0' or found[2] or '0'
local fresh = s[LOADED] == 0
if fresh and generation ~= ARGV[2] then return 0 end
if void then renew(key) end
if fresh then
  s[LOADED] = 1
  for i = NANOS, REQUESTS do
    s[i] = 0
    if s.halves then s.halves[i] = nil end
    add(s, i, ARGV[3 + i - NANOS])
  end
  forget_windows(s)
end
-- The windows that every reservation has watched since they were loaded stay; others may be over without anybody having
-- noticed.
local watched = {}
for at = HEAD + 1, #s, WINDOW do watched[s[at]] = true end
for arg = 7, 6 + WINDOW * tonumber(ARGV[6]), WINDOW do
  if not watched[tonumber(ARGV[arg])] then
    local at = #s
    for i = 1, WINDOW do
      s[at + i] = 0
      add(s, at + i, ARGV[arg + i - 1])
    end
  end
end
s[LOADED_AT] = tonumber(redis.call('TIME')[1]) * 1000
-- Only once in an epoch: the ring counts on by itself from then on.
if fresh and redis.call('HSETNX', key, 'm', 1) == 1 then
  for at = 7 + WINDOW * tonumber(ARGV[6]), #ARGV, 3 do
    note(key, s, tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]))
  end
end
store(key, s)
return 1
