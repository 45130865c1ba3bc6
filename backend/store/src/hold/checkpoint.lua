-- Notes figures of requests that are still held; of others nothing, or it would stay for ever. Where a request has used
-- more than was reserved for it, the reservation grows with it.
--
-- KEYS  1 meta, 2 holds, 3 checks, 4 settled
-- ARGV  1 prefix of the shard, then for each request: id, figures, and at least to be reserved: charged nanos, real
--       nanos, tokens   (0 = as much as it is)
local epoch = redis.call('HGET', KEYS[1], 'epoch')

local function grown(key, part, charged, real, tokens)
  local suffix, nanos, reserved, mode, k, q = string.match(part, '^([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^,]*)$')
  if mode == '0' or mode == '3' then return part end
  local wanted = string.sub(suffix, 1, 2) == 'a:' and real or charged
  local more_nanos, more_tokens = tonumber(wanted) > tonumber(nanos), tonumber(tokens) > tonumber(reserved)
  if not more_nanos and not more_tokens then return part end
  key = key .. suffix
  local s = opened(key, tonumber(epoch))
  if more_nanos then
    add(s, RESERVED_NANOS, wanted)
    add(s, RESERVED_NANOS, '-' .. nanos)
    nanos = wanted
  end
  if more_tokens then
    add(s, RESERVED_TOKENS, tokens)
    add(s, RESERVED_TOKENS, '-' .. reserved)
    if k ~= '' then note(key, s, tonumber(k), 0, tonumber(tokens) - tonumber(reserved)) end
    reserved = tokens
  end
  store(key, s)
  return table.concat({suffix, nanos, reserved, mode, k, q}, ',')
end

for at = 2, #ARGV, 5 do
  local id = ARGV[at]
  local hold = redis.call('HGET', KEYS[2], id)
  local head, org, of, parts, rest
  if hold then
    head, org, of, parts, rest = string.match(hold, '^([^\n]*\n[^\n]*\n[^\n]*\n)([^\n]*)\n([^\n]*)\n([^\n]*)(\n.*)$')
  end
  if head and redis.call('HEXISTS', KEYS[4], id) == 0 then
    redis.call('HSET', KEYS[3], id, ARGV[at + 1])
    if of == epoch and (ARGV[at + 2] ~= '0' or ARGV[at + 4] ~= '0') then
      local all = {}
      for part in string.gmatch(parts, '[^;]+') do
        all[#all + 1] = grown(ARGV[1] .. org .. ':', part, ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
      end
      redis.call('HSET', KEYS[2], id, head .. org .. '\n' .. of .. '\n' .. table.concat(all, ';') .. rest)
    end
  end
end
return 1
