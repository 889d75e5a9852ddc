-- KEYS: record, sequence, due, client, event. ARGV: connection, member of due or '', fields and values.
if redis.call('EXISTS', KEYS[1]) == 1 then
    return false
end
local version = string.format('%.0f', redis.call('INCR', KEYS[2]))
redis.call('HSET', KEYS[1], 'version', version, 'due', ARGV[2], unpack(ARGV, 3))
redis.call('ZADD', KEYS[4], 0, ARGV[1])
redis.call('ZADD', KEYS[5], 0, ARGV[1])
if ARGV[2] ~= '' then
    redis.call('ZADD', KEYS[3], 0, ARGV[2])
end
return version
