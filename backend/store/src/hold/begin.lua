-- Announces that a scope is about to be loaded, so that what is settled meanwhile is noticed.
--
-- KEYS  1 meta, 2 scope
-- ARGV  1 epoch
-- Returns the scope's generation, to be handed to the loading script; -1 = another epoch
if call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return -1 end
store(KEYS[2], opened(KEYS[2], tonumber(ARGV[1])))
return tonumber(call('HGET', KEYS[2], 'g') or '0')
