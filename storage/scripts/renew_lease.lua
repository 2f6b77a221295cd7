-- Keeps a run alive. Answers 0 where it is no longer this claim's, and then nothing is changed.
local job_key, leases = KEYS[1], KEYS[2]
local id, claim, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])

local job = redis.call('HMGET', job_key, 'claim', 'status')
if job[1] ~= claim or job[2] ~= 'processing' then
  return 0
end
redis.call('ZADD', leases, digits(microseconds() / 1000 + lease), id)
return 1
