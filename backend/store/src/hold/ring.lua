-- Shared by the scripts: counts per minute, and scopes that belong to another epoch.
--
-- A count per minute is a ring of one-second buckets `q0`..`q60` with the last second it was touched in (`qs`) and the
-- sum of all buckets (`qn`). 61 of them: the running second and the sixty before it, so that no minute is undercounted.
local RING = 61
-- A count per minute makes a scope so wide that looking for a field takes longer than all else: up to 512 fields Redis
-- keeps a hash as a list, and reads it from the beginning for each. A value this long makes it a table.
local WIDE = string.rep('-', 65)
local EXACT = 9007199254740992 -- from here on a double skips integers

local function text(n) return string.format('%.0f', n) end

-- The count as of second `to`, and the buckets that have run out since it was last touched.
local function advanced(key, name, last, sum, to)
  last = tonumber(last)
  if not last then return 0, to, nil end
  local n = tonumber(sum) or 0
  if to <= last then return n, last, nil end
  local gone = {}
  if to - last >= RING then
    for i = 0, RING - 1 do gone[i + 1] = name .. i end
    return 0, to, gone
  end
  for s = last + 1, to do gone[#gone + 1] = name .. (s % RING) end
  local counts = redis.call('HMGET', key, unpack(gone))
  for i = 1, #gone do n = n - (tonumber(counts[i]) or 0) end
  return n, to, gone
end

-- Counts what happened in a given second, which may lie behind.
local function note(key, name, second, amount)
  local f = redis.call('HMGET', key, name .. 's', name .. 'n')
  local n, last, gone = advanced(key, name, f[1], f[2], second)
  if last - second >= RING then return end
  if gone then redis.call('HDEL', key, unpack(gone)) end
  if not f[1] then redis.call('HSET', key, 'w', WIDE) end
  redis.call('HINCRBY', key, name .. (second % RING), text(0 + amount)) -- there is a -0, and Redis does not take it
  redis.call('HSET', key, name .. 's', text(last), name .. 'n', text(n + amount))
end

-- Makes a scope one of this epoch. What it counted in an earlier one is void: its holds are registered anew. When an
-- account may be used again is no count, and stays.
local function renew(key, epoch)
  if redis.call('HGET', key, 'x') == epoch then return end
  local cool = redis.call('HGET', key, 'cool')
  redis.call('DEL', key)
  redis.call('HSET', key, 'x', epoch)
  if cool then redis.call('HSET', key, 'cool', cool) end
end
