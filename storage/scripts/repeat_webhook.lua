-- Somebody asked for a delivery again: it is due now, its attempts so far are no longer held against it, and it is kept
-- and tried for as long as a new one. Answers 0 where it is not known.
local webhook, webhooks, deliveries = KEYS[1], KEYS[2], KEYS[3]
local delivery, keep = ARGV[1], ARGV[2]

local known = redis.call('HMGET', webhook, 'url', 'attempts')
if not known[1] then
  return 0
end
local now = digits(microseconds() / 1000)
redis.call('HSET', webhook, 'state', 'waiting', 'since', now, 'spent', known[2] or '0')
redis.call('PEXPIRE', webhook, keep)
redis.call('ZADD', webhooks, now, delivery)
redis.call('ZADD', deliveries, now, delivery)
return 1
