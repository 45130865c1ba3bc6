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
-- more than one.
local changes = {}

-- Sums that a double would not hold exactly are kept apart, as text.
local function note_change(scope, field, sign, digits)
  if #digits > 15 then
    scope.big[#scope.big + 1] = {field, sign .. digits}
    return
  end
  local sum = scope[field] + tonumber(sign .. digits)
  if sum >= EXACT or sum <= -EXACT then
    scope.big[#scope.big + 1] = {field, text(scope[field])}
    sum = tonumber(sign .. digits)
  end
  scope[field] = sum
end

-- Corrects the minute in which it was reserved: later, when it is known whether that second is still in the ring.
local function correct(scope, second, requests, tokens)
  scope.minute = scope.minute or {}
  local one = scope.minute[second] or {0, 0}
  scope.minute[second] = {one[1] + requests, one[2] + tokens}
end

local function give_back(key, suffix, nanos, tokens, mode, k, q, begun, at, used)
  key = key .. suffix
  local scope = changes[key]
  if not scope then
    scope = {[OPEN] = 0, [RESERVED_NANOS] = 0, [RESERVED_TOKENS] = 0, [NANOS] = 0, [TOKENS] = 0, [REQUESTS] = 0,
      big = {}, minute = false, spent = false, unwatched = false}
    changes[key] = scope
  end
  if mode == '3' then
    -- An attempt that failed, of another account: its bill is known since, and it is no request.
    note_change(scope, RESERVED_NANOS, '-', nanos)
    if used then
      if nanos == '0' then scope.unwatched = math.max(scope.unwatched or 0, tonumber(begun)) end
      scope.spent = true
      note_change(scope, NANOS, '', tokens)
    end
    return
  end
  if mode ~= '0' then
    scope[OPEN] = scope[OPEN] - 1
    note_change(scope, RESERVED_NANOS, '-', nanos)
    note_change(scope, RESERVED_TOKENS, '-', tokens)
  end
  if used then
    if mode == '0' then scope.unwatched = math.max(scope.unwatched or 0, tonumber(begun)) end
    -- An account pays what the provider asks, everyone else what is charged.
    scope.spent = true
    note_change(scope, NANOS, '', string.sub(suffix, 1, 2) == 'a:' and ARGV[at + 3] or ARGV[at + 2])
    note_change(scope, TOKENS, '', ARGV[at + 4])
    scope[REQUESTS] = scope[REQUESTS] + 1
  end
  if k ~= '' then correct(scope, tonumber(k), 0, (used and tonumber(ARGV[at + 4]) or 0) - tonumber(tokens)) end
  -- What never reached a provider has not been made.
  if q ~= '' and not used then correct(scope, tonumber(q), -1, 0) end
end

local function write(key, scope)
  local fields, seconds = {'s'}, {}
  for second in pairs(scope.minute or {}) do
    seconds[#seconds + 1] = second
    fields[#fields + 1] = 'r' .. (second % RING)
  end
  local found = redis.call('HMGET', key, unpack(fields))
  local s, void = unpacked(found[1], tonumber(epoch))
  if void or not found[1] then return end
  local loaded = s[LOADED] == 1
  for field = OPEN, RESERVED_TOKENS do
    if scope[field] ~= 0 then add(s, field, scope[field]) end
  end
  if loaded then
    for field = NANOS, REQUESTS do
      if scope[field] ~= 0 then add(s, field, scope[field]) end
    end
    -- Used without a limit since it was loaded: nobody has watched its windows (see load.lua).
    if scope.unwatched and scope.unwatched > s[LOADED_AT] then forget_windows(s) end
  end
  for _, one in ipairs(scope.big) do
    if loaded or one[1] <= RESERVED_TOKENS then add(s, one[1], one[2]) end
  end
  local set = {}
  for i, second in ipairs(seconds) do
    if second <= s[SECOND] and s[SECOND] - second < RING then
      local requests, tokens = unpack(scope.minute[second])
      local had_requests, had_tokens = 0, 0
      if found[1 + i] then had_requests, had_tokens = struct.unpack('<dd', found[1 + i]) end
      s[MINUTE_REQUESTS], s[MINUTE_TOKENS] = s[MINUTE_REQUESTS] + requests, s[MINUTE_TOKENS] + tokens
      set[#set + 1] = fields[1 + i]
      set[#set + 1] = struct.pack('<dd', had_requests + requests, had_tokens + tokens)
    end
  end
  redis.call('HSET', key, 's', packed(s), unpack(set))
  if scope.spent and not loaded then
    -- Its totals may be about to be loaded: whoever is reading them in Postgres must read again.
    redis.call('HINCRBY', key, 'g', 1)
  end
end

-- What is held and what is settled of them, read at once; and what is to be written.
local ids = {}
for at = 2, #ARGV, 6 do ids[#ids + 1] = ARGV[at] end
if #ids == 0 then return results end
local holds, settled = {}, {}
local found_holds = redis.call('HMGET', KEYS[2], unpack(ids))
local found_settled = redis.call('HMGET', KEYS[3], unpack(ids))
for i, id in ipairs(ids) do holds[id], settled[id] = found_holds[i], found_settled[i] end
local newly = {}

local function mark(id)
  holds[id] = '-\n' .. redis.call('TIME')[1]
  redis.call('HSET', KEYS[2], id, holds[id])
  redis.call('HDEL', KEYS[4], id)
end

for at = 2, #ARGV, 6 do
  local id, used = ARGV[at], ARGV[at + 1] == 'S'
  local hold, figures = holds[id], settled[id]
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
    local kept = not used and figures
    if not used and not kept then mark(id) end
    result = kept and 0 or -2
  elseif figures then
    result = (not used or figures == ARGV[at + 5]) and 0 or -1
  else
    local prefix = ARGV[1] .. org .. ':'
    for suffix, nanos, reserved, mode, k, q in string.gmatch(parts, '([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^;]*);?') do
      give_back(prefix, suffix, nanos, reserved, mode, k, q, begun, at, used)
    end
    if used then
      settled[id] = ARGV[at + 5]
      newly[#newly + 1] = id
      newly[#newly + 1] = ARGV[at + 5]
    else
      holds[id] = false
      redis.call('HDEL', KEYS[2], id)
      redis.call('HDEL', KEYS[4], id)
    end
    result = 1
  end
  results[#results + 1] = result
end
for key, scope in pairs(changes) do write(key, scope) end
if #newly > 0 then redis.call('HSET', KEYS[3], unpack(newly)) end
return results
