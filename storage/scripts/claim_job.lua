-- Begins a run: only of a job that is queued with this claim, and once. From here on arq's queue knows nothing of it.
-- Invariant: one claim, one run.
local job_key, queue, leases = KEYS[1], KEYS[2], KEYS[3]
local arq_job, arq_lock, arq_retry = KEYS[4], KEYS[5], KEYS[6]
local id, claim, expected_version, body, lease = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])

local job = redis.call('HMGET', job_key, 'claim', 'status', 'record')
if job[1] ~= claim or job[2] ~= 'queued' then
  return {'fenced'}
end
if string.sub(job[3], 1, 16) ~= expected_version then
  return {'changed'}
end

local now = microseconds()
redis.call('HSET', job_key, 'status', 'processing')
redis.call('ZADD', leases, digits(now / 1000 + lease), id)
redis.call('ZREM', queue, id .. ':' .. claim)
redis.call('DEL', arq_job, arq_lock, arq_retry)
return {'done', store(job_key, next_version(job[3], now), 'a', body)}
