-- Looks over what nobody else looks after, and answers {overdue, stray, late}: jobs whose lease ran out, that are active
-- without lease or queue entry, and that have waited too long. What has expired it clears away itself.
-- Each is an id and the version at which it was found: several may sweep at once, and when one comes to change a job,
-- another may have done so, and the job may run again.
local leases, active, expiring, swept = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local job_stem, portrait_stem, owner_stem, queue_stem = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lease, silence, patience, tombstone = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local offset, batch = tonumber(ARGV[9]), tonumber(ARGV[10])

local function found(id, record)
  return {id, string.sub(record, 1, 16)}
end

local now_ms = math.floor(microseconds() / 1000)
local last = tonumber(redis.call('GET', swept) or '0')
redis.call('SET', swept, digits(now_ms))
if now_ms - last > silence then
  -- Nobody could renew a lease while Redis was silent; that is not the death of the workers.
  for _, id in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    redis.call('ZADD', leases, digits(now_ms + lease), id)
  end
end

local overdue, stray, late = {}, {}, {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', digits(now_ms), 'LIMIT', 0, batch)) do
  local record = redis.call('HGET', job_stem .. id, 'record')
  if record then
    overdue[#overdue + 1] = found(id, record)
  else
    redis.call('ZREM', leases, id)
  end
end

for _, id in ipairs(redis.call('ZRANGE', active, offset, offset + batch - 1)) do
  local job = redis.call('HMGET', job_stem .. id, 'status', 'kind', 'claim', 'queued_at', 'record')
  if not job[5] then
    redis.call('ZREM', active, id)
    redis.call('ZREM', leases, id)
  elseif job[1] == 'processing' then
    if not redis.call('ZSCORE', leases, id) then
      stray[#stray + 1] = found(id, job[5])
    end
  elseif now_ms - tonumber(job[4]) > patience then
    late[#late + 1] = found(id, job[5])
  elseif not redis.call('ZSCORE', queue_stem .. job[2], id .. ':' .. job[3]) then
    stray[#stray + 1] = found(id, job[5])
  end
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', expiring, '-inf', digits(now_ms), 'LIMIT', 0, batch)) do
  local job_key = job_stem .. id
  local expired = redis.call('HMGET', job_key, 'owner', 'record')
  local owner = expired[1]
  redis.call('ZREM', expiring, id)
  redis.call('DEL', portrait_stem .. id)
  if owner then
    redis.call('ZREM', owner_stem .. owner, id)
    redis.call('HDEL', job_key, 'record', 'input', 'etag', 'subject', 'claim', 'score', 'queued_at', 'finished_at',
      'spent')
    redis.call('PEXPIRE', job_key, digits(tombstone))
    redis.call('PUBLISH', job_key, digits(next_version(expired[2], microseconds())) .. 'x')
  end
end
return {overdue, stray, late}
