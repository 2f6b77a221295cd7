-- Takes deliveries that are due. Each is put off by a lease in the same step, so that one worker has it, and due again if
-- that worker dies. No receiver gets more than `per_receiver` at once of the caller; after ARGV[6] comes what is under way
-- with it already, as receiver and number. Answers {delivery, url, record, receiver, attempt, spent} of each.
local webhooks, deliveries = KEYS[1], KEYS[2]
local stem, most, per_receiver = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local lease, window, keep = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local under_way = {unpack(ARGV, 7)}
local STEP_BACK = 1000

local busy = {}
for place = 1, #under_way, 2 do
  busy[under_way[place]] = tonumber(under_way[place + 1])
end

local now_ms = math.floor(microseconds() / 1000)
redis.call('ZREMRANGEBYSCORE', deliveries, '-inf', digits(now_ms - keep))
local due = redis.call('ZRANGEBYSCORE', webhooks, '-inf', digits(now_ms), 'LIMIT', 0, window)
local taken, passed = {}, {}
for _, delivery in ipairs(due) do
  if #taken >= most then
    break
  end
  local url = redis.call('HGET', stem .. delivery, 'url')
  local receiver = url and string.lower(string.match(url, '^%a+://([^/?#]*)') or '')
  if not url then
    redis.call('ZREM', webhooks, delivery)
  elseif (busy[receiver] or 0) >= per_receiver then
    passed[#passed + 1] = delivery
  else
    busy[receiver] = (busy[receiver] or 0) + 1
    redis.call('ZADD', webhooks, digits(now_ms + lease), delivery)
    redis.call('HSET', stem .. delivery, 'tried_at', digits(now_ms))
    local attempt = digits(redis.call('HINCRBY', stem .. delivery, 'attempts', 1))
    local job = redis.call('HMGET', stem .. delivery, 'record', 'spent')
    taken[#taken + 1] = {delivery, url, job[1], receiver, attempt, job[2] or '0'}
  end
end

-- Where all that was looked at is for busy receivers, the others would never be seen behind it.
if #taken < most and #due == window then
  for place, delivery in ipairs(passed) do
    redis.call('ZADD', webhooks, digits(now_ms + STEP_BACK + place), delivery)
  end
end
return taken
