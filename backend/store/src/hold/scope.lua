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

local function text(n) return string.format('%d', n) end

-- A number's two halves, the lower one never negative.
local function halves(n)
  local low = n % LIMB
  return low, (n - low) / LIMB
end

-- The same of a number as text, of up to 19 digits, exactly.
local function halves_of(digits)
  local sign, tail = string.match(digits, '^(-?)(%d+)$')
  local upper, lower = tonumber(string.sub(tail, 1, -10)) or 0, tonumber(string.sub(tail, -9))
  -- upper * 10^9 is too much for one double: once more in two parts, at 2^16.
  local rest = upper % 65536
  local high, part = (upper - rest) / 65536 * 1000000000, rest * 1000000000 + lower
  local odd = high % 65536
  part = part + odd * 65536
  local low = part % LIMB
  high = (high - odd) / 65536 + (part - low) / LIMB
  if sign == '' then return low, high end
  return halves(-low), -high + (low > 0 and -1 or 0)
end

-- A scope as it is packed; one of another epoch is void, and has nothing.
local function unpacked(raw, epoch)
  local s
  if raw and #raw % 8 == 0 then s = {struct.unpack('<' .. string.rep('d', #raw / 8), raw)}
  elseif raw then
    s = {struct.unpack('<' .. string.rep('l', (#raw - 1) / 8), raw)}
    s.halves = {}
  end
  if not s or s[EPOCH] ~= epoch then return {epoch, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, s ~= nil end
  s[#s] = nil -- where it stopped reading
  if s.halves then
    for i = RESERVED_NANOS, #s do
      if s[i] >= EXACT or s[i] <= -EXACT then s.halves[i] = {struct.unpack('<I4i4', raw, 8 * i - 7)} end
    end
  end
  return s, false
end

local function packed(s)
  if not s.halves or not next(s.halves) then return struct.pack('<' .. string.rep('d', #s), unpack(s)) end
  local parts = {}
  for i = 1, #s do
    local half = s.halves[i]
    parts[i] = half and struct.pack('<I4i4', half[1], half[2]) or struct.pack('<l', s[i])
  end
  return table.concat(parts) .. 'l'
end

-- Adds to one of a scope's numbers: exactly, also where a double is not. `amount` is a number that a double has
-- exactly, or the text of any.
local function add(s, i, amount)
  local more = tonumber(amount)
  local sum = s[i] + more
  if sum < EXACT and sum > -EXACT and more < EXACT and more > -EXACT and not (s.halves and s.halves[i]) then
    s[i] = sum
    return
  end
  s.halves = s.halves or {}
  local low, high, low_more, high_more
  if s.halves[i] then low, high = s.halves[i][1], s.halves[i][2] else low, high = halves(s[i]) end
  if type(amount) == 'string' then low_more, high_more = halves_of(amount) else low_more, high_more = halves(amount) end
  low, high = low + low_more, high + high_more
  if low >= LIMB then low, high = low - LIMB, high + 1 end
  if high > 2147483647 then low, high = LIMB - 1, 2147483647 end -- more than 63 bits have
  sum = high * LIMB + low
  s[i] = sum
  s.halves[i] = (sum >= EXACT or sum <= -EXACT) and {low, high} or nil
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
  local cool = redis.call('HGET', key, 'cool')
  redis.call('DEL', key)
  if cool then redis.call('HSET', key, 'cool', cool) end
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
  if #gone > 0 then counts = redis.call('HMGET', key, unpack(gone)) end
  counts[#gone + 1] = found
  for i = 1, #gone + 1 do
    if counts[i] then
      local requests, tokens = struct.unpack('<dd', counts[i])
      s[MINUTE_REQUESTS], s[MINUTE_TOKENS] = s[MINUTE_REQUESTS] - requests, s[MINUTE_TOKENS] - tokens
    end
  end
  return #gone > 0 and gone or nil
end

-- Counts what happened in a given second, which may lie behind: in the scope's sums, and in its bucket at once.
local function note(key, s, second, requests, tokens)
  local bucket = 'r' .. (second % RING)
  local found = redis.call('HGET', key, bucket)
  local fresh = second > s[SECOND]
  local gone = advance(key, s, second, found)
  if s[SECOND] - second >= RING then return end
  if gone then redis.call('HDEL', key, unpack(gone)) end
  local had_requests, had_tokens = 0, 0
  if found and not fresh then had_requests, had_tokens = struct.unpack('<dd', found) end
  redis.call('HSET', key, bucket, struct.pack('<dd', had_requests + requests, had_tokens + tokens))
  s[MINUTE_REQUESTS], s[MINUTE_TOKENS] = s[MINUTE_REQUESTS] + requests, s[MINUTE_TOKENS] + tokens
end

-- A scope to be changed and stored again, of this epoch from now on.
local function opened(key, epoch)
  local s, void = unpacked(redis.call('HGET', key, 's'), epoch)
  if void then renew(key) end
  return s
end

local function store(key, s) redis.call('HSET', key, 's', packed(s)) end
