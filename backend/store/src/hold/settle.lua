-- Turns holds of one shard into settled ones: what was reserved is given back, what was used is added.
--
-- The hashes of the scopes are named by the holds themselves. They carry the shard's tag, so they are on the slot of
-- the declared keys.
--
-- KEYS  1 meta, 2 holds, 3 settled
-- ARGV  1 prefix of the shard, then for each request: id, mode (S = settle, R = release), charged nanos, real nanos,
--       tokens, figures
-- Returns {sequence, result, result, ...}; result 1 = done now, 0 = was done before with the same figures, -1 = there is
-- no such hold, or it was settled with other figures: by a sweeper, who is to be corrected by loading the totals anew
local RING = 61
local EXACT = 9007199254740992
local results = {redis.call('HINCRBY', KEYS[1], 'seq', 1)}

-- What changes in each scope, summed up over the batch and written at the end: many requests of one key cost little
-- more than one. Sums that a double would not hold exactly are written at once.
local changes = {}

local function add(key, field, amount)
  if amount == 0 then return end
  local scope = changes[key]
  if not scope then
    scope = {}
    changes[key] = scope
  end
  local sum = (scope[field] or 0) + amount
  if sum >= EXACT or sum <= -EXACT then
    redis.call('HINCRBY', key, field, string.format('%.0f', scope[field] or 0))
    sum = amount
  end
  scope[field] = sum
end

local function give_back(key, part, charged, real, tokens, used)
  local suffix, nanos, reserved, tracked, second = string.match(part, '^([^,]*),([^,]*),([^,]*),([^,]*),([^,]*)$')
  key = key .. suffix
  add(key, 'c', -1)
  if tracked == '1' then
    add(key, 'ru', -tonumber(nanos))
    add(key, 'rt', -tonumber(reserved))
    if used then
      -- An account pays what the provider asks, everyone else what is charged.
      add(key, 'u', tonumber(string.sub(suffix, 1, 1) == 'a' and real or charged))
      add(key, 't', tonumber(tokens))
      changes[key].used = true
    end
  end
  if second ~= '' then
    -- Correct the minute in which it was reserved, while that second is still in the ring.
    local last = tonumber(redis.call('HGET', key, 'ks') or '0')
    if last - tonumber(second) < RING then
      local difference = (used and tonumber(tokens) or 0) - tonumber(reserved)
      add(key, 'k' .. (tonumber(second) % RING), difference)
      add(key, 'kn', difference)
    end
  end
end

for at = 2, #ARGV, 6 do
  local id, used = ARGV[at], ARGV[at + 1] == 'S'
  local hold = redis.call('HGET', KEYS[2], id)
  local org, parts
  if hold then org, parts = string.match(hold, '^[^\n]*\n[^\n]*\n[^\n]*\n([^\n]*)\n([^\n]*)\n') end
  local result
  if not hold then
    -- A release may overtake the reservation it undoes: leave a mark that the late one will find.
    if not used then redis.call('HSET', KEYS[2], id, '-\n' .. redis.call('TIME')[1]) end
    result = -1
  elseif not org then
    result = 0
  elseif used and redis.call('HSETNX', KEYS[3], id, ARGV[at + 5]) == 0 then
    result = redis.call('HGET', KEYS[3], id) == ARGV[at + 5] and 0 or -1
  else
    for part in string.gmatch(parts, '[^;]+') do
      give_back(ARGV[1] .. org .. ':', part, ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], used)
    end
    if not used then redis.call('HDEL', KEYS[2], id) end
    result = 1
  end
  results[#results + 1] = result
end
for key, scope in pairs(changes) do
  -- Totals that are not loaded are about to be: whoever is reading them in Postgres must read again.
  if scope.used and redis.call('HEXISTS', key, 'v') == 0 then redis.call('HINCRBY', key, 'g', 1) end
  scope.used = nil
  for field, amount in pairs(scope) do
    if amount ~= 0 then redis.call('HINCRBY', key, field, string.format('%.0f', amount)) end
  end
end
return results
