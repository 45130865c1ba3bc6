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
  key = key .. suffix
  if tonumber(wanted) > tonumber(nanos) then
    redis.call('HINCRBY', key, 'ru', text(tonumber(wanted) - tonumber(nanos)))
    nanos = wanted
  end
  if tonumber(tokens) > tonumber(reserved) then
    local more = tonumber(tokens) - tonumber(reserved)
    redis.call('HINCRBY', key, 'rt', text(more))
    if k ~= '' then note(key, 'k', tonumber(k), more) end
    reserved = tokens
  end
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
