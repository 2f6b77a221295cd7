-- Notes what a run has with its provider: that it is about to submit, or the task that was given to it. Only under the
-- claim, and it renews the lease: no step that costs money begins without a fresh one. Answers 0 where it is not ours.
local job_key, leases = KEYS[1], KEYS[2]
local id, claim, task, lease = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

local job = redis.call('HMGET', job_key, 'claim', 'status')
if job[1] ~= claim or job[2] ~= 'processing' then
  return 0
end
if task == '' then
  redis.call('HDEL', job_key, 'task')
else
  redis.call('HSET', job_key, 'task', task)
end
redis.call('ZADD', leases, digits(microseconds() / 1000 + lease), id)
return 1
