-- Accepts a job, or finds the one it would repeat: record, indexes, arq's entry, publication and wake-up in one step.
-- Invariant: a job that is active is in `active` and has a queue entry or a lease.
local job_key, active, owner_jobs, queue = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, kind, owner, fingerprint = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local body, input, subject_key, definition = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local job_stem, arq_job_stem, wake, head_start = ARGV[9], ARGV[10], ARGV[11], tonumber(ARGV[12])

local now = microseconds()
local known = redis.call('HMGET', job_key, 'fingerprint', 'record', 'kept_until')
if known[1] then
  if known[1] ~= fingerprint then
    return {'taken'}
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
      return {'subject', found[2]}
    end
  end
  redis.call('SET', subject_key, id)
end

local claim = digits(now)
local entry = id .. ':' .. claim
-- Microseconds as the fraction of a millisecond keep the order of what was submitted within one.
local score = string.format('%.3f', now / 1000 - head_start)
redis.call('HSET', job_key, 'kind', kind, 'owner', owner, 'fingerprint', fingerprint, 'input', input,
  'subject', subject_key, 'claim', claim, 'status', 'queued', 'score', score, 'queued_at', digits(now / 1000))
redis.call('ZADD', active, string.format('%.3f', now / 1000), id)
redis.call('ZADD', owner_jobs, string.format('%.3f', now / 1000), id)
redis.call('SET', arq_job_stem .. entry, definition)
redis.call('ZADD', queue, score, entry)
local record = store(job_key, now, 'a', body)
redis.call('PUBLISH', wake, '')
return {'accepted', record}
