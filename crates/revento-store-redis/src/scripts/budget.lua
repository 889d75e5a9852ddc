-- KEYS[1] the budget; ARGV: '1' if bytes are expected and '0' if none are, the expected bytes, next bytes, milliseconds to keep them.
local current = redis.call('GET', KEYS[1])
if current and (ARGV[1] == '0' or current ~= ARGV[2]) then
    return current
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return false
