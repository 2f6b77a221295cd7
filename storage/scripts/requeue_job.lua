-- Puts a job back into its queue under a new claim: a run that ended without an end, or a person's retry.
-- Only on the very record the caller has read. `fresh` is '1' where a person asked: the job stands where a new one of its
-- owner would, `spent`, its attempts so far, are no longer held against it, and what it had with a provider is forgotten.
-- With a `delay` it waits first, and a sweep puts it into its queue when the time has come. `waits_on` is '1' where no run
-- that counts lies between: then it has waited since it last began to.
-- A retry makes no second unfinished job for a subject, is refused where `most_waiting` wait already, and counts against
-- daily quotas: they come after KEYS[9] and ARGV[14], as `spend` takes them.
-- Invariant: each queueing raises the claim, so that nothing an earlier run still writes can count.
local job_key, active, leases, expiring, queue = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local delayed, failed, wake, blocked = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local id, claim, expected_version, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local head_start, fresh, spent, delay, waits_on = tonumber(ARGV[5]), ARGV[6], ARGV[7], tonumber(ARGV[8]), ARGV[9]
local wake_stem, spacing, farthest, job_stem = ARGV[10], tonumber(ARGV[11]), tonumber(ARGV[12]), ARGV[13]
local most_waiting = tonumber(ARGV[14])

local job = redis.call('HMGET', job_key, 'claim', 'record', 'score', 'subject', 'unfinished')
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
  local other = job[4] and job[4] ~= '' and redis.call('GET', job[4])
  if other and other ~= id and string.sub(redis.call('HGET', job_stem .. other, 'record') or '', 17, 17) == 'a' then
    return {'subject', other}
  end
  if most_waiting > 0 and redis.call('ZCARD', queue) >= most_waiting then
    return {'crowded'}
  end
  local taken = spend(10, 15, now)
  if taken then
    return taken
  end
  local unfinished = job[5] and redis.call('SCARD', job[5]) or 0
  score = string.format('%.3f', score_of(now, unfinished, spacing, farthest, head_start))
  redis.call('HSET', job_key, 'spent', spent)
  redis.call('HDEL', job_key, 'task')
end
local raised = digits(version)
local before, entry = id .. ':' .. claim, id .. ':' .. raised
redis.call('HSET', job_key, 'claim', raised, 'status', 'queued', 'score', score)
if waits_on == '0' then
  redis.call('HSET', job_key, 'queued_at', digits(now / 1000))
end
redis.call('HDEL', job_key, 'finished_at', 'kept_until', 'etag')
redis.call('PERSIST', job_key)
redis.call('ZADD', active, 'NX', digits(now / 1000), id)
runs_no_more(job_key, leases, id, blocked, wake_stem)
redis.call('ZREM', expiring, id)
redis.call('ZREM', failed, id)
redis.call('ZREM', queue, before)
redis.call('ZREM', delayed, before)
if job[5] then
  redis.call('SADD', job[5], id)
end
if fresh == '1' and job[4] and job[4] ~= '' then
  redis.call('SET', job[4], id)
end
local record = store(job_key, version, 'a', body)
if delay > 0 then
  redis.call('ZADD', delayed, digits(now / 1000 + delay), entry)
else
  redis.call('ZADD', queue, score, entry)
  redis.call('PUBLISH', wake, '')
end
return {'done', record}
