-- KEYS: record. ARGV: fence.
if redis.call('HGET', KEYS[1], 'claim_fence') == ARGV[1] then
    redis.call('HDEL', KEYS[1], 'claim_fence', 'claim_until', 'claimed_by')
end
return true
