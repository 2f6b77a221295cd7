-- Removes a finished job, for a person or with the world it was made for: picture, preview and record are gone at once,
-- also from its webhook's deliveries, and a tombstone keeps the id from meaning something else. Only on the very record
-- the caller has read. Watchers are told to look again.
local job_key, expiring, owner_jobs, portrait, failed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local webhooks, deliveries = KEYS[6], KEYS[7]
local id, expected_version, tombstone, webhook_stem = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local unwanted = ARGV[5]

local job = redis.call('HMGET', job_key, 'record', 'deliveries')
local record = job[1]
if not record or string.sub(record, 1, 16) ~= expected_version then
  return {'changed'}
end
redis.call('DEL', portrait)
redis.call('ZREM', expiring, id)
redis.call('ZREM', owner_jobs, id)
redis.call('ZREM', failed, id)
for delivery in string.gmatch(job[2] or '', '%S+') do
  redis.call('DEL', webhook_stem .. delivery)
  redis.call('ZREM', webhooks, delivery)
  redis.call('ZREM', deliveries, delivery)
end
-- 0 tells it from one whose time was over, of which another may be made.
redis.call('HSET', job_key, 'kept_until', unwanted == '1' and '0' or digits(microseconds() / 1000))
bury(job_key, tombstone, record)
return {'done', record}
