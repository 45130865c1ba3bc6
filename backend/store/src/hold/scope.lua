-- Shared by the scripts: how a scope is kept, and how it is changed.
--
-- A scope is one hash. All that a reservation or a settlement reads and writes lies packed in its field `s`: one field to
-- read and one to write, and no number is made into text and back, which would take longer than all else. Numbers are
-- doubles, which Lua has and copies; where one of them would not be exact, all are integers of 64 bits, and a byte
-- follows that says so. The least byte first. `state.rs` reads the same. In this order:
local EPOCH, LOADED, LOADED_AT, OPEN, RESERVED_NANOS, RESERVED_TOKENS, NANOS, TOKENS, REQUESTS = 1, 2, 3, 4, 5, 6, 7, 8, 9
local SECOND, MINUTE_REQUESTS, MINUTE_TOKENS, HEAD = 10, 11, 12, 12
-- and then for each window that is watched: its kind, when it ends, and the totals of nanos, tokens and requests when it
-- began.
local WINDOW = 5
-- Counts per minute are a ring of one-second buckets, the fields `r0`..`r60`, each two doubles: requests and tokens.
-- `SECOND` is the last one it was touched in (0 = never), the sums of all buckets lie beside it. 61 of them: the running
-- second and the sixty before it, so that no minute is undercounted.
--
-- Other fields: `g` the generation (see load.lua), `m` 1 once the minute was loaded, `cool` until when an account rests.
local RING = 61
local EXACT = 9007199254740992 -- from here on a double skips integers
local LIMB = 4294967296 -- beyond, a number is kept as two halves of 32 bits

local call, pack_of, unpack_of, rep = redis.call, struct.pack, struct.unpack, string.rep

local function text(n) return string.format('%d', n) end

-- Formats of so many doubles.
local doubles = {}
local function doubles_of(n)
  local format = doubles[n]
  if not format then
    format = '<' .. rep('d', n)
    doubles[n] = format
  end
  return format
end

-- A number's two halves, the lower one never negative.
local function halves(n)
  local low = n % LIMB
  return low, (n - low) / LIMB
end

-- A scope as it is packed; one of another epoch is void, and has nothing.
local function unpacked(raw, epoch)
  local s
  if raw then
    local size = #raw
    if size % 8 == 0 then s = {unpack_of(doubles_of(size / 8), raw)}
    else
      s = {unpack_of('<' .. rep('l', (size - 1) / 8), raw)}
      s.halves = {}
    end
  end
  if not s or s[EPOCH] ~= epoch then return {epoch, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, s ~= nil end
  s[#s] = nil -- where it stopped reading
  if s.halves then
    for i = RESERVED_NANOS, #s do
      if s[i] >= EXACT or s[i] <= -EXACT then s.halves[i] = {unpack_of('<I4i4', raw, 8 * i - 7)} end
    end
  end
  return s, false
end

local function packed(s)
  if not s.halves or not next(s.halves) then return pack_of(doubles_of(#s), unpack(s)) end
  local parts = {}
  for i = 1, #s do
    local half = s.halves[i]
    parts[i] = half and pack_of('<I4i4', half[1], half[2]) or pack_of('<l', s[i])
  end
  return table.concat(parts) .. 'l'
end

-- Adds two halves to one of a scope's numbers: exactly, where a double is not.
local function add_halves(s, i, low_more, high_more)
  s.halves = s.halves or {}
  local low, high
  if s.halves[i] then low, high = s.halves[i][1], s.halves[i][2] else low, high = halves(s[i]) end
  low, high = low + low_more, high + high_more
  if low >= LIMB then low, high = low - LIMB, high + 1 end
  if high > 2147483647 then low, high = LIMB - 1, 2147483647 end -- more than 63 bits have
  local sum = high * LIMB + low
  s[i] = sum
  s.halves[i] = (sum >= EXACT or sum <= -EXACT) and {low, high} or nil
end

-- Adds a number that a double has exactly.
local function add(s, i, more)
  local sum = s[i] + more
  if sum < EXACT and sum > -EXACT and not (s.halves and s.halves[i]) then s[i] = sum
  else add_halves(s, i, halves(more)) end
end

-- Adds, or with a sign of -1 takes away, `n`, which is packed as an integer of 64 bits at a place of `raw`.
local function change(s, i, sign, n, raw, at)
  local sum = s[i] + sign * n
  if sum < EXACT and sum > -EXACT and n < EXACT and not s.halves then -- as nearly always
    s[i] = sum
    return
  end
  if n < EXACT then return add(s, i, sign * n) end
  local low, high = unpack_of('<I4i4', raw, at)
  if sign < 0 then
    high = -high
    if low > 0 then low, high = LIMB - low, high - 1 end
  end
  add_halves(s, i, low, high)
end

-- Makes one number the same as another.
local function copy(s, to, from)
  s[to] = s[from]
  if s.halves then s.halves[to] = s.halves[from] end
end

-- Nobody has watched its windows: where they stand has to be found out when they are limited again.
local function forget_windows(s)
  for i = #s, HEAD + 1, -1 do
    s[i] = nil
    if s.halves then s.halves[i] = nil end
  end
end

-- Makes a hash one of this epoch. What it counted in an earlier one is void: its holds are registered anew. When an
-- account may be used again is no count, and stays.
local function renew(key)
  local cool = call('HGET', key, 'cool')
  call('DEL', key)
  if cool then call('HSET', key, 'cool', cool) end
end

-- Brings the ring to a second. Returns the buckets that have run out, except that second's own, which is empty from then
-- on: `found` is what was read of it before. Nothing is written.
local function advance(key, s, to, found)
  local last = s[SECOND]
  if to <= last then return nil end
  s[SECOND] = to
  if last == 0 then return nil end
  if to - last >= RING then
    s[MINUTE_REQUESTS], s[MINUTE_TOKENS] = 0, 0
    local gone = {}
    for second = to - RING + 1, to - 1 do gone[#gone + 1] = 'r' .. (second % RING) end
    return gone
  end
  local gone, counts = {}, {}
  for second = last + 1, to - 1 do gone[#gone + 1] = 'r' .. (second % RING) end
  if #gone > 0 then counts = call('HMGET', key, unpack(gone)) end
  counts[#gone + 1] = found
  for i = 1, #gone + 1 do
    if counts[i] then
      local requests, tokens = unpack_of('<dd', counts[i])
      s[MINUTE_REQUESTS], s[MINUTE_TOKENS] = s[MINUTE_REQUESTS] - requests, s[MINUTE_TOKENS] - tokens
    end
  end
  return #gone > 0 and gone or nil
end

-- Counts what happened in a given second, which may lie behind: in the scope's sums, and in its bucket at once.
local function note(key, s, second, requests, tokens)
  local bucket = 'r' .. (second % RING)
  local found = call('HGET', key, bucket)
  local fresh = second > s[SECOND]
  local gone = advance(key, s, second, found)
  if s[SECOND] - second >= RING then return end
  if gone then call('HDEL', key, unpack(gone)) end
  local had_requests, had_tokens = 0, 0
  if found and not fresh then had_requests, had_tokens = unpack_of('<dd', found) end
  call('HSET', key, bucket, pack_of('<dd', had_requests + requests, had_tokens + tokens))
  s[MINUTE_REQUESTS], s[MINUTE_TOKENS] = s[MINUTE_REQUESTS] + requests, s[MINUTE_TOKENS] + tokens
end

-- A scope to be changed and stored again, of this epoch from now on.
local function opened(key, epoch)
  local s, void = unpacked(call('HGET', key, 's'), epoch)
  if void then renew(key) end
  return s
end

local function store(key, s) call('HSET', key, 's', packed(s)) end
