-- KEYS: record, sequence. ARGV: version, now and until as texts that sort like times, call.
-- Returns {'version_changed'}, {'held', until} or {'granted', fence, abandoned}. The same call made again returns its fence again.
local old = redis.call('HMGET', KEYS[1], 'version', 'claim_until', 'claim_abandoned', 'claim_fence', 'claimed_by')
if old[1] ~= ARGV[1] then
    return {'version_changed'}
end
if old[4] and old[5] == ARGV[4] then
    return {'granted', old[4], old[3] and '1' or '0'}
end
if old[2] and old[2] > ARGV[2] then
    return {'held', old[2]}
end
local abandoned = (old[2] or old[3]) and '1' or '0'
local fence = string.format('%.0f', redis.call('INCR', KEYS[2]))
redis.call('HSET', KEYS[1], 'claim_fence', fence, 'claim_until', ARGV[3], 'claimed_by', ARGV[4])
if abandoned == '1' then
    redis.call('HSET', KEYS[1], 'claim_abandoned', '1')
end
return {'granted', fence, abandoned}
