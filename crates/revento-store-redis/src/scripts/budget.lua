-- KEYS[1] the budget; ARGV: expected bytes ('' for none), next bytes, milliseconds to keep them.
local current = redis.call('GET', KEYS[1])
if current and current ~= ARGV[1] then
    return current
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return false
