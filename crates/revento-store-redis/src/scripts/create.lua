-- KEYS: record, sequence, due, client, event. ARGV: connection, member of due or '', call, fields and values.
-- Returns the version, or false if there is a record. The same call made again returns its version again.
local old = redis.call('HMGET', KEYS[1], 'version', 'written_by')
if old[1] then
    return old[2] == ARGV[3] and old[1]
end
local version = string.format('%.0f', redis.call('INCR', KEYS[2]))
redis.call('HSET', KEYS[1], 'version', version, 'due', ARGV[2], 'written_by', ARGV[3], unpack(ARGV, 4))
redis.call('ZADD', KEYS[4], 0, ARGV[1])
redis.call('ZADD', KEYS[5], 0, ARGV[1])
if ARGV[2] ~= '' then
    redis.call('ZADD', KEYS[3], 0, ARGV[2])
end
return version
