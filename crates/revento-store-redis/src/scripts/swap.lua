-- KEYS: record, sequence, due. ARGV: expected version, fence or '', generation, member of due or '', call,
-- fields and values. Returns the version, or false on a conflict. The same call made again returns its version again.
local old = redis.call('HMGET', KEYS[1],
    'version', 'claim_fence', 'claim_until', 'claim_abandoned', 'generation', 'due', 'written_by', 'claimed_by')
if old[1] and old[7] == ARGV[5] then
    return old[1]
end
if old[1] ~= ARGV[1] then
    return false
end
if ARGV[2] ~= '' and old[2] ~= ARGV[2] then
    return false
end
local version = string.format('%.0f', redis.call('INCR', KEYS[2]))
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', version, 'due', ARGV[4], 'written_by', ARGV[5], unpack(ARGV, 6))
if ARGV[2] == '' and old[5] == ARGV[3] then
    -- An unfenced swap of the same generation keeps the claims.
    if old[2] then
        redis.call('HSET', KEYS[1], 'claim_fence', old[2], 'claim_until', old[3])
        if old[8] then
            redis.call('HSET', KEYS[1], 'claimed_by', old[8])
        end
    end
    if old[4] then
        redis.call('HSET', KEYS[1], 'claim_abandoned', old[4])
    end
end
if old[6] ~= ARGV[4] then
    if old[6] and old[6] ~= '' then
        redis.call('ZREM', KEYS[3], old[6])
    end
    if ARGV[4] ~= '' then
        redis.call('ZADD', KEYS[3], 0, ARGV[4])
    end
end
return version
