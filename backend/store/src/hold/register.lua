-- Counts holds in the epoch that has just begun, unless they are counted in it already.
--
-- KEYS  1 meta, 2 holds, 3 settled, 4 drafts
-- ARGV  1 prefix of the shard, 2 epoch, then for each hold: id, the hold (its epoch being that of ARGV 2), its draft
-- Returns 1 = done, 0 = another epoch has begun
if call('HGET', KEYS[1], 'epoch') ~= ARGV[2] then return 0 end
local life = tonumber(ARGV[2])
for at = 3, #ARGV, 3 do
  local id, hold = ARGV[at], ARGV[at + 1]
  local known = call('HGET', KEYS[2], id)
  local counted = call('HEXISTS', KEYS[3], id) == 1
  if known then
    local f = numbers_of(known)
    counted = counted or string.byte(known) == MARK or f and f[OF] == life
  end
  if not counted then
    local f = numbers_of(hold)
    local names = string.gmatch(string.sub(hold, f[#f]), '[^;]+')
    local prefix = ARGV[1] .. names() .. ':'
    for p = 1, f[PARTS] do
      local key, place = prefix .. names(), RECORD + AMOUNTS * (p - 1)
      local mode, nanos, tokens = f[PARTS + 3 * p - 2], f[PARTS + 3 * p - 1], f[PARTS + 3 * p]
      local kind, second = mode % OF_TOKENS, f[PARTS + 3 * f[PARTS] + p]
      if kind == 1 or kind == 2 or kind == 3 and nanos > 0 then
        local s = opened(key, life)
        change(s, RESERVED_NANOS, 1, nanos, hold, place + 1)
        if kind ~= 3 then
          s[OPEN] = s[OPEN] + 1
          change(s, RESERVED_TOKENS, 1, tokens, hold, place + 9)
          if mode >= OF_TOKENS then
            note(key, s, second, mode >= OF_REQUESTS and 1 or 0, mode % OF_REQUESTS >= OF_TOKENS and tokens or 0)
          end
        end
        store(key, s)
      end
    end
    call('HSET', KEYS[2], id, hold)
    call('HSET', KEYS[4], id, ARGV[at + 2])
  end
end
return 1
