-- Accepts a job, or finds the one it would repeat: record, indexes, queue entry, publication and wake-up in one step.
-- After KEYS[6] and ARGV[16] come the daily quotas that a new job counts against, as `spend` takes them.
-- An id that was answered with the unfinished job of its subject stands for that job from then on (`same_as`): a repeat
-- that comes late, when that one is done, is no new wish.
-- Invariant: a job that is active is in `active` and has a queue entry, a time that it waits for, or a lease.
local job_key, active, owner_jobs, queue, unfinished, wake = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, kind, owner, fingerprint = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local body, input, subject_key, webhook, job_stem = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local head_start, behind, spacing = tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local farthest, most_waiting, provider, tombstone = tonumber(ARGV[13]), tonumber(ARGV[14]), ARGV[15], ARGV[16]

local now = microseconds()
local known = redis.call('HMGET', job_key, 'fingerprint', 'record', 'kept_until', 'same_as')
if known[1] then
  if known[1] ~= fingerprint then
    return {'taken'}
  end
  if known[4] then
    local same = redis.call('HMGET', job_stem .. known[4], 'record', 'kept_until')
    known[2], known[3] = same[1], same[2]
  end
  if not known[2] or (known[3] and tonumber(known[3]) * 1000 <= now) then
    return {'expired'}
  end
  return {'known', known[2]}
end

if subject_key ~= '' then
  local other = redis.call('GET', subject_key)
  if other then
    local found = redis.call('HMGET', job_stem .. other, 'owner', 'record')
    if found[2] and found[1] == owner and string.sub(found[2], 17, 17) == 'a' then
      redis.call('HSET', job_key, 'fingerprint', fingerprint, 'same_as', other)
      redis.call('PEXPIRE', job_key, tombstone)
      return {'subject', found[2]}
    end
  end
end

if most_waiting > 0 and redis.call('ZCARD', queue) >= most_waiting then
  return {'crowded'}
end
local spent = spend(7, 17, now)
if spent then
  return spent
end

if subject_key ~= '' then
  redis.call('SET', subject_key, id)
end
local claim = digits(now)
local score = string.format(
  '%.3f', score_of(now, redis.call('SCARD', unfinished), spacing, farthest, head_start) + behind)
redis.call('HSET', job_key, 'kind', kind, 'owner', owner, 'fingerprint', fingerprint, 'input', input,
  'subject', subject_key, 'webhook', webhook, 'unfinished', unfinished, 'provider', provider,
  'claim', claim, 'status', 'queued', 'score', score, 'queued_at', digits(now / 1000))
redis.call('ZADD', active, string.format('%.3f', now / 1000), id)
redis.call('ZADD', owner_jobs, string.format('%.3f', now / 1000), id)
redis.call('SADD', unfinished, id)
redis.call('ZADD', queue, score, id .. ':' .. claim)
local record = store(job_key, now, 'a', body)
redis.call('PUBLISH', wake, '')
return {'accepted', record}
