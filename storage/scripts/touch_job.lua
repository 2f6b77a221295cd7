-- Somebody looked at a finished job: it is kept longer from now on, up to its limit.
local job_key, expiring, portrait = KEYS[1], KEYS[2], KEYS[3]
local id, keep, keep_at_most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local job = redis.call('HMGET', job_key, 'finished_at', 'kept_until')
if not job[1] then
  return 0
end
local now_ms = math.floor(microseconds() / 1000)
local until_ms = math.min(now_ms + keep, tonumber(job[1]) + keep_at_most)
if tonumber(job[2]) <= now_ms or until_ms <= tonumber(job[2]) then
  return 0
end
redis.call('HSET', job_key, 'kept_until', digits(until_ms))
redis.call('ZADD', expiring, digits(until_ms), id)
redis.call('PEXPIREAT', portrait, digits(until_ms))
return 1
