-- Takes all limits and chooses the account, or changes nothing, for each of some requests, one after the other: as if each
-- had been asked for alone, but what they share is sent, read and written once. Every check comes before the first write.
-- The same for a request that is held already and is to move to another account: then only accounts are given.
--
-- KEYS  1 meta, 2 holds, 3 drafts, then the policy version of each organisation, then the hash of each entry, then where each
--       conversation is remembered, in the order of the requests
-- ARGV  1 epoch the caller knows, 2 numbers, then the names of the requests' own scopes as holds keep them, each once, then
--       for each request: id, draft
--       An entry is a scope with its limits, whichever of the requests count in it; no scope has two.
-- Numbers: how many organisations, entries, names and requests
--       then for each entry: mode, 1 = an account, requests/min, tokens/min, concurrency, length of the queue, number of
--       windows, and for each window: kind, end, next end, dollars limit, tokens limit, requests limit   (0 = no limit)
--       mode: 0 = nothing is limited, 1 = what is open is counted, 2 = and totals must be loaded
--       then for each request: number of scopes, number of candidates, which organisation, which names, policy version the
--       caller knows, the first candidate's number (0 = a new request, else one that moves on to that candidate or a later
--       one), for how many ms the conversation is remembered (0 = not), whether another account than the first
--       candidate's may be where it is (1), or not (0), nanos that the account before may bill for its attempt all the
--       same; then for each scope and each candidate the entry's number (0 = nothing is limited), and for each of them
--       how the hold keeps it: mode, nanos, tokens
-- Returns {ms, facts, answer, answer, ...}; for each request the number of the candidate that it has been given
--       | {'OK', candidate, ms}, where it was held before
--       | {'STALE'} | {'CLOSED'} | {'GONE'}
--       | {'LOAD', scope} | {'RECOUNT', scope}: forget its totals, then load them
--       | {'BOUND', suffix of the account that the conversation is at}
--       | {'LIMIT', scope, kind of limit, kind of window or -1, spent, reserved, ms until it can be tried again}
--       | {'QUEUED', scope, place in the queue}
--       | {'NONE', reason of candidate 0, ms, reason of candidate 1, ms, ...}
--       facts: doubles; of each entry that was looked at, before anything was taken: its number, requests open, requests and
--       tokens of the minute, nanos and tokens reserved, then for each window its end and the nanos, tokens and requests
--       spent in it
local POLLED = 5000 -- a waiting request that has not asked for this many ms has gone
local NEVER = math.huge

local time = call('TIME')
local now_s = tonumber(time[1])
local now = now_s * 1000 + math.floor(tonumber(time[2]) / 1000)
local epoch, numbers = ARGV[1], ARGV[2]
local life = tonumber(epoch)
local sub, byte = string.sub, string.byte
local organisations, count, lists, requests, at = unpack_of('<HHHH', numbers)

-- Entries. Scopes as they will be once all requests have been looked at: what one of them has taken, the next one finds.
local entries, facts = {}, {}
local BUCKET = 'r' .. (now_s % RING)
for e = 1, count do
  local windows = byte(numbers, at + 34)
  entries[e] = {number = e, key = KEYS[3 + organisations + e], at = at, windows = windows}
  at = at + 35 + 41 * windows
end

-- The request that is looked at.
local id, of, first, remembered_ms, elsewhere, conversation
-- How it is held already, if it is; and where its conversation is.
local held, bound

local function write(h)
  if not h.changed then return end
  local key, s = h.key, h.s
  if h.void then
    renew(key)
    h.void = false
  end
  if h.gone then call('HDEL', key, unpack(h.gone)) end
  if h.bucket then call('HSET', key, 's', packed(s), h.bucket, pack_of('<dd', h.of_requests, h.of_tokens))
  else store(key, s) end
  h.changed, h.gone = false, nil
end

-- Milliseconds until enough of a per-minute count has run out; only ever computed for a refusal. `part` is 1 for
-- requests, 2 for tokens.
local function wait_for(h, part, need, limit)
  write(h)
  local key, last = h.key, h.s[SECOND]
  local names, emptied = {}, {}
  for _, bucket in ipairs(h.gone or {}) do emptied[bucket] = true end
  if h.emptied then emptied['r' .. (last % RING)] = true end
  for second = last - RING + 1, last do names[#names + 1] = 'r' .. (second % RING) end
  local counts = call('HMGET', key, unpack(names))
  local sum = 0
  for i = 1, RING do
    counts[i] = counts[i] and not emptied[names[i]] and ({unpack_of('<dd', counts[i])})[part] or 0
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
  if call('EXISTS', waiting) == 0 then return 0, nil, 0 end
  -- It asks: also where it will be another scope that makes it wait, it keeps its place here.
  call('ZADD', polled, 'XX', now, id)
  for _, gone in ipairs(call('ZRANGEBYSCORE', polled, '-inf', now - POLLED)) do
    call('ZREM', polled, gone)
    call('ZREM', waiting, gone)
  end
  local rank = call('ZRANK', waiting, id)
  local length = call('ZCARD', waiting)
  return rank or length, rank, length
end

-- Which windows are watched. One that was not limited for a while has not been: where it stands has to be found out
-- again. One that is limited no more is watched no more. False if one has to be found out.
local function watch(s, a, windows)
  local place, kept = {}, #s == HEAD + WINDOW * windows
  for w = 0, windows - 1 do
    local kind = a[8 + 6 * w]
    local at = HEAD + WINDOW * w + 1
    if s[at] ~= kind then
      kept, at = false, nil
      for other = HEAD + 1, #s, WINDOW do
        if s[other] == kind then at = other end
      end
      if not at then return false end
    end
    place[w] = at
  end
  if kept then return true end
  local halves = s.halves
  local fields, exact = {}, {}
  for w = 0, windows - 1 do
    for i = 0, WINDOW - 1 do
      fields[WINDOW * w + i + 1], exact[WINDOW * w + i + 1] = s[place[w] + i], halves and halves[place[w] + i]
    end
  end
  forget_windows(s)
  for i = 1, WINDOW * windows do
    s[HEAD + i] = fields[i]
    if halves then halves[HEAD + i] = exact[i] end
  end
  return true
end

-- Brings the windows to this moment, finds out how much room they leave, and tells how they stand. Where one of them cannot
-- be told, `trouble` says why, and nothing is told of any.
local function roll(h, s, a, told)
  local total_u, total_t, total_n = s[NANOS], s[TOKENS], s[REQUESTS]
  local at, n = HEAD + 1, told
  for asked = 8, 2 + 6 * h.windows, 6 do
    local this, after_this, stop = a[asked + 1], a[asked + 2], s[at + 1]
    -- Of another calendar: the time zone or the beginning of the week was changed. Within the last minute it may be the
    -- caller's clock that is ahead, and soon it does not matter; one that is far behind knows no better.
    if this > 0 and after_this > now and stop > now + 60000 and stop ~= this and stop ~= after_this then
      h.trouble = 'recount'
      break
    end
    if stop > 0 and now >= stop then
      -- The window is over: the new one begins at today's totals, whatever is still reserved counts in it.
      if this < 0 then stop = now - this -- a length: it begins with this use
      elseif now < this then stop = this
      else stop = after_this end
      -- A calendar of the past: in it every use would begin a window of its own.
      if stop <= now then
        h.trouble = 'stale'
        break
      end
      s[at + 1] = stop
      copy(s, at + 2, NANOS)
      copy(s, at + 3, TOKENS)
      copy(s, at + 4, REQUESTS)
    end
    local spent_u, spent_t, spent_n = total_u - s[at + 2], total_t - s[at + 3], total_n - s[at + 4]
    local usd, tok, req = a[asked + 3], a[asked + 4], a[asked + 5]
    if usd > 0 and usd - spent_u < h.nanos then h.nanos = usd - spent_u end
    if tok > 0 and tok - spent_t < h.tokens then h.tokens = tok - spent_t end
    if req > 0 and req - spent_n < h.open then h.open = req - spent_n end
    facts[n + 1], facts[n + 2], facts[n + 3], facts[n + 4] = stop, spent_u, spent_t, spent_n
    at, n, h.rolled = at + WINDOW, n + 4, h.rolled + 1
  end
  if h.trouble then
    for i = told + 1, n do facts[i] = nil end
  end
  -- Beyond what a double holds each check is made with its margin.
  if h.trouble or total_u >= EXACT or total_t >= EXACT then h.open = -1 end
end

-- The format of a scope's limits.
local limits = {}
local function limits_of(windows)
  limits[windows] = limits[windows] or '<BBddddB' .. rep('Bddddd', windows)
  return limits[windows]
end

-- Looks at a scope for the first time.
local function open(h)
  h.looked = true
  local a = {unpack_of(limits_of(h.windows), numbers, h.at)}
  local mode, rpm, tpm, concurrency, queue = a[1], a[3], a[4], a[5], a[6]
  h.mode, h.is_account, h.asked, h.rolled = mode, a[2] == 1, a, 0
  if mode == 0 then
    h.cool = tonumber(call('HGET', h.key, 'cool') or 0)
    return
  end
  -- All three in any case: a field more costs less than another call.
  local found = call('HMGET', h.key, 's', BUCKET, 'cool')
  h.cool = h.is_account and found[3] and tonumber(found[3]) or 0
  local s, void = unpacked(found[1], life)
  h.s, h.void = s, void
  if mode == 2 and s[LOADED] == 0 or not watch(s, a, h.windows) then
    h.unloaded = true
    return
  end
  h.rpm, h.tpm, h.concurrency, h.queue = rpm, tpm, concurrency, queue
  -- How much there may be: an upper bound of each sum, so that most are let in by five comparisons.
  h.nanos, h.tokens, h.open = NEVER, NEVER, concurrency > 0 and concurrency or NEVER
  h.minute_requests, h.minute_tokens = rpm > 0 and rpm or NEVER, tpm > 0 and tpm or NEVER
  if rpm > 0 or tpm > 0 then
    local had = not void and found[2]
    h.emptied = now_s > s[SECOND]
    h.gone = advance(h.key, s, now_s, had)
    h.bucket = BUCKET
    -- By a clock that was set back the ring is ahead: then it is the last second that counts on.
    if s[SECOND] > now_s then
      h.bucket = 'r' .. (s[SECOND] % RING)
      had = call('HGET', h.key, h.bucket)
    end
    h.of_requests, h.of_tokens = 0, 0
    if had and not h.emptied then h.of_requests, h.of_tokens = unpack_of('<dd', had) end
  end
  local n = #facts
  roll(h, s, a, n + 6)
  if h.trouble then return end -- nothing is ever taken there
  facts[n + 1], facts[n + 2], facts[n + 3], facts[n + 4] = h.number, s[OPEN], s[MINUTE_REQUESTS], s[MINUTE_TOKENS]
  facts[n + 5], facts[n + 6] = s[RESERVED_NANOS], s[RESERVED_TOKENS]
  -- Who waits in line has to be looked at each time.
  if queue > 0 and concurrency > 0 then h.open = -1 end
end

-- Why there is no room in a scope, if there is none: one check after the other, exactly.
local function refusal_of(h, nanos, tokens)
  local s = h.s
  local open, reserved_u, reserved_t = s[OPEN], s[RESERVED_NANOS], s[RESERVED_TOKENS]
  h.waits = false
  if h.concurrency > 0 then
    local before, rank, length = 0, nil, 0
    if h.queue > 0 then before, rank, length = ahead(h.key) end
    h.waits = rank ~= nil and rank ~= false
    if open + before + 1 > h.concurrency then
      local refusal = {'concurrency', -1, text(open), '0', 1000}
      if h.waits then refusal.place = rank
      elseif length < h.queue then refusal.place = length end
      return refusal
    end
  end
  local sum = s[MINUTE_REQUESTS]
  if sum + 1 > h.minute_requests then
    return {'requests_per_minute', -1, text(sum), '0', wait_for(h, 1, 1, h.rpm)}
  end
  sum = s[MINUTE_TOKENS]
  if sum + tokens > h.minute_tokens then
    return {'tokens_per_minute', -1, text(sum), '0', wait_for(h, 2, tokens, h.tpm)}
  end
  local margin_u = s[NANOS] >= EXACT and 2048 or 0
  local margin_t = s[TOKENS] >= EXACT and 2048 or 0
  local a = h.asked
  for w = 0, h.rolled - 1 do
    local asked, at = 8 + 6 * w, HEAD + WINDOW * w + 1
    local kind, stop, usd, tok, req = a[asked], s[at + 1], a[asked + 3], a[asked + 4], a[asked + 5]
    local spent_u, spent_t, spent_n = s[NANOS] - s[at + 2], s[TOKENS] - s[at + 3], s[REQUESTS] - s[at + 4]
    local left = stop > 0 and stop - now or -1
    -- More than the limit allows in any window does not fit into the next one either.
    if usd > 0 and spent_u + reserved_u + nanos + margin_u > usd then
      return {'usd', kind, text(spent_u), text(reserved_u), nanos + margin_u > usd and -1 or left}
    end
    if tok > 0 and spent_t + reserved_t + tokens + margin_t > tok then
      return {'tokens', kind, text(spent_t), text(reserved_t), tokens + margin_t > tok and -1 or left}
    end
    if req > 0 and spent_n + open + 1 > req then
      return {'requests', kind, text(spent_n), text(open), left}
    end
  end
  return h.trouble and {h.trouble} or nil
end

-- Why a scope has no room; nil if it has.
local function check(h, nanos, tokens)
  if not h.looked then open(h) end
  if h.cool > now and h.is_account then return {'cooling', -1, '0', '0', h.cool - now} end
  if h.mode == 0 then return nil end
  if h.unloaded then return {'load'} end
  local s = h.s
  if s[OPEN] < h.open and s[RESERVED_NANOS] + nanos <= h.nanos and s[RESERVED_TOKENS] + tokens <= h.tokens
    and s[MINUTE_REQUESTS] < h.minute_requests and s[MINUTE_TOKENS] + tokens <= h.minute_tokens then
    h.waits = false
    return nil
  end
  return refusal_of(h, nanos, tokens)
end

-- Reserves in one scope, `place` being where its amounts are in the numbers; returns the second in which it counts.
local function take(h, nanos, tokens, place)
  if not h or h.mode == 0 then return 0 end
  local s = h.s
  s[OPEN] = s[OPEN] + 1
  change(s, RESERVED_NANOS, 1, nanos, numbers, place + 1)
  change(s, RESERVED_TOKENS, 1, tokens, numbers, place + 9)
  h.changed = true
  if h.waits then
    call('ZREM', h.key .. ':w', id)
    call('ZREM', h.key .. ':p', id)
  end
  if not h.bucket then return 0 end
  if h.rpm > 0 then s[MINUTE_REQUESTS], h.of_requests = s[MINUTE_REQUESTS] + 1, h.of_requests + 1 end
  if h.tpm > 0 then s[MINUTE_TOKENS], h.of_tokens = s[MINUTE_TOKENS] + tokens, h.of_tokens + tokens end
  return s[SECOND]
end

-- Remembers that it is at the account of this entry. Where its own account only had no room it is a guest at another, and
-- stays at its own.
local function remember(h, i)
  if remembered_ms == 0 then return end
  if i > 1 and bound and elsewhere == 1 then call('PEXPIRE', conversation, text(remembered_ms))
  else call('SET', conversation, sub(h.key, -34), 'PX', text(remembered_ms)) end
end

local meta = call('HMGET', KEYS[1], 'epoch', 'state')
local is_open = meta[1] == epoch and meta[2] == 'open'

local policies = {}
local function policy(org)
  local version = policies[org]
  if not version then
    version = tonumber(call('GET', KEYS[4 + org]) or NEVER)
    policies[org] = version
  end
  return version
end

-- What is newly held, by request, and the same as it is to be written.
local taken, entered, drafted = {}, {}, {}

-- Formats of a request's numbers: how many scopes, how many candidates.
local asked = {}
local function asked_of(own, candidates)
  local i = 256 * own + candidates
  local format = asked[i]
  if not format then
    format = '<BBHHdHdBl' .. rep('H', own + candidates) .. rep('Bll', own)
    asked[i] = format
  end
  return format
end
local BEFORE = 9 -- numbers before those of the entries

-- Takes back what an account has counted of this request, which it turned out not to serve. What it may bill for its
-- attempt all the same stays reserved until the request is settled.
local function undo(key, mode, place, second, billed, billed_at)
  if mode % OF_TOKENS == 0 then return end
  for _, h in ipairs(entries) do
    if h.s and h.key == key then
      write(h)
      h.looked = false
    end
  end
  local s = opened(key, life)
  local _, nanos, tokens = unpack_of('<Bll', held, place)
  s[OPEN] = s[OPEN] - 1
  change(s, RESERVED_NANOS, 1, billed, numbers, billed_at)
  change(s, RESERVED_NANOS, -1, nanos, held, place + 1)
  change(s, RESERVED_TOKENS, -1, tokens, held, place + 9)
  if mode >= OF_TOKENS then
    note(key, s, second, mode >= OF_REQUESTS and -1 or 0, mode % OF_REQUESTS >= OF_TOKENS and -tokens or 0)
  end
  store(key, s)
end

-- Puts an account at the end of a hold's scopes in place of the one before.
local function move(f, choice, h, place, second, billed, billed_at)
  local n = f[PARTS]
  local names = sub(held, f[#f])
  local last, left = RECORD + AMOUNTS * (n - 1), sub(names, -34)
  local parts, seconds = sub(held, RECORD, last - 1), {}
  for p = 1, n - 1 do seconds[p] = f[PARTS + 3 * n + p] end
  local mode = byte(held, last)
  undo(string.match(h.key, '^(.*:)[^:]*:[^:]*$') .. left, mode, last, f[PARTS + 4 * n], billed, billed_at)
  local kept = n - 1
  names = sub(names, 1, -35)
  if billed > 0 then
    kept = n
    local bill = sub(numbers, billed_at, billed_at + 7)
    parts = parts .. string.char(3) .. (mode % OF_TOKENS == 0 and rep('\0', 8) or bill) .. bill
    seconds[n] = 0
    names = names .. left .. ';'
  end
  seconds[kept + 1] = second
  local hold = pack_of('<BHddH', VERSION, choice, f[AT], life, kept + 1) .. parts .. sub(numbers, place, place + AMOUNTS - 1) ..
    pack_of('<' .. rep('I4', kept + 1), unpack(seconds)) .. names .. sub(h.key, -34)
  call('HSET', KEYS[2], id, hold)
  taken[id] = hold
end

-- What is to become of the request whose numbers begin at `at`; and where they end.
local function answer(draft, found)
  local own, candidates = byte(numbers, at), byte(numbers, at + 1)
  local f = {unpack_of(asked_of(own, candidates), numbers, at)}
  local billed_at, amounts = at + 25, at + 33 + 2 * (own + candidates)
  at = amounts + AMOUNTS * (own + candidates)
  first, remembered_ms, elsewhere = f[6], f[7], f[8]
  if remembered_ms > 0 then
    of = of + 1
    conversation = KEYS[of]
  end
  if not is_open then return {'CLOSED'} end
  held = taken[id] or found
  local kept
  if held then
    if byte(held) == MARK then return {'GONE'} end -- released before this call arrived
    kept = numbers_of(held)
    if not kept or kept[OF] ~= life then held = false
    elseif kept[CANDIDATE] >= first then return {'OK', kept[CANDIDATE], kept[AT]} end
  end
  if first > 0 then
    -- Only what is still running moves on.
    local settled = string.gsub(KEYS[2], 'holds$', 'settled')
    if not held or call('HEXISTS', settled, id) == 1 then return {'GONE'} end
  end
  if policy(f[3]) > f[5] then return {'STALE'} end

  -- Where the conversation is. It stays there for as long as that account is offered first; who does not know where it is
  -- is told, before anything is looked at.
  bound = nil
  if remembered_ms > 0 and first == 0 then
    bound = call('GET', conversation)
    local offered = entries[f[BEFORE + own + 1]]
    if bound and elsewhere == 1 and not (offered and bound == sub(offered.key, -34)) then return {'BOUND', bound} end
  end

  for i = 1, own do
    local h = entries[f[BEFORE + i]]
    if h then
      local amount = BEFORE + own + candidates + 3 * i
      local refusal = check(h, f[amount - 1], f[amount])
      if refusal then
        if refusal[1] == 'load' then return {'LOAD', i - 1} end
        if refusal[1] == 'recount' then return {'RECOUNT', i - 1} end
        if refusal[1] == 'stale' then return {'STALE'} end
        if refusal.place then
          call('ZADD', h.key .. ':w', 'NX', now, id)
          call('ZADD', h.key .. ':p', now, id)
          return {'QUEUED', i - 1, refusal.place}
        end
        return {'LIMIT', i - 1, refusal[1], refusal[2], refusal[3], refusal[4], refusal[5]}
      end
    end
  end

  local reasons = {'NONE'}
  for c = 1, candidates do
    local h = entries[f[BEFORE + own + c]]
    local place = amounts + AMOUNTS * (own + c - 1)
    local _, nanos, tokens = unpack_of('<Bll', numbers, place)
    local refusal = check(h, nanos, tokens)
    if not refusal then
      if first > 0 then
        remember(h, 1)
        move(kept, first + c - 1, h, place, take(h, nanos, tokens, place), f[9], billed_at)
        return first + c - 1
      end
      remember(h, c)
      local seconds = {}
      for i = 1, own do
        local e, amount = entries[f[BEFORE + i]], BEFORE + own + candidates + 3 * i
        seconds[i] = e and take(e, f[amount - 1], f[amount], amounts + AMOUNTS * (i - 1)) or 0
      end
      seconds[own + 1] = take(h, nanos, tokens, place)
      local hold = pack_of('<BHddH', VERSION, c - 1, now, life, own + 1) .. sub(numbers, amounts, amounts + AMOUNTS * own - 1) ..
        sub(numbers, place, place + AMOUNTS - 1) .. pack_of('<' .. rep('I4', own + 1), unpack(seconds)) ..
        ARGV[3 + f[4]] .. sub(h.key, -34)
      taken[id] = hold
      local n = #entered
      entered[n + 1], entered[n + 2], drafted[n + 1], drafted[n + 2] = id, hold, id, draft
      return c - 1
    end
    if refusal[1] == 'load' then return {'LOAD', own + c - 1} end
    if refusal[1] == 'recount' then return {'RECOUNT', own + c - 1} end
    if refusal[1] == 'stale' then return {'STALE'} end
    reasons[#reasons + 1] = refusal[1]
    reasons[#reasons + 1] = refusal[5]
  end
  return reasons
end

local answers = {now, ''}
local ids = {}
for i = 1, requests do ids[i] = ARGV[1 + lists + 2 * i] end
local found = call('HMGET', KEYS[2], unpack(ids))
of = 3 + organisations + count
for i = 1, requests do
  id = ids[i]
  answers[i + 2] = answer(ARGV[2 + lists + 2 * i], found[i])
end
for i = 1, count do write(entries[i]) end
if #entered > 0 then
  call('HSET', KEYS[2], unpack(entered))
  call('HSET', KEYS[3], unpack(drafted))
end
if #facts > 0 then answers[2] = pack_of(doubles_of(#facts), unpack(facts)) end
return answers
