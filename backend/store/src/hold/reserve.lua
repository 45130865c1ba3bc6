-- Takes all limits and chooses the account, or changes nothing, for each of some requests, one after the other: as if each
-- had been asked for alone, but what they share is read once and written once. Every check comes before the first write.
-- The same for a request that is held already and is to move to another account: then only accounts are given.
--
-- KEYS  1 meta, 2 holds, then for each request: policy version, then one hash per scope, then one per candidate account,
--       and last, where the conversation is remembered, its own
-- ARGV  1 boot id, 2 epoch the caller knows, then for each request: id, organisation, payload, nanos that the account
--       before may bill for its attempt all the same, and numbers: policy version the caller knows, number of scopes,
--       number of candidates, the first candidate's number (0 = a new request, else one that moves on to that candidate or
--       a later one), for how many ms the conversation is remembered (0 = not), whether another account than the first
--       candidate's may be where it is (1), or not (0)
--       then for each scope and each candidate two: how the hold remembers it (suffix, nanos, tokens and mode, with a
--       comma behind each), and numbers: mode, and unless the mode is 0: nanos, tokens, requests/min, tokens/min,
--       concurrency, length of the queue, number of windows, and for each window: kind, end, next end, dollars limit,
--       tokens limit, requests limit   (0 = no limit)
--       mode: 0 = nothing is limited, 1 = what is open is counted, 2 = and totals must be loaded
-- Numbers, here and in the facts, are doubles, the least byte first: they are read far faster than text.
-- Returns for each request {'OK', candidate, ms, facts of scope 1 .. ... .. facts of the account}
--       | {'STALE'} | {'CLOSED'} | {'GONE'}
--       | {'LOAD', scope} | {'RECOUNT', scope}: forget its totals, then load them
--       | {'BOUND', suffix of the account that the conversation is at}
--       | {'LIMIT', scope, kind of limit, kind of window or -1, spent, reserved, ms until it can be tried again}
--       | {'QUEUED', scope, place in the queue}
--       | {'NONE', reason of candidate 0, ms, reason of candidate 1, ms, ...}
--       facts: open, requests and tokens of the minute, nanos and tokens reserved, then for each window its end and the
--       nanos, tokens and requests spent in it; nothing in mode 0
local POLLED = 5000 -- a waiting request that has not asked for this many ms has gone
local FIXED = 5 -- arguments of a request before those of its scopes

local time = redis.call('TIME')
local now_s = tonumber(time[1])
local now = now_s * 1000 + math.floor(tonumber(time[2]) / 1000)
local boot, epoch = ARGV[1], ARGV[2]
local life = tonumber(epoch)

-- The request that is looked at: where its keys and its arguments begin, and what they say.
local K, A, id, version, scopes, candidates, first, remembered_ms, elsewhere
-- How it is held already, if it is; and where its conversation is.
local held, bound

-- Scopes as they will be once all requests have been looked at. What one of them has taken, the next one finds.
local hashes = {}
local BUCKET = 'r' .. (now_s % RING)

local function hash(key)
  local h = hashes[key]
  if not h then
    -- All three in any case: a field more costs less than another call.
    local found = redis.call('HMGET', key, 's', BUCKET, 'cool')
    h = {key = key, s = found[1], buckets = {[BUCKET] = found[2]}, cool = found[3], changed = false}
    hashes[key] = h
  end
  return h
end

local function write(h)
  if not h.changed then return end
  if h.bucket then redis.call('HSET', h.key, 's', h.s, h.bucket, h.buckets[h.bucket])
  else redis.call('HSET', h.key, 's', h.s) end
  h.changed, h.bucket = false, nil
end

-- For those who read and write a scope by themselves.
local function let_go(key)
  if hashes[key] then write(hashes[key]) end
  hashes[key] = nil
end

-- Milliseconds until enough of a per-minute count has run out; only ever computed for a refusal. `part` is 1 for
-- requests, 2 for tokens.
local function wait_for(key, s, gone, part, need, limit)
  write(hash(key))
  local last = s[SECOND]
  local names, emptied = {}, {}
  for _, bucket in ipairs(gone or {}) do emptied[bucket] = true end
  if s.emptied then emptied['r' .. (last % RING)] = true end
  for second = last - RING + 1, last do names[#names + 1] = 'r' .. (second % RING) end
  local counts = redis.call('HMGET', key, unpack(names))
  local sum = 0
  for i = 1, RING do
    counts[i] = counts[i] and not emptied[names[i]] and ({struct.unpack('<dd', counts[i])})[part] or 0
    sum = sum + counts[i]
  end
  for i = 1, RING do
    sum = sum - counts[i]
    if sum + need <= limit then return math.max((last + i) * 1000 - now, 1) end
  end
  return -1 -- more than the limit allows in any minute
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

-- Whether a scope has room. Returns it as it would be, for `take`, or else nil and why not.
local function check(key, arg, account)
  local a = {struct.unpack('<' .. string.rep('d', #ARGV[arg + 1] / 8), ARGV[arg + 1])}
  if a[1] == 0 then
    if not account then return {arg = arg} end
    local cool = hash(key).cool
    if cool and tonumber(cool) > now then return nil, {'cooling', -1, '0', '0', tonumber(cool) - now} end
    return {arg = arg}
  end
  local nanos, tokens, rpm, tpm, concurrency, queue, windows = a[2], a[3], a[4], a[5], a[6], a[7], a[8]
  local minute = rpm > 0 or tpm > 0
  local h = hash(key)
  local cool = account and h.cool
  if cool and tonumber(cool) > now then return nil, {'cooling', -1, '0', '0', tonumber(cool) - now} end
  local s, void = unpacked(h.s, life)
  if a[1] == 2 and s[LOADED] == 0 then return nil, {'load'} end
  -- Which windows are watched. One that was not limited for a while has not been: where it stands has to be found out
  -- again. One that is limited no more is watched no more.
  local place, kept = {}, #s == HEAD + WINDOW * windows
  for w = 0, windows - 1 do
    local kind = a[9 + 6 * w]
    local at = HEAD + WINDOW * w + 1
    if s[at] ~= kind then
      kept, at = false, nil
      for other = HEAD + 1, #s, WINDOW do
        if s[other] == kind then at = other end
      end
      if not at then return nil, {'load'} end
    end
    place[w] = at
  end
  if not kept then
    local halves, last = s.halves, #s
    local fields, exact = {}, {}
    for w = 0, windows - 1 do
      for i = 0, WINDOW - 1 do
        fields[WINDOW * w + i + 1], exact[WINDOW * w + i + 1] = s[place[w] + i], halves and halves[place[w] + i]
      end
    end
    for i = HEAD + 1, last do
      s[i] = nil
      if halves then halves[i] = nil end
    end
    for i = 1, WINDOW * windows do
      s[HEAD + i] = fields[i]
      if halves then halves[HEAD + i] = exact[i] end
    end
  end

  local open, reserved_u, reserved_t = s[OPEN], s[RESERVED_NANOS], s[RESERVED_TOKENS]
  local facts = {open + 1, 0, 0, reserved_u + nanos, reserved_t + tokens}
  s.hash, s.arg, s.void, s.waits, s.facts = h, arg, void, false, facts
  if concurrency > 0 then
    local before, rank, length = 0, nil, 0
    if queue > 0 then before, rank, length = ahead(key) end
    s.waits = rank ~= nil and rank ~= false
    if open + before + 1 > concurrency then
      local refusal = {'concurrency', -1, text(open), '0', 1000}
      if s.waits then refusal.place = rank
      elseif length < queue then refusal.place = length end
      return nil, refusal
    end
  end
  if minute then
    local had = h.buckets[BUCKET]
    s.emptied = now_s > s[SECOND]
    s.gone = advance(key, s, now_s, had)
    -- By a clock that was set back the ring is ahead: then it is the last second that counts on.
    if s[SECOND] > now_s then
      local bucket = 'r' .. (s[SECOND] % RING)
      had = h.buckets[bucket] or redis.call('HGET', key, bucket)
    end
    local of_requests, of_tokens = 0, 0
    if had and not s.emptied then of_requests, of_tokens = struct.unpack('<dd', had) end
    if rpm > 0 then
      local sum = s[MINUTE_REQUESTS]
      if sum + 1 > rpm then
        return nil, {'requests_per_minute', -1, text(sum), '0', wait_for(key, s, s.gone, 1, 1, rpm)}
      end
      s[MINUTE_REQUESTS], of_requests, facts[2], s.counts_requests = sum + 1, of_requests + 1, sum + 1, true
    end
    if tpm > 0 then
      local sum = s[MINUTE_TOKENS]
      if sum + tokens > tpm then
        return nil, {'tokens_per_minute', -1, text(sum), '0', wait_for(key, s, s.gone, 2, tokens, tpm)}
      end
      s[MINUTE_TOKENS], of_tokens, facts[3], s.counts_tokens = sum + tokens, of_tokens + tokens, sum + tokens, true
    end
    s.bucket = struct.pack('<dd', of_requests, of_tokens)
  end

  local total_u, total_t, total_n = s[NANOS], s[TOKENS], s[REQUESTS]
  local margin_u = total_u >= EXACT and 2048 or 0
  local margin_t = total_t >= EXACT and 2048 or 0
  for w = 0, windows - 1 do
    local asked, at = 9 + 6 * w, HEAD + WINDOW * w + 1
    local kind, this, after_this = a[asked], a[asked + 1], a[asked + 2]
    local stop = s[at + 1]
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
      s[at + 1] = stop
      copy(s, at + 2, NANOS)
      copy(s, at + 3, TOKENS)
      copy(s, at + 4, REQUESTS)
    end
    local spent_u, spent_t, spent_n = total_u - s[at + 2], total_t - s[at + 3], total_n - s[at + 4]
    local usd, tok, req = a[asked + 3], a[asked + 4], a[asked + 5]
    local left = stop > 0 and stop - now or -1
    -- More than the limit allows in any window does not fit into the next one either.
    if usd > 0 and spent_u + reserved_u + nanos + margin_u > usd then
      return nil, {'usd', kind, text(spent_u), text(reserved_u), nanos + margin_u > usd and -1 or left}
    end
    if tok > 0 and spent_t + reserved_t + tokens + margin_t > tok then
      return nil, {'tokens', kind, text(spent_t), text(reserved_t), tokens + margin_t > tok and -1 or left}
    end
    if req > 0 and spent_n + open + 1 > req then
      return nil, {'requests', kind, text(spent_n), text(open), left}
    end
    local fact = 6 + 4 * w
    facts[fact], facts[fact + 1], facts[fact + 2], facts[fact + 3] = stop, spent_u, spent_t, spent_n
  end
  s.nanos, s.tokens = nanos, tokens
  return s
end

local function packed_facts(s)
  local facts = s.facts
  return facts and struct.pack('<' .. string.rep('d', #facts), unpack(facts)) or ''
end

-- The amount of an argument: the number, or its text where a double does not have it.
local function amount(n, part, place)
  if n < EXACT then return n end
  return ({string.match(part, '^[^,]*,([^,]*),([^,]*),')})[place]
end

-- Reserves in one scope; returns how the hold remembers it.
local function take(s)
  local part, h = ARGV[s.arg], s.hash
  if not h then return part .. ',' end
  local key = h.key
  if s.void then
    renew(key)
    h.buckets = {}
  end
  s[OPEN] = s[OPEN] + 1
  add(s, RESERVED_NANOS, amount(s.nanos, part, 1))
  add(s, RESERVED_TOKENS, amount(s.tokens, part, 2))
  if s.gone then redis.call('HDEL', key, unpack(s.gone)) end
  local second = ''
  if s.bucket then
    h.bucket = 'r' .. (s[SECOND] % RING)
    h.buckets[h.bucket] = s.bucket
    second = text(s[SECOND])
  end
  h.s, h.changed = packed(s), true
  if s.waits then
    redis.call('ZREM', key .. ':w', id)
    redis.call('ZREM', key .. ':p', id)
  end
  return part .. (s.counts_tokens and second or '') .. ',' .. (s.counts_requests and second or '')
end

-- Takes back what an account has counted of this request, which it turned out not to serve. What it may bill for its
-- attempt all the same stays reserved until the request is settled; returns how the hold remembers that.
local function undo(part, billed)
  local suffix, nanos, tokens, mode, k, q = string.match(part, '^([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^,]*)$')
  local counted = mode ~= '0'
  if counted then
    local key = string.match(KEYS[K], '^(.*:)[^:]*$') .. suffix
    let_go(key)
    local s = opened(key, life)
    s[OPEN] = s[OPEN] - 1
    add(s, RESERVED_NANOS, billed)
    add(s, RESERVED_NANOS, '-' .. nanos)
    add(s, RESERVED_TOKENS, '-' .. tokens)
    if k ~= '' then note(key, s, tonumber(k), 0, -tonumber(tokens)) end
    if q ~= '' then note(key, s, tonumber(q), -1, 0) end
    store(key, s)
  end
  if billed == '0' then return '' end
  return suffix .. ',' .. (counted and billed or '0') .. ',' .. billed .. ',3,,;'
end

-- Puts the account at the end of a hold's scopes in place of the one before.
local function move(choice, part)
  local head, at, org, of, parts, last, rest =
    string.match(held, '^([^\n]*\n)[^\n]*\n([^\n]*\n)([^\n]*\n)([^\n]*\n)(.-)([^;\n]*)(\n.*)$')
  parts = parts .. undo(last, ARGV[A + 3])
  redis.call('HSET', KEYS[2], id, head .. choice .. '\n' .. at .. org .. of .. parts .. part .. rest)
end

-- Remembers that it is at the account whose argument this is. Where its own account only had no room it is a guest at
-- another, and stays at its own.
local function remember(arg, i)
  if remembered_ms == 0 then return end
  local conversation = KEYS[K + 1 + scopes + candidates]
  if i > 1 and bound and elsewhere == 1 then redis.call('PEXPIRE', conversation, text(remembered_ms))
  else redis.call('SET', conversation, string.match(ARGV[arg], '^[^,]*'), 'PX', text(remembered_ms)) end
end

local meta = redis.call('HMGET', KEYS[1], 'epoch', 'state')
local open = meta[1] == epoch and meta[2] == 'open'

-- What is newly held, by request, and the same as it is to be written.
local taken, entered = {}, {}
local policies = {}

local function policy(key)
  policies[key] = policies[key] or redis.call('GET', key)
  return policies[key]
end

-- What is to become of the request.
local function answer()
  if not open then return {'CLOSED'} end
  held = taken[id] or redis.call('HGET', KEYS[2], id)
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
  local known = policy(KEYS[K])
  if not known or tonumber(known) > version then return {'STALE'} end

  -- Where the conversation is. It stays there for as long as that account is offered first; who does not know where it is
  -- is told, before anything is looked at.
  bound = nil
  if remembered_ms > 0 and first == 0 then
    bound = redis.call('GET', KEYS[K + 1 + scopes + candidates])
    if bound and elsewhere == 1 then
      local offered = string.match(ARGV[A + FIXED + 2 * scopes], '^[^,]*')
      if bound ~= offered then return {'BOUND', bound} end
    end
  end

  local plan = {}
  for i = 1, scopes do
    local key = KEYS[K + i]
    local s, refusal = check(key, A + FIXED + 2 * (i - 1), false)
    if not s then
      if refusal[1] == 'load' then return {'LOAD', i - 1} end
      if refusal[1] == 'recount' then return {'RECOUNT', i - 1} end
      if refusal[1] == 'stale' then return {'STALE'} end
      if refusal.place then
        redis.call('ZADD', key .. ':w', 'NX', now, id)
        redis.call('ZADD', key .. ':p', now, id)
        return {'QUEUED', i - 1, refusal.place}
      end
      return {'LIMIT', i - 1, refusal[1], refusal[2], refusal[3], refusal[4], refusal[5]}
    end
    plan[i] = s
  end

  local reasons = {'NONE'}
  for i = 1, candidates do
    local arg = A + FIXED + 2 * (scopes + i - 1)
    local s, refusal = check(KEYS[K + scopes + i], arg, true)
    if s and first > 0 then
      remember(arg, 1)
      local facts = packed_facts(s)
      move(text(first + i - 1), take(s))
      return {'OK', first + i - 1, now, facts}
    elseif s then
      remember(arg, i)
      local parts, facts = {}, {}
      plan[scopes + 1] = s
      for j = 1, scopes + 1 do
        facts[j] = packed_facts(plan[j])
        parts[j] = take(plan[j])
      end
      local hold = boot .. '\n' .. text(i - 1) .. '\n' .. text(now) .. '\n' .. ARGV[A + 1] .. '\n' .. epoch .. '\n' ..
        table.concat(parts, ';') .. '\n' .. ARGV[A + 2]
      taken[id] = hold
      entered[#entered + 1] = id
      entered[#entered + 1] = hold
      return {'OK', i - 1, now, table.concat(facts)}
    end
    if refusal[1] == 'load' then return {'LOAD', scopes + i - 1} end
    if refusal[1] == 'recount' then return {'RECOUNT', scopes + i - 1} end
    if refusal[1] == 'stale' then return {'STALE'} end
    reasons[#reasons + 1] = refusal[1]
    reasons[#reasons + 1] = refusal[5]
  end
  return reasons
end

local answers = {}
K, A = 3, 3
while A <= #ARGV do
  id = ARGV[A]
  version, scopes, candidates, first, remembered_ms, elsewhere = struct.unpack('<dddddd', ARGV[A + 4])
  answers[#answers + 1] = answer()
  K = K + 1 + scopes + candidates + (remembered_ms > 0 and 1 or 0)
  A = A + FIXED + 2 * (scopes + candidates)
end
for _, h in pairs(hashes) do write(h) end
if #entered > 0 then redis.call('HSET', KEYS[2], unpack(entered)) end
return answers
