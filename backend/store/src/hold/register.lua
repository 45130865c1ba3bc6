-- Counts holds in the epoch that has just begun, unless they are counted in it already.
--
-- KEYS  1 meta, 2 holds, 3 settled
-- ARGV  1 prefix of the shard, 2 epoch, then for each hold: id, what is kept of it (its epoch being that of ARGV 2)
-- Returns 1 = done, 0 = another epoch has begun
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[2] then return 0 end
for at = 3, #ARGV, 2 do
  local id, hold = ARGV[at], ARGV[at + 1]
  local known = redis.call('HGET', KEYS[2], id)
  local counted = redis.call('HEXISTS', KEYS[3], id) == 1
  if known then
    local of = string.match(known, '^[^\n]*\n[^\n]*\n[^\n]*\n[^\n]*\n([^\n]*)\n')
    counted = counted or not of or of == ARGV[2] -- without an epoch it is the mark of a release
  end
  if not counted then
    local org, parts = string.match(hold, '^[^\n]*\n[^\n]*\n[^\n]*\n([^\n]*)\n[^\n]*\n([^\n]*)\n')
    for part in string.gmatch(parts, '[^;]+') do
      local suffix, nanos, tokens, mode, k, q = string.match(part, '^([^,]*),([^,]*),([^,]*),([^,]*),([^,]*),([^,]*)$')
      local key = ARGV[1] .. org .. ':' .. suffix
      if (mode == '3' and nanos ~= '0') or mode == '1' or mode == '2' then
        local s = opened(key, tonumber(ARGV[2]))
        add(s, RESERVED_NANOS, nanos)
        if mode ~= '3' then
          s[OPEN] = s[OPEN] + 1
          add(s, RESERVED_TOKENS, tokens)
          if k ~= '' then note(key, s, tonumber(k), 0, tonumber(tokens)) end
          if q ~= '' then note(key, s, tonumber(q), 1, 0) end
        end
        store(key, s)
      end
    end
    redis.call('HSET', KEYS[2], id, hold)
  end
end
return 1
