-- Puts a job back into its queue under a new claim: a run that ended without an end, or a person's retry.
-- Only on the very record the caller has read. `fresh` is '1' where a person asked: the job goes to the end of the queue,
-- and `spent`, its attempts so far, are no longer held against it.
-- Invariant: each queueing raises the claim, so that nothing an earlier run still writes can count.
local job_key, active, leases, expiring, queue = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, claim, expected_version, body, definition = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local arq_job_stem, arq_lock_stem, arq_retry_stem = ARGV[6], ARGV[7], ARGV[8]
local wake, head_start, fresh, spent = ARGV[9], tonumber(ARGV[10]), ARGV[11], ARGV[12]

local job = redis.call('HMGET', job_key, 'claim', 'record', 'score', 'subject')
if job[1] ~= claim then
  return {'fenced'}
end
if not job[2] or string.sub(job[2], 1, 16) ~= expected_version then
  return {'changed'}
end

local now = microseconds()
local version = next_version(job[2], now)
local score = job[3]
if fresh == '1' then
  score = string.format('%.3f', now / 1000 - head_start)
  redis.call('HSET', job_key, 'spent', spent)
end
local raised = digits(version)
local before, entry = id .. ':' .. claim, id .. ':' .. raised
redis.call('HSET', job_key, 'claim', raised, 'status', 'queued', 'score', score, 'queued_at', digits(now / 1000))
redis.call('HDEL', job_key, 'finished_at', 'kept_until', 'etag')
redis.call('PERSIST', job_key)
redis.call('ZADD', active, 'NX', digits(now / 1000), id)
redis.call('ZREM', leases, id)
redis.call('ZREM', expiring, id)
redis.call('ZREM', queue, before)
redis.call('DEL', arq_job_stem .. before, arq_lock_stem .. before, arq_retry_stem .. before)
redis.call('SET', arq_job_stem .. entry, definition)
redis.call('ZADD', queue, score, entry)
if fresh == '1' and job[4] and job[4] ~= '' then
  redis.call('SET', job[4], id, 'NX')
end
local record = store(job_key, version, 'a', body)
redis.call('PUBLISH', wake, '')
return {'done', record}
