-- KEYS: record, sequence. ARGV: version, now and until as texts that sort like times.
-- Gives {'version_changed'}, {'held', until} or {'granted', fence, abandoned}.
local old = redis.call('HMGET', KEYS[1], 'version', 'claim_until', 'claim_abandoned')
if old[1] ~= ARGV[1] then
    return {'version_changed'}
end
if old[2] and old[2] > ARGV[2] then
    return {'held', old[2]}
end
local abandoned = (old[2] or old[3]) and '1' or '0'
local fence = string.format('%.0f', redis.call('INCR', KEYS[2]))
redis.call('HSET', KEYS[1], 'claim_fence', fence, 'claim_until', ARGV[3])
if abandoned == '1' then
    redis.call('HSET', KEYS[1], 'claim_abandoned', '1')
end
return {'granted', fence, abandoned}
