-- The next record of a job: news of a run, or its end, with the picture in the same step.
-- Two may call it. The holder of the claim, while the job is processing (`expected_version` is empty). And whoever
-- changes a job from outside, a person or the sweep, on the very record it has read (`expected_version`); ending a job so
-- raises the claim, and tells whoever runs it.
-- Invariant: `succeeded` is never visible before its picture, and a final record is not written over.
local job_key, active, leases, expiring, portrait, queue = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local delayed, failed, webhooks, stopped, blocked, deliveries = KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local id, claim, expected_version, status, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local keep, keep_at_most, tombstone = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local picture, etag, tail, wake_stem = ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local webhook_stem, webhook_keep = ARGV[13], ARGV[14]

local job = redis.call('HMGET', job_key, 'claim', 'status', 'record', 'subject', 'webhook', 'unfinished', 'owner',
  'deliveries', 'kind')
if job[1] ~= claim then
  return {'fenced'}
end
if expected_version == '' then
  if job[2] ~= 'processing' then
    return {'fenced'}
  end
elseif not job[3] or string.sub(job[3], 1, 17) ~= expected_version .. 'a' then
  return {'changed'}
end

local now = microseconds()
local now_ms = math.floor(now / 1000)
local version = next_version(job[3], now)
if tail ~= '' then
  body = body .. digits(version) .. tail -- the address of the picture ends in the version
end
if status == 'processing' or status == 'queued' then
  return {'done', store(job_key, version, 'a', body)}
end

redis.call('HSET', job_key, 'status', status, 'finished_at', digits(now_ms), 'kept_until', digits(now_ms + keep))
redis.call('ZREM', active, id)
runs_no_more(job_key, leases, id, blocked, wake_stem)
if job[6] then
  redis.call('SREM', job[6], id)
end
redis.call('ZADD', expiring, digits(now_ms + keep), id)
redis.call('PEXPIRE', job_key, digits(keep_at_most + tombstone))
if status == 'failed' then
  redis.call('ZADD', failed, digits(now_ms), id)
end
if job[4] and job[4] ~= '' and redis.call('GET', job[4]) == id then
  redis.call('DEL', job[4])
end
if expected_version ~= '' then
  local entry = id .. ':' .. claim
  redis.call('HSET', job_key, 'claim', digits(version))
  redis.call('ZREM', queue, entry)
  redis.call('ZREM', delayed, entry)
  redis.call('PUBLISH', stopped, entry)
end
if status == 'succeeded' and job[9] == 'upload' then
  redis.call('HDEL', job_key, 'input') -- it may hold the picture itself, which is in the object store by now
end
if picture ~= '' then
  redis.call('SET', portrait, picture, 'PX', digits(keep))
  redis.call('HSET', job_key, 'etag', etag)
end
local record = store(job_key, version, 'f', body)
if job[5] and job[5] ~= '' then
  local delivery = id .. ':' .. digits(version)
  redis.call('HSET', webhook_stem .. delivery, 'url', job[5], 'record', record, 'owner', job[7],
    'created_at', digits(now_ms))
  redis.call('PEXPIRE', webhook_stem .. delivery, webhook_keep)
  redis.call('ZADD', webhooks, digits(now_ms), delivery)
  redis.call('ZADD', deliveries, digits(now_ms), delivery)
  redis.call('HSET', job_key, 'deliveries', (job[8] or '') .. delivery .. ' ')
end
return {'done', record}
