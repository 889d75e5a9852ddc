-- KEYS: record, due, client, event. ARGV: connection.
local due = redis.call('HGET', KEYS[1], 'due')
if due and due ~= '' then
    redis.call('ZREM', KEYS[2], due)
end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('DEL', KEYS[1])
return true
