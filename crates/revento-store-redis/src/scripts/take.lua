-- KEYS: mark. ARGV: now and until as texts that sort like times, call, milliseconds to keep it.
-- Returns 1 if the call has the mark, 0 if another call has it. The same call made again has it still.
local old = redis.call('HMGET', KEYS[1], 'until', 'taken_by')
if old[2] == ARGV[3] then
    return 1
end
if old[1] and old[1] > ARGV[1] then
    return 0
end
redis.call('HSET', KEYS[1], 'until', ARGV[2], 'taken_by', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
