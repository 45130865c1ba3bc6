-- Fills in a scope from Postgres. What is there already is newer and stays.
--
-- KEYS  1 meta, 2 scope
-- ARGV  1 epoch, 2 generation that was read before Postgres was, 3 numbers, integers of 64 bits: nanos, tokens, requests,
--       number of windows, then for each window: kind, end, nanos, tokens and requests at its start; then for each second
--       of the last minute in which something began: second, requests, tokens
-- Returns 1 = done, 0 = something was settled since the generation was read: read Postgres again, -1 = another epoch
if call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return -1 end
local key, numbers = KEYS[2], ARGV[3]
local found = call('HMGET', key, 's', 'g')
local s, void = unpacked(found[1], tonumber(ARGV[1]))
local generation = void and '0' or found[2] or '0'
local fresh = s[LOADED] == 0
if fresh and generation ~= ARGV[2] then return 0 end
if void then renew(key) end

local at = 1
local function number() -- the next one
  local n
  n, at = unpack_of('<l', numbers, at)
  return n
end
local function fill(i) -- one of the scope's with the next one
  s[i] = 0
  if s.halves then s.halves[i] = nil end
  local place = at
  change(s, i, 1, number(), numbers, place)
end

if fresh then
  s[LOADED] = 1
  for i = NANOS, REQUESTS do fill(i) end
  forget_windows(s)
else at = 25 end
-- The windows that every reservation has watched since they were loaded stay; others may be over without anybody having
-- noticed.
local watched = {}
for i = HEAD + 1, #s, WINDOW do watched[s[i]] = true end
for _ = 1, number() do
  local next_window = at + 8 * WINDOW
  if not watched[(unpack_of('<l', numbers, at))] then
    local last = #s
    for i = 1, WINDOW do fill(last + i) end
  end
  at = next_window
end
s[LOADED_AT] = tonumber(call('TIME')[1]) * 1000
-- Only once in an epoch: the ring counts on by itself from then on.
if fresh and call('HSETNX', key, 'm', 1) == 1 then
  while at < #numbers do
    local second, requests = number(), number()
    note(key, s, second, requests, number())
  end
end
store(key, s)
return 1
