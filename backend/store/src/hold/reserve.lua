-- Takes all limits and chooses the account, or changes nothing. Every check comes before the first write. The same for
-- a request that is held already and is to move to another account: then only accounts are given.
--
-- KEYS  1 meta, 2 holds, 3 policy version, then one hash per scope, then one per candidate account, and last, where the
--       conversation is remembered, its own
-- ARGV  1 request id, 2 boot id, 3 policy version the caller knows, 4 organisation, 5 payload, 6 epoch the caller knows,
--       7 number of scopes, 8 number of candidates, 9 the first candidate's number (0 = a new request, else one that
--       moves on to that candidate or a later one), 10 nanos that the account before may bill for its attempt all the
--       same, 11 for how many ms the conversation is remembered (0 = not), 12 whether another account than the first
--       candidate's may be where it is (1), or not (0), then for each scope and each candidate: suffix, mode, and unless the
--       mode is 0: nanos, tokens, requests/min, tokens/min, concurrency, length of the queue, number of windows, and for
--       each window: name, end, next end, dollars limit, tokens limit, requests limit   (0 = no limit)
--       mode: 0 = nothing is limited, 1 = what is open is counted, 2 = and totals must be loaded
-- Returns {'OK', candidate, ms, facts of scope 1 .. ... .. facts of the account} | {'STALE'} | {'CLOSED'} | {'GONE'}
--       | {'LOAD', scope} | {'RECOUNT', scope}: forget its totals, then load them
--       | {'BOUND', suffix of the account that the conversation is at}
--       | {'LIMIT', scope, kind, window, spent, reserved, limit, ms until it can be tried again}
--       | {'QUEUED', scope, place in the queue, limit}
--       | {'NONE', reason of candidate 0, ms, reason of candidate 1, ms, ...}
--       facts: open, requests and tokens of the minute, nanos and tokens reserved, then for each window its end and the
--       nanos, tokens and requests spent in it; nothing in mode 0. Eight bytes each, the least first: one string is read
--       far faster than lists of numbers
local POLLED = 5000 -- a waiting request that has not asked for this many ms has gone

local time = redis.call('TIME')
local now_s = tonumber(time[1])
local now = now_s * 1000 + math.floor(tonumber(time[2]) / 1000)
local id, epoch, first = ARGV[1], ARGV[6], tonumber(ARGV[9])

local meta = redis.call('HMGET', KEYS[1], 'epoch', 'state')
if meta[1] ~= epoch or meta[2] ~= 'open' then return {'CLOSED'} end

local held = redis.call('HGET', KEYS[2], id)
if held then
  local choice, at, of = string.match(held, '^[^\n]*\n([^\n]*)\n([^\n]*)\n[^\n]*\n([^\n]*)\n')
  if not choice then return {'GONE'} end -- released before this call arrived
  if of ~= epoch then held = false
  elseif tonumber(choice) >= first then return {'OK', tonumber(choice), tonumber(at)} end
end
if first > 0 then
  -- Only what is still running moves on.
  local settled = string.gsub(KEYS[2], 'holds$', 'settled')
  if not held or redis.call('HEXISTS', settled, id) == 1 then return {'GONE'} end
end

local policy = redis.call('GET', KEYS[3])
if not policy or tonumber(policy) > tonumber(ARGV[3]) then return {'STALE'} end

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

-- Where blocks of arguments begin, and the next after one.
local function after(at)
  if ARGV[at + 1] == '0' then return at + 2 end
  return at + 9 + 6 * tonumber(ARGV[at + 8])
end

-- How many of those that wait for a scope come before this request; those that have gone are forgotten.
local function ahead(key)
  local waiting, polled = key .. ':w', key .. ':p'
  if redis.call('EXISTS', waiting) == 0 then return 0, nil, 0 end
  -- It asks: also where it will be another scope that makes it wait, it keeps its place here.
  redis.call('ZADD', polled, 'XX', now, id)
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', polled, '-inf', now - POLLED)) do
    redis.call('ZREM', polled, gone)
    redis.call('ZREM', waiting, gone)
  end
  local rank = redis.call('ZRANK', waiting, id)
  local length = redis.call('ZCARD', waiting)
  return rank or length, rank, length
end

-- Whether a scope has room. Returns what taking it needs, or else nil and why not.
local function check(key, at, account)
  if ARGV[at + 1] == '0' then
    if not account then return {at = at} end
    local cool = redis.call('HGET', key, 'cool')
    if cool and tonumber(cool) > now then return nil, {'cooling', '', '0', '0', '0', tonumber(cool) - now} end
    return {at = at}
  end
  local windows, rpm, tpm = tonumber(ARGV[at + 8]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  -- Only what is needed is read: a scope without a budget has few fields, and most requests have such scopes.
  local fields, n
  if windows > 0 then fields, n = {'x', 'v', 'l', 'c', 'ru', 'rt', 'u', 't', 'n'}, 9
  else fields, n = {'x', 'v', 'l', 'c', 'ru', 'rt'}, 6 end
  local names, first_window = '', n + 1
  for arg = at + 9, at + 3 + 6 * windows, 6 do
    local name = ARGV[arg]
    names = names .. name .. ','
    fields[n + 1], fields[n + 2], fields[n + 3], fields[n + 4] = 'e:' .. name, 'bu:' .. name, 'bt:' .. name, 'bn:' .. name
    n = n + 4
  end
  local cooling, request_ring, token_ring
  if account then n = n + 1; fields[n] = 'cool'; cooling = n end
  if rpm > 0 then fields[n + 1], fields[n + 2] = 'qs', 'qn'; request_ring = n + 1; n = n + 2 end
  if tpm > 0 then fields[n + 1], fields[n + 2] = 'ks', 'kn'; token_ring = n + 1; n = n + 2 end
  local f = redis.call('HMGET', key, unpack(fields))
  local cool = cooling and f[cooling]
  if cool and tonumber(cool) > now then return nil, {'cooling', '', '0', '0', '0', tonumber(cool) - now} end
  local old = f[1] ~= epoch
  if old then f = {} end -- of another epoch: as if it were not there
  if ARGV[at + 1] == '2' and not f[2] then return nil, {'load'} end
  -- A window that was not limited for a while has not been watched: where it stands has to be found out again.
  local watched = f[3] or ''
  if watched ~= names then
    for arg = at + 9, at + 3 + 6 * windows, 6 do
      if not string.find(watched, ARGV[arg] .. ',', 1, true) then return nil, {'load'} end
    end
  end

  local open, nanos, tokens = tonumber(f[4]) or 0, tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local reserved_u, reserved_t = tonumber(f[5]) or 0, tonumber(f[6]) or 0
  local facts = {open + 1, 0, 0, reserved_u + nanos, reserved_t + tokens}
  local s = {key = key, at = at, old = old, open = open + 1, facts = facts,
    watched = watched ~= names and names, waits = false, q = false, k = false, rolled = false}
  local concurrency = tonumber(ARGV[at + 6])
  if concurrency > 0 then
    local before, rank, length, queue = 0, nil, 0, tonumber(ARGV[at + 7])
    if queue > 0 then before, rank, length = ahead(key) end
    s.waits = rank ~= nil and rank ~= false
    if open + before + 1 > concurrency then
      local refusal = {'concurrency', '', text(open), '0', ARGV[at + 6], 1000}
      if s.waits then refusal.place = rank
      elseif length < queue then refusal.place = length end
      return nil, refusal
    end
  end
  if request_ring then
    local sum, last, gone = advanced(key, 'q', f[request_ring], f[request_ring + 1], now_s)
    if sum + 1 > rpm then
      return nil, {'requests_per_minute', '', text(sum), '0', ARGV[at + 4], wait_for(key, 'q', last, gone, 1, rpm)}
    end
    s.q = {name = 'q', last = last, gone = gone, sum = sum + 1, amount = 1, first = not f[request_ring]}
    facts[2] = sum + 1
  end
  if token_ring then
    local sum, last, gone = advanced(key, 'k', f[token_ring], f[token_ring + 1], now_s)
    if sum + tokens > tpm then
      return nil, {'tokens_per_minute', '', text(sum), '0', ARGV[at + 5], wait_for(key, 'k', last, gone, tokens, tpm)}
    end
    s.k = {name = 'k', last = last, gone = gone, sum = sum + tokens, amount = tokens, first = not f[token_ring]}
    facts[3] = sum + tokens
  end
  if windows == 0 then return s end

  local total_u, total_t, total_n = tonumber(f[7]) or 0, tonumber(f[8]) or 0, tonumber(f[9]) or 0
  local margin_u = total_u > EXACT and 2048 or 0
  local margin_t = total_t > EXACT and 2048 or 0
  for w = 0, windows - 1 do
    local arg, field = at + 9 + 6 * w, first_window + 4 * w
    local base_u, base_t, base_n = f[field + 1], f[field + 2], f[field + 3] or '0'
    local stop = tonumber(f[field])
    local this, after_this = tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
    -- Of another calendar: the time zone or the beginning of the week was changed. Within the last minute it may be the
    -- caller's clock that is ahead, and soon it does not matter; one that is far behind knows no better.
    if this > 0 and after_this > now and stop > now + 60000 and stop ~= this and stop ~= after_this then
      return nil, {'recount'}
    end
    if stop > 0 and now >= stop then
      -- The window is over: the new one begins at today's totals, whatever is still reserved counts in it.
      if this < 0 then stop = now - this -- a length: it begins with this use
      elseif now < this then stop = this
      else stop = after_this end
      -- A calendar of the past: in it every use would begin a window of its own.
      if stop <= now then return nil, {'stale'} end
      base_u, base_t, base_n = f[7] or '0', f[8] or '0', f[9] or '0'
      s.rolled = s.rolled or {}
      table.insert(s.rolled, {ARGV[arg], stop, base_u, base_t, base_n})
    end
    local spent_u, spent_t = total_u - tonumber(base_u), total_t - tonumber(base_t)
    local spent_n = total_n - tonumber(base_n)
    local usd, tok, req = tonumber(ARGV[arg + 3]), tonumber(ARGV[arg + 4]), tonumber(ARGV[arg + 5])
    local left = stop > 0 and stop - now or -1
    -- More than the limit allows in any window does not fit into the next one either.
    if usd > 0 and spent_u + reserved_u + nanos + margin_u > usd then
      return nil, {'usd', ARGV[arg], text(spent_u), text(reserved_u), ARGV[arg + 3], nanos + margin_u > usd and -1 or left}
    end
    if tok > 0 and spent_t + reserved_t + tokens + margin_t > tok then
      return nil, {'tokens', ARGV[arg], text(spent_t), text(reserved_t), ARGV[arg + 4], tokens + margin_t > tok and -1 or left}
    end
    if req > 0 and spent_n + open + 1 > req then
      return nil, {'requests', ARGV[arg], text(spent_n), text(open), ARGV[arg + 5], left}
    end
    local fact = 6 + 4 * w
    facts[fact], facts[fact + 1], facts[fact + 2], facts[fact + 3] = stop, spent_u, spent_t, spent_n
  end
  return s
end

-- Counts in a ring: the bucket by itself, since its count was not read. Returns the second.
local function count(key, ring, set, at)
  if ring.gone then redis.call('HDEL', key, unpack(ring.gone)) end
  if ring.first then redis.call('HSET', key, 'w', WIDE) end
  redis.call('HINCRBY', key, ring.name .. (ring.last % RING), ring.amount)
  set[at], set[at + 1], set[at + 2], set[at + 3] = ring.name .. 's', ring.last, ring.name .. 'n', ring.sum
  return text(ring.last)
end

local function packed(s)
  local facts = s.facts
  return facts and struct.pack('<' .. string.rep('l', #facts), unpack(facts)) or ''
end

-- Reserves in one scope; returns how the hold remembers it. Redis takes numbers exactly, as far as doubles have them.
local function take(s)
  local key, at = s.key, s.at
  if not key then return ARGV[at] .. ',0,0,0,,' end
  if s.old then renew(key, epoch) end
  local ru, rt = s.facts[4], s.facts[5]
  local exact = ru < EXACT and rt < EXACT
  if not exact then
    redis.call('HINCRBY', key, 'ru', ARGV[at + 2])
    redis.call('HINCRBY', key, 'rt', ARGV[at + 3])
  end
  local set = exact and {'c', s.open, 'ru', ru, 'rt', rt} or {'c', s.open}
  local n = #set
  for _, w in ipairs(s.rolled or {}) do
    set[n + 1], set[n + 2], set[n + 3], set[n + 4] = 'e:' .. w[1], w[2], 'bu:' .. w[1], w[3]
    set[n + 5], set[n + 6], set[n + 7], set[n + 8] = 'bt:' .. w[1], w[4], 'bn:' .. w[1], w[5]
    n = n + 8
  end
  if s.watched then set[n + 1], set[n + 2] = 'l', s.watched; n = n + 2 end
  local k, q = '', ''
  if s.q then q = count(key, s.q, set, n + 1); n = n + 4 end
  if s.k then k = count(key, s.k, set, n + 1); n = n + 4 end
  redis.call('HSET', key, unpack(set))
  if s.waits then
    redis.call('ZREM', key .. ':w', id)
    redis.call('ZREM', key .. ':p', id)
  end
  return ARGV[at] .. ',' .. ARGV[at + 2] .. ',' .. ARGV[at + 3] .. ',' .. ARGV[at + 1] .. ',' .. k .. ',' .. q
end

-- Takes back what an account has counted of this request, which it turned out not to serve. What it may bill for its
-- attempt all the same stays reserved until the request is settled; returns how the hold remembers that.
local function undo(part, billed)
  local suffix, nanos, tokens, mode, k, q = string.match(part, '^([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^,]*)$')
  local counted = mode ~= '0'
  if counted then
    local key = string.match(KEYS[3], '^(.*:)[^:]*$') .. suffix
    redis.call('HINCRBY', key, 'c', -1)
    if billed ~= '0' then redis.call('HINCRBY', key, 'ru', billed) end
    if nanos ~= '0' then redis.call('HINCRBY', key, 'ru', '-' .. nanos) end
    if tokens ~= '0' then redis.call('HINCRBY', key, 'rt', '-' .. tokens) end
    if k ~= '' then note(key, 'k', tonumber(k), -tonumber(tokens)) end
    if q ~= '' then note(key, 'q', tonumber(q), -1) end
  end
  if billed == '0' then return '' end
  return suffix .. ',' .. (counted and billed or '0') .. ',' .. billed .. ',3,,;'
end

-- Puts the account at the end of a hold's scopes in place of the one before.
local function move(choice, part)
  local head, at, org, of, scopes, last, rest =
    string.match(held, '^([^\n]*\n)[^\n]*\n([^\n]*\n)([^\n]*\n)([^\n]*\n)(.-)([^;\n]*)(\n.*)$')
  scopes = scopes .. undo(last, ARGV[10])
  redis.call('HSET', KEYS[2], id, head .. choice .. '\n' .. at .. org .. of .. scopes .. part .. rest)
end

local scopes, candidates = tonumber(ARGV[7]), tonumber(ARGV[8])
local at = 13

-- Where the conversation is. It stays there for as long as that account is offered first; who does not know where it is
-- is told, before anything is looked at.
local remembered = ARGV[11] ~= '0'
local conversation, bound = KEYS[#KEYS], nil
if remembered and first == 0 then
  bound = redis.call('GET', conversation)
  if bound and ARGV[12] == '1' then
    local offered = at
    for _ = 1, scopes do offered = after(offered) end
    if bound ~= ARGV[offered] then return {'BOUND', bound} end
  end
end

-- Remembers that it is at the account whose block of arguments this is. Where its own account only had no room it is a
-- guest at another, and stays at its own.
local function remember(block, i)
  if not remembered then return end
  if i > 1 and bound and ARGV[12] == '1' then redis.call('PEXPIRE', conversation, ARGV[11])
  else redis.call('SET', conversation, ARGV[block], 'PX', ARGV[11]) end
end

local plan = {}
for i = 1, scopes do
  local key = KEYS[3 + i]
  local s, refusal = check(key, at, false)
  if not s then
    if refusal[1] == 'load' then return {'LOAD', i - 1} end
    if refusal[1] == 'recount' then return {'RECOUNT', i - 1} end
    if refusal[1] == 'stale' then return {'STALE'} end
    if refusal.place then
      redis.call('ZADD', key .. ':w', 'NX', now, id)
      redis.call('ZADD', key .. ':p', now, id)
      return {'QUEUED', i - 1, refusal.place, refusal[5]}
    end
    return {'LIMIT', i - 1, refusal[1], refusal[2], refusal[3], refusal[4], refusal[5], refusal[6]}
  end
  plan[i] = s
  at = after(at)
end

local reasons = {'NONE'}
for i = 1, candidates do
  local s, refusal = check(KEYS[3 + scopes + i], at, true)
  if s and first > 0 then
    remember(at, 1)
    move(first + i - 1, take(s))
    return {'OK', first + i - 1, now, packed(s)}
  elseif s then
    remember(at, i)
    local parts, facts = {}, {}
    plan[scopes + 1] = s
    for j = 1, scopes + 1 do
      facts[j] = packed(plan[j])
      parts[j] = take(plan[j])
    end
    redis.call('HSET', KEYS[2], id, ARGV[2] .. '\n' .. (i - 1) .. '\n' .. text(now) .. '\n' .. ARGV[4] .. '\n' .. epoch ..
      '\n' .. table.concat(parts, ';') .. '\n' .. ARGV[5])
    return {'OK', i - 1, now, table.concat(facts)}
  end
  if refusal[1] == 'load' then return {'LOAD', scopes + i - 1} end
  if refusal[1] == 'recount' then return {'RECOUNT', scopes + i - 1} end
  if refusal[1] == 'stale' then return {'STALE'} end
  reasons[#reasons + 1] = refusal[1]
  reasons[#reasons + 1] = refusal[6]
  at = after(at)
end
return reasons
