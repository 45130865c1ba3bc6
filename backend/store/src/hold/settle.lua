-- Turns holds of one shard into settled ones: what was reserved is given back, what was used is added.
--
-- The hashes of the scopes are named by the holds themselves. They carry the shard's tag, so they are on the slot of
-- the declared keys.
--
-- KEYS  1 meta, 2 holds, 3 settled, 4 checks, 5 drafts
-- ARGV  1 prefix of the shard, 2 numbers: for each request whether it was used (1) or is released (0), charged nanos, real
--       nanos, tokens; then for each request: id, figures
-- Returns {sequence, result, result, ...}; result 1 = done now, 0 = was done before with the same figures, -1 = there is
-- no such hold, or it was settled with other figures: by a sweeper, who is to be corrected by loading the totals anew,
-- -2 = it is one of an earlier epoch and counts in none
local ONE = 25 -- bytes of the numbers of a request
local results = {call('HINCRBY', KEYS[1], 'seq', 1)}
if #ARGV == 2 then return results end
local life = tonumber(call('HGET', KEYS[1], 'epoch'))
local numbers = ARGV[2]
local byte, find, sub = string.byte, string.find, string.sub

-- What changes in each scope, summed up over the batch and written at the end: many requests of one key cost little
-- more than one.
local changes = {}

local function change_of(prefix, suffix)
  local key = prefix .. suffix
  local d = changes[key]
  if not d then
    d = {0, 0, 0, 0, 0, 0, 0, 0, 0, account = byte(suffix) == 97, minute = false, spent = false, unwatched = false}
    changes[key] = d
  end
  return d
end

-- The scopes that a hold's text names.
local lists = {}
local function scopes_of(names)
  local list = lists[names]
  if not list then
    list = {}
    local stop = find(names, ';', 1, true)
    local prefix = ARGV[1] .. sub(names, 1, stop - 1) .. ':'
    while stop do
      local start = stop + 1
      stop = find(names, ';', start, true)
      list[#list + 1] = change_of(prefix, sub(names, start, stop and stop - 1))
    end
    lists[names] = list
  end
  return list
end

-- Corrects the minute in which it was reserved: later, when it is known whether that second is still in the ring.
local function correct(d, second, requests, tokens)
  d.minute = d.minute or {}
  local one = d.minute[second]
  if one then one[1], one[2] = one[1] + requests, one[2] + tokens else d.minute[second] = {requests, tokens} end
end

-- Nothing was reserved in it, so nobody has watched its windows since then.
local function unwatched(d, begun) d.unwatched = math.max(d.unwatched or 0, begun) end

local function give_back(hold, f, at, used)
  local n = f[PARTS]
  local list = scopes_of(sub(hold, f[#f]))
  local charged, real, used_tokens = 0, 0, 0
  if used then
    local _
    _, charged, real, used_tokens = unpack_of('<Blll', numbers, at)
  end
  local i, place, seconds = PARTS, RECORD + 1, PARTS + 3 * n
  for p = 1, n do
    local d, flags, nanos, tokens = list[p], f[i + 1], f[i + 2], f[i + 3]
    local mode = flags % OF_TOKENS
    if nanos > 0 then change(d, RESERVED_NANOS, -1, nanos, hold, place) end
    if mode == 3 then
      -- An attempt that failed, of another account: its bill is known since, and it is no request.
      if used then
        if nanos == 0 then unwatched(d, f[AT]) end
        d.spent = true
        change(d, NANOS, 1, tokens, hold, place + 8)
      end
    else
      if mode > 0 then
        d[OPEN] = d[OPEN] - 1
        if tokens > 0 then change(d, RESERVED_TOKENS, -1, tokens, hold, place + 8) end
      elseif used then unwatched(d, f[AT]) end
      if used then
        -- An account pays what the provider asks, everyone else what is charged.
        d.spent = true
        if d.account then change(d, NANOS, 1, real, numbers, at + 9) else change(d, NANOS, 1, charged, numbers, at + 1) end
        change(d, TOKENS, 1, used_tokens, numbers, at + 17)
        d[REQUESTS] = d[REQUESTS] + 1
      end
      if flags >= OF_TOKENS then
        -- What never reached a provider has not been made.
        correct(d, f[seconds + p], flags >= OF_REQUESTS and not used and -1 or 0,
          flags % OF_REQUESTS >= OF_TOKENS and used_tokens - tokens or 0)
      end
    end
    i, place = i + 3, place + AMOUNTS
  end
end

-- Adds what has changed in one number.
local function apply(s, i, d)
  local half = d.halves and d.halves[i]
  if half then add_halves(s, i, half[1], half[2])
  elseif d[i] ~= 0 then add(s, i, d[i]) end
end

local function write(key, d)
  local found, seconds, fields
  if d.minute then
    fields, seconds = {'s'}, {}
    for second in pairs(d.minute) do
      seconds[#seconds + 1] = second
      fields[#fields + 1] = 'r' .. (second % RING)
    end
    found = call('HMGET', key, unpack(fields))
  else found = {call('HGET', key, 's')} end
  local raw = found[1]
  if not raw then return end
  -- Windows are not looked at, and so left packed, but where a sum is beyond what a double holds.
  local s, windows
  if #raw % 8 == 0 then
    s, windows = {unpack_of(doubles_of(HEAD), raw)}, sub(raw, 8 * HEAD + 1)
    s[HEAD + 1] = nil
    if s[EPOCH] ~= life then return end
  else
    local void
    s, void = unpacked(raw, life)
    if void then return end
  end
  local loaded = s[LOADED] == 1
  for i = OPEN, loaded and REQUESTS or RESERVED_TOKENS do apply(s, i, d) end
  if s.halves and windows then
    local more = {unpack_of(doubles_of(#windows / 8), windows)}
    for i = 1, #more - 1 do s[HEAD + i] = more[i] end
    windows = nil
  end
  -- Used without a limit since it was loaded: nobody has watched its windows (see load.lua).
  if loaded and d.unwatched and d.unwatched > s[LOADED_AT] then
    forget_windows(s)
    windows = nil
  end
  local kept = function() return windows and pack_of(doubles_of(HEAD), unpack(s)) .. windows or packed(s) end
  if seconds then
    local set = {}
    for i, second in ipairs(seconds) do
      if second <= s[SECOND] and s[SECOND] - second < RING then
        local requests, tokens = d.minute[second][1], d.minute[second][2]
        local had_requests, had_tokens = 0, 0
        if found[1 + i] then had_requests, had_tokens = unpack_of('<dd', found[1 + i]) end
        s[MINUTE_REQUESTS], s[MINUTE_TOKENS] = s[MINUTE_REQUESTS] + requests, s[MINUTE_TOKENS] + tokens
        set[#set + 1] = fields[1 + i]
        set[#set + 1] = pack_of('<dd', had_requests + requests, had_tokens + tokens)
      end
    end
    call('HSET', key, 's', kept(), unpack(set))
  else call('HSET', key, 's', kept()) end
  if d.spent and not loaded then
    -- Its totals may be about to be loaded: whoever is reading them in Postgres must read again.
    call('HINCRBY', key, 'g', 1)
  end
end

-- What is held and what is settled of them, read at once; and what is to be written.
local ids = {}
for at = 3, #ARGV, 2 do ids[#ids + 1] = ARGV[at] end
local found, figures = call('HMGET', KEYS[2], unpack(ids)), call('HMGET', KEYS[3], unpack(ids))
local holds, settled = {}, {}
for i, id in ipairs(ids) do holds[id], settled[id] = found[i], figures[i] end
local newly = {}

local function over(id)
  call('HDEL', KEYS[4], id)
  call('HDEL', KEYS[5], id)
end

local function mark(id)
  holds[id] = '-\n' .. call('TIME')[1]
  call('HSET', KEYS[2], id, holds[id])
  over(id)
end

for i, id in ipairs(ids) do
  local at = ONE * (i - 1) + 1
  local used = byte(numbers, at) == 1
  local hold, known, told = holds[id], settled[id], ARGV[1 + 2 * i + 1]
  local f = hold and numbers_of(hold)
  local result
  if not hold then
    -- A release may overtake the reservation it undoes: leave a mark that the late one will find.
    if not used then mark(id) end
    result = -1
  elseif byte(hold) == MARK then
    result = used and -1 or 0
  elseif not f or f[OF] ~= life then
    -- What it reserved went with its epoch, and it was not registered in this one. A mark, for it may be about to be;
    -- but what is settled is kept until its row is written.
    local kept = not used and known
    if not used and not kept then mark(id) end
    result = kept and 0 or -2
  elseif known then
    result = (not used or known == told) and 0 or -1
  else
    give_back(hold, f, at, used)
    if used then
      settled[id] = told
      newly[#newly + 1] = id
      newly[#newly + 1] = told
    else
      holds[id] = false
      call('HDEL', KEYS[2], id)
      over(id)
    end
    result = 1
  end
  results[i + 1] = result
end
for key, d in pairs(changes) do write(key, d) end
if #newly > 0 then call('HSET', KEYS[3], unpack(newly)) end
return results
