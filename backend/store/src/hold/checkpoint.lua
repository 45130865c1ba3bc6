-- Notes figures of requests that are still held; of others nothing, or it would stay for ever. Where a request has used
-- more than was reserved for it, the reservation grows with it.
--
-- KEYS  1 meta, 2 holds, 3 checks, 4 settled
-- ARGV  1 prefix of the shard, then for each request: id, figures, and numbers: at least to be reserved, charged nanos, real
--       nanos, tokens   (0 = as much as it is)
local life = tonumber(call('HGET', KEYS[1], 'epoch'))
local sub = string.sub

-- One part of a hold as it will be, whose mode is at a place of it.
local function grown(key, hold, f, p, numbers)
  local place = RECORD + AMOUNTS * (p - 1)
  local mode, nanos, tokens = unpack_of('<Bll', hold, place)
  local kind = mode % OF_TOKENS
  local part = sub(hold, place, place + AMOUNTS - 1)
  if kind == 0 or kind == 3 then return part end
  local at = string.find(key, ':a:', 1, true) and 9 or 1
  local wanted, used = unpack_of('<l', numbers, at), unpack_of('<l', numbers, 17)
  local more_nanos, more_tokens = wanted > nanos, used > tokens
  if not more_nanos and not more_tokens then return part end
  local s = opened(key, life)
  if more_nanos then
    change(s, RESERVED_NANOS, 1, wanted, numbers, at)
    change(s, RESERVED_NANOS, -1, nanos, hold, place + 1)
  end
  if more_tokens then
    change(s, RESERVED_TOKENS, 1, used, numbers, 17)
    change(s, RESERVED_TOKENS, -1, tokens, hold, place + 9)
    if mode % OF_REQUESTS >= OF_TOKENS then note(key, s, f[PARTS + 3 * f[PARTS] + p], 0, used - tokens) end
  end
  store(key, s)
  return sub(part, 1, 1) .. (more_nanos and sub(numbers, at, at + 7) or sub(part, 2, 9)) ..
    (more_tokens and sub(numbers, 17, 24) or sub(part, 10, 17))
end

for at = 2, #ARGV, 3 do
  local id, numbers = ARGV[at], ARGV[at + 2]
  local hold = call('HGET', KEYS[2], id)
  local f = hold and numbers_of(hold)
  if f and call('HEXISTS', KEYS[4], id) == 0 then
    call('HSET', KEYS[3], id, ARGV[at + 1])
    local charged, real, tokens = unpack_of('<lll', numbers)
    if f[OF] == life and (charged > 0 or real > 0 or tokens > 0) then
      local names, parts = string.gmatch(sub(hold, f[#f]), '[^;]+'), {}
      local prefix = ARGV[1] .. names() .. ':'
      for p = 1, f[PARTS] do parts[p] = grown(prefix .. names(), hold, f, p, numbers) end
      call('HSET', KEYS[2], id, sub(hold, 1, RECORD - 1) .. table.concat(parts) .. sub(hold, RECORD + AMOUNTS * f[PARTS]))
    end
  end
end
return 1
