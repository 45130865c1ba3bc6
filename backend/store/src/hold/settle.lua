-- Turns holds of one shard into settled ones: what was reserved is given back, what was used is added.
--
-- The hashes of the scopes are named by the holds themselves. They carry the shard's tag, so they are on the slot of
-- the declared keys.
--
-- KEYS  1 meta, 2 holds, 3 settled, 4 checks
-- ARGV  1 prefix of the shard, then for each request: id, mode (S = settle, R = release), charged nanos, real nanos,
--       tokens, figures
-- Returns {sequence, result, result, ...}; result 1 = done now, 0 = was done before with the same figures, -1 = there is
-- no such hold, or it was settled with other figures: by a sweeper, who is to be corrected by loading the totals anew,
-- -2 = it is one of an earlier epoch and counts in none
local results = {redis.call('HINCRBY', KEYS[1], 'seq', 1)}
local epoch = redis.call('HGET', KEYS[1], 'epoch')

-- What changes in each scope, summed up over the batch and written at the end: many requests of one key cost little
-- more than one. Sums that a double would not hold exactly are kept apart, as text.
local changes = {}
local OPEN, USED = {'c', 'ru', 'rt'}, {'u', 't', 'n'}

local function add(scope, field, sign, amount)
  if #amount > 15 then
    scope.big[#scope.big + 1] = {field, sign .. amount}
    return
  end
  local sum = (scope[field] or 0) + tonumber(sign .. amount)
  if sum >= EXACT or sum <= -EXACT then
    scope.big[#scope.big + 1] = {field, text(scope[field])}
    sum = tonumber(sign .. amount)
  end
  scope[field] = sum
end

-- Counts that were read are written back in one call; by Redis itself where a double would not be exact.
local function write(key, scope, known, from, fields, set)
  for i = 1, 3 do
    local field = fields[i]
    local amount = scope[field]
    if amount and amount ~= 0 then
      local sum = (tonumber(known[from + i]) or 0) + amount
      if sum < EXACT and sum > -EXACT then
        set[#set + 1] = field
        set[#set + 1] = sum
      else
        redis.call('HINCRBY', key, field, amount)
      end
    end
  end
end

local function give_back(key, suffix, nanos, reserved, mode, k, q, begun, at, used)
  key = key .. suffix
  local scope = changes[key]
  if not scope then
    scope = {c = 0, ru = 0, rt = 0, u = 0, t = 0, n = 0, big = {}, ring = false, spent = false, unwatched = false}
    changes[key] = scope
  end
  if mode == '3' then
    -- An attempt that failed, of another account: its bill is known since, and it is no request.
    add(scope, 'ru', '-', nanos)
    if used then
      if nanos == '0' then scope.unwatched = math.max(scope.unwatched or 0, tonumber(begun)) end
      scope.spent = true
      add(scope, 'u', '', reserved)
    end
    return
  end
  if mode ~= '0' then
    scope.c = scope.c - 1
    add(scope, 'ru', '-', nanos)
    add(scope, 'rt', '-', reserved)
  end
  if used then
    if mode == '0' then scope.unwatched = math.max(scope.unwatched or 0, tonumber(begun)) end
    -- An account pays what the provider asks, everyone else what is charged.
    scope.spent = true
    add(scope, 'u', '', string.sub(suffix, 1, 2) == 'a:' and ARGV[at + 3] or ARGV[at + 2])
    add(scope, 't', '', ARGV[at + 4])
    scope.n = scope.n + 1
  end
  if k ~= '' then
    -- Correct the minute in which it was reserved, while that second is still in the ring.
    local last = redis.call('HGET', key, 'ks')
    if last and tonumber(last) - tonumber(k) < RING then
      local less = (used and tonumber(ARGV[at + 4]) or 0) - tonumber(reserved)
      scope.ring = scope.ring or {}
      for _, field in ipairs({'k' .. (tonumber(k) % RING), 'kn'}) do
        scope.ring[field] = (scope.ring[field] or 0) + less
      end
    end
  end
  -- What never reached a provider has not been made.
  if q ~= '' and not used then
    local last = redis.call('HGET', key, 'qs')
    if last and tonumber(last) - tonumber(q) < RING then
      scope.ring = scope.ring or {}
      for _, field in ipairs({'q' .. (tonumber(q) % RING), 'qn'}) do
        scope.ring[field] = (scope.ring[field] or 0) - 1
      end
    end
  end
end

local function mark(id)
  redis.call('HSET', KEYS[2], id, '-\n' .. redis.call('TIME')[1])
  redis.call('HDEL', KEYS[4], id)
end

for at = 2, #ARGV, 6 do
  local id, used = ARGV[at], ARGV[at + 1] == 'S'
  local hold = redis.call('HGET', KEYS[2], id)
  local begun, org, of, parts
  if hold then
    begun, org, of, parts = string.match(hold, '^[^\n]*\n[^\n]*\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n')
  end
  local result
  if not hold then
    -- A release may overtake the reservation it undoes: leave a mark that the late one will find.
    if not used then mark(id) end
    result = -1
  elseif not org then
    result = used and -1 or 0
  elseif of ~= epoch then
    -- What it reserved went with its epoch, and it was not registered in this one. A mark, for it may be about to be;
    -- but what is settled is kept until its row is written.
    local settled = not used and redis.call('HEXISTS', KEYS[3], id) == 1
    if not used and not settled then mark(id) end
    result = settled and 0 or -2
  elseif used and redis.call('HSETNX', KEYS[3], id, ARGV[at + 5]) == 0 then
    result = redis.call('HGET', KEYS[3], id) == ARGV[at + 5] and 0 or -1
  elseif not used and redis.call('HEXISTS', KEYS[3], id) == 1 then
    result = 0
  else
    local prefix = ARGV[1] .. org .. ':'
    for suffix, nanos, reserved, mode, k, q in string.gmatch(parts, '([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^;]*);?') do
      give_back(prefix, suffix, nanos, reserved, mode, k, q, begun, at, used)
    end
    if not used then
      redis.call('HDEL', KEYS[2], id)
      redis.call('HDEL', KEYS[4], id)
    end
    result = 1
  end
  results[#results + 1] = result
end
for key, scope in pairs(changes) do
  local known = redis.call('HMGET', key, 'x', 'v', 'l', 'la', 'c', 'ru', 'rt', 'u', 't', 'n')
  if known[1] == epoch then
    local set = {}
    write(key, scope, known, 4, OPEN, set)
    if known[2] then
      write(key, scope, known, 7, USED, set)
      -- Used without a limit since it was loaded: nobody has watched its windows (see load.lua).
      if scope.unwatched and known[3] ~= '' and scope.unwatched > tonumber(known[4] or '0') then
        set[#set + 1] = 'l'
        set[#set + 1] = ''
      end
    end
    if #set > 0 then redis.call('HSET', key, unpack(set)) end
    for _, one in ipairs(scope.big) do
      if known[2] or one[1] == 'ru' or one[1] == 'rt' then redis.call('HINCRBY', key, one[1], one[2]) end
    end
    for field, less in pairs(scope.ring or {}) do
      if less ~= 0 then redis.call('HINCRBY', key, field, less) end
    end
    if scope.spent and not known[2] then
      -- Its totals may be about to be loaded: whoever is reading them in Postgres must read again.
      redis.call('HINCRBY', key, 'g', 1)
    end
  end
end
return results
