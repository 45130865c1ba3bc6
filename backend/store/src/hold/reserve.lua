-- Takes all limits and chooses the account, or changes nothing. Every check comes before the first write.
--
-- KEYS  1 meta, 2 holds, 3 policy version, then one hash per scope, then one per candidate account
-- ARGV  1 request id, 2 boot id, 3 policy version the caller knows, 4 organisation, 5 payload,
--       6 number of scopes, 7 number of candidates, then for each scope and each candidate:
--       suffix, nanos, tokens, tracked, requests/min, tokens/min, concurrency, number of windows,
--       and for each window: name, end, next end, dollars limit, tokens limit   (0 = no limit)
-- Returns {'OK', candidate, ms} | {'STALE'} | {'NEW'} | {'GONE'} | {'LOAD', scope}
--       | {'LIMIT', scope, kind, window, spent, reserved, limit, ms until it can be tried again}
--       | {'NONE', reason of candidate 0, ms, reason of candidate 1, ms, ...}
local RING = 61 -- the running second and the sixty before it, so that no minute is ever undercounted
local EXACT = 9007199254740992

local time = redis.call('TIME')
local now_s = tonumber(time[1])
local now = now_s * 1000 + math.floor(tonumber(time[2]) / 1000)

if redis.call('EXISTS', KEYS[1]) == 0 then return {'NEW'} end

local held = redis.call('HGET', KEYS[2], ARGV[1])
if held then
  local choice, at = string.match(held, '^[^\n]*\n([^\n]*)\n([^\n]*)\n')
  if not choice then return {'GONE'} end -- released before this call arrived
  return {'OK', tonumber(choice), tonumber(at)}
end

local policy = redis.call('GET', KEYS[3])
if not policy or tonumber(policy) > tonumber(ARGV[3]) then return {'STALE'} end

-- A per-minute count as of now, and the buckets that have run out since it was last touched.
local function advanced(key, name, last, sum)
  last = tonumber(last)
  if not last then return 0, now_s, nil end
  local n = tonumber(sum) or 0
  if now_s <= last then return n, last, nil end
  local gone = {}
  if now_s - last >= RING then
    for i = 0, RING - 1 do gone[i + 1] = name .. i end
    return 0, now_s, gone
  end
  for s = last + 1, now_s do gone[#gone + 1] = name .. (s % RING) end
  local counts = redis.call('HMGET', key, unpack(gone))
  for i = 1, #gone do n = n - (tonumber(counts[i]) or 0) end
  return n, now_s, gone
end

-- Milliseconds until enough of a per-minute count has run out; only ever computed for a refusal.
local function wait_for(key, name, last, gone, need, limit)
  local emptied = {}
  for _, bucket in ipairs(gone or {}) do emptied[bucket] = true end
  local names = {}
  for s = last - RING + 1, last do names[#names + 1] = name .. (s % RING) end
  local counts = redis.call('HMGET', key, unpack(names))
  local sum = 0
  for i = 1, RING do
    counts[i] = emptied[names[i]] and 0 or tonumber(counts[i]) or 0
    sum = sum + counts[i]
  end
  for i = 1, RING do
    sum = sum - counts[i]
    if sum + need <= limit then return math.max((last + i) * 1000 - now, 1) end
  end
  return -1 -- more than the limit allows in any minute
end

local function check(key, at)
  local windows = tonumber(ARGV[at + 7])
  local fields = {'v', 'c', 'u', 'ru', 't', 'rt', 'qs', 'qn', 'ks', 'kn', 'cool'}
  for w = 0, windows - 1 do
    local name = ARGV[at + 8 + 5 * w]
    local n = #fields
    fields[n + 1] = 'e:' .. name
    fields[n + 2] = 'bu:' .. name
    fields[n + 3] = 'bt:' .. name
  end
  local f = redis.call('HMGET', key, unpack(fields))
  local s = {key = key, at = at, rolled = {}, set = {'c', (tonumber(f[2]) or 0) + 1}}

  if f[11] and tonumber(f[11]) > now then
    return nil, {'cooling', '', '0', '0', '0', tonumber(f[11]) - now}
  end
  if ARGV[at + 3] == '1' and not f[1] then return nil, {'load'} end

  local concurrency = tonumber(ARGV[at + 6])
  if concurrency > 0 and (tonumber(f[2]) or 0) + 1 > concurrency then
    return nil, {'concurrency', '', f[2], '0', ARGV[at + 6], 1000}
  end
  local rpm = tonumber(ARGV[at + 4])
  if rpm > 0 then
    local n, last, gone = advanced(key, 'q', f[7], f[8])
    if n + 1 > rpm then
      return nil, {'requests_per_minute', '', string.format('%.0f', n), '0', ARGV[at + 4], wait_for(key, 'q', last, gone, 1, rpm)}
    end
    s.q = {name = 'q', last = last, gone = gone, sum = n, amount = 1}
  end
  local tpm = tonumber(ARGV[at + 5])
  local tokens = tonumber(ARGV[at + 2])
  if tpm > 0 then
    local n, last, gone = advanced(key, 'k', f[9], f[10])
    if n + tokens > tpm then
      return nil, {'tokens_per_minute', '', string.format('%.0f', n), '0', ARGV[at + 5], wait_for(key, 'k', last, gone, tokens, tpm)}
    end
    s.k = {name = 'k', last = last, gone = gone, sum = n, amount = tokens}
  end

  local total_u, total_t = tonumber(f[3]) or 0, tonumber(f[5]) or 0
  local reserved_u, reserved_t = tonumber(f[4]) or 0, tonumber(f[6]) or 0
  local nanos = tonumber(ARGV[at + 1])
  s.ru, s.rt = reserved_u, reserved_t
  local margin_u = total_u > EXACT and 2048 or 0
  local margin_t = total_t > EXACT and 2048 or 0
  for w = 0, windows - 1 do
    local arg = at + 8 + 5 * w
    local name = ARGV[arg]
    local ends, base_u, base_t = f[12 + 3 * w], f[13 + 3 * w], f[14 + 3 * w]
    if not ends then return nil, {'load'} end
    local stop = tonumber(ends)
    if stop > 0 and now >= stop then
      -- The window is over: the new one begins at today's totals, whatever is still reserved counts in it.
      local first, second = tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
      if first < 0 then stop = now - first -- a length: it begins with this use
      elseif now < first then stop = first
      else stop = second end
      base_u, base_t = f[3] or '0', f[5] or '0'
      s.rolled[#s.rolled + 1] = {name, string.format('%.0f', stop), base_u, base_t}
    end
    local left = stop > 0 and stop - now or -1
    local spent_u, spent_t = total_u - tonumber(base_u), total_t - tonumber(base_t)
    local usd, tok = tonumber(ARGV[arg + 3]), tonumber(ARGV[arg + 4])
    if usd > 0 and spent_u + reserved_u + nanos + margin_u > usd then
      return nil, {'usd', name, string.format('%.0f', spent_u), string.format('%.0f', reserved_u), ARGV[arg + 3], left}
    end
    if tok > 0 and spent_t + reserved_t + tokens + margin_t > tok then
      return nil, {'tokens', name, string.format('%.0f', spent_t), string.format('%.0f', reserved_t), ARGV[arg + 4], left}
    end
  end
  return s
end

local function put(s, field, value)
  s.set[#s.set + 1] = field
  s.set[#s.set + 1] = value
end

-- Counts in a ring: the bucket by itself, since its count was not read.
local function count(s, ring)
  if ring.gone then redis.call('HDEL', s.key, unpack(ring.gone)) end
  redis.call('HINCRBY', s.key, ring.name .. (ring.last % RING), string.format('%.0f', ring.amount))
  put(s, ring.name .. 's', ring.last)
  put(s, ring.name .. 'n', string.format('%.0f', ring.sum + ring.amount))
end

-- Adds to a sum that was read; by Redis itself where a double would not be exact.
local function add(s, field, had, amount)
  if amount == '0' then return end
  local sum = had + tonumber(amount)
  if sum < EXACT then put(s, field, string.format('%.0f', sum)) else redis.call('HINCRBY', s.key, field, amount) end
end

-- Reserves in one scope; returns how the hold remembers it.
local function take(s)
  local at = s.at
  for _, w in ipairs(s.rolled) do
    put(s, 'e:' .. w[1], w[2])
    put(s, 'bu:' .. w[1], w[3])
    put(s, 'bt:' .. w[1], w[4])
  end
  if ARGV[at + 3] == '1' then
    add(s, 'ru', s.ru, ARGV[at + 1])
    add(s, 'rt', s.rt, ARGV[at + 2])
  end
  if s.q then count(s, s.q) end
  if s.k then count(s, s.k) end
  redis.call('HSET', s.key, unpack(s.set))
  return table.concat({ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], s.k and string.format('%.0f', s.k.last) or ''}, ',')
end

local scopes, candidates = tonumber(ARGV[6]), tonumber(ARGV[7])
local at = 8
local plan = {}
for i = 1, scopes do
  local s, refusal = check(KEYS[3 + i], at)
  if not s then
    if refusal[1] == 'load' then return {'LOAD', i - 1} end
    return {'LIMIT', i - 1, refusal[1], refusal[2], refusal[3], refusal[4], refusal[5], refusal[6]}
  end
  plan[i] = s
  at = at + 8 + 5 * tonumber(ARGV[at + 7])
end

local reasons = {'NONE'}
for i = 1, candidates do
  local s, refusal = check(KEYS[3 + scopes + i], at)
  if s then
    local parts = {}
    for j = 1, scopes do parts[j] = take(plan[j]) end
    parts[scopes + 1] = take(s)
    local stamp = string.format('%.0f', now)
    redis.call('HSET', KEYS[2], ARGV[1],
      table.concat({ARGV[2], i - 1, stamp, ARGV[4], table.concat(parts, ';'), ARGV[5]}, '\n'))
    return {'OK', i - 1, now}
  end
  if refusal[1] == 'load' then return {'LOAD', scopes + i - 1} end
  reasons[#reasons + 1] = refusal[1]
  reasons[#reasons + 1] = refusal[6]
  at = at + 8 + 5 * tonumber(ARGV[at + 7])
end
return reasons
