-- A person removes a finished job: picture, preview and record are gone at once, a tombstone keeps the id from meaning
-- something else. Only on the very record the caller has read. Watchers are told to look again.
local job_key, expiring, owner_jobs, portrait = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local id, expected_version, tombstone = ARGV[1], ARGV[2], tonumber(ARGV[3])

local record = redis.call('HGET', job_key, 'record')
if not record or string.sub(record, 1, 16) ~= expected_version then
  return {'changed'}
end
local now = microseconds()
redis.call('DEL', portrait)
redis.call('ZREM', expiring, id)
redis.call('ZREM', owner_jobs, id)
redis.call('HDEL', job_key, 'record', 'input', 'etag', 'subject', 'claim', 'score', 'queued_at', 'finished_at',
  'spent')
redis.call('HSET', job_key, 'kept_until', digits(now / 1000))
redis.call('PEXPIRE', job_key, digits(tombstone))
redis.call('PUBLISH', job_key, digits(next_version(record, now)) .. 'x')
return {'done', record}
