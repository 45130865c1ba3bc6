-- How the scripts keep a hold: numbers, and behind them the names of its scopes. `record.rs` reads and writes the same.
-- The numbers are: 1, the candidate that was chosen, when (ms), the epoch in which it is counted, and how many parts there
-- are; for each part its mode, nanos and tokens; then for each part the second in which it was counted, 0 = in none.
local VERSION, CANDIDATE, AT, OF, PARTS = 1, 2, 3, 4, 5
-- A part is what is reserved in one scope: that of its account is the last, those of accounts that it has left, and that
-- may bill their attempts, come before it. The mode: 0 = nothing is counted; 1, 2 = reserved; 3 = left: the nanos are what
-- is reserved there and the tokens the nanos that may be billed. To which is added
local OF_TOKENS, OF_REQUESTS = 4, 8 -- where tokens, where requests are counted in the minute
-- The names are the organisation and the parts' scopes, with a semicolon between each two.
local RECORD, AMOUNTS = 22, 17 -- at which byte the parts begin, and how many each has
local MARK = 45 -- the first byte of a mark that a release has left; any other is of a version before this, and of its epoch

local formats = {}
local function format_of(parts)
  local format = formats[parts]
  if not format then
    format = '<BHddH' .. rep('Bll', parts) .. rep('I4', parts)
    formats[parts] = format
  end
  return format
end

-- The numbers of a hold, and last where its names begin; nothing of one that this version has not written.
local function numbers_of(hold)
  if string.byte(hold) ~= VERSION then return nil end
  return {unpack_of(format_of(unpack_of('<H', hold, RECORD - 2)), hold)}
end
