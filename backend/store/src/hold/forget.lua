-- Makes the next reservation load a scope's totals again. What is reserved and open stays counted; whoever is reading the
-- totals in Postgres must read again.
--
-- KEYS  1 scope
local raw = call('HGET', KEYS[1], 's')
if not raw then return 0 end
-- Of whichever epoch it is.
local s = unpacked(raw, (unpack_of(#raw % 8 == 0 and '<d' or '<l', raw)))
s[LOADED] = 0
store(KEYS[1], s)
call('HINCRBY', KEYS[1], 'g', 1)
return 1
