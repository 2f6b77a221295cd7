-- Notes what came of an attempt to deliver: delivered where there is no `error`, else to be tried again after `wait`, or
-- given up where there is none or it would be too late. Answers the state, or nothing where the delivery was taken again
-- since: only the last attempt's note counts.
local webhook, webhooks = KEYS[1], KEYS[2]
local delivery, attempt, status, error = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local wait, patience = tonumber(ARGV[5]), tonumber(ARGV[6])

local known = redis.call('HMGET', webhook, 'attempts', 'since', 'created_at')
if known[1] ~= attempt then
  return ''
end
local now_ms = math.floor(microseconds() / 1000)
local state = 'waiting'
if error == '' then
  state = 'delivered'
elseif not wait or now_ms + wait - tonumber(known[2] or known[3]) > patience then
  state = 'given_up'
end
redis.call('HSET', webhook, 'state', state, 'status', status, 'error', error)
if state == 'waiting' then
  redis.call('ZADD', webhooks, digits(now_ms + wait), delivery)
else
  redis.call('ZREM', webhooks, delivery)
end
return state
