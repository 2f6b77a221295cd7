-- Looks over what nobody else looks after, and answers {overdue, stray, late}: jobs whose lease ran out, that are active
-- without lease, queue entry or time to wait for, and that have waited too long. What has waited for its time it puts
-- into its queue, and what has expired it clears away itself.
-- Each is an id and the version at which it was found: several may sweep at once, and when one comes to change a job,
-- another may have done so, and the job may run again. A key that is no job is passed over: it must not stop all sweeps.
local leases, active, expiring, swept, delayed, failed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local job_stem, portrait_stem, owner_stem, queue_stem, wake_stem = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local lease, silence, patience, tombstone = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local offset, batch = tonumber(ARGV[10]), tonumber(ARGV[11])

local function found(id, record)
  return {id, string.sub(record, 1, 16)}
end

local now_ms = math.floor(microseconds() / 1000)
local last = tonumber(redis.call('GET', swept) or '0')
redis.call('SET', swept, digits(now_ms))
if now_ms - last > silence or now_ms < last then
  -- Nobody could renew a lease while Redis was silent; that is not the death of the workers. And where its clock was put
  -- back, the lease of a worker that died would last for as long as that.
  for _, id in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    redis.call('ZADD', leases, digits(now_ms + lease), id)
  end
end

for _, entry in ipairs(redis.call('ZRANGEBYSCORE', delayed, '-inf', digits(now_ms), 'LIMIT', 0, batch)) do
  local id, claim = string.match(entry, '^(.*):(%d+)$')
  local job = redis.pcall('HMGET', job_stem .. (id or ''), 'status', 'claim', 'kind', 'score')
  redis.call('ZREM', delayed, entry)
  if job[1] == 'queued' and job[2] == claim then
    redis.call('ZADD', queue_stem .. job[3], job[4], entry)
    redis.call('PUBLISH', wake_stem .. job[3], '')
  end
end

local overdue, stray, late = {}, {}, {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', digits(now_ms), 'LIMIT', 0, batch)) do
  local record = redis.pcall('HMGET', job_stem .. id, 'record')[1]
  if record then
    overdue[#overdue + 1] = found(id, record)
  else
    redis.call('ZREM', leases, id)
  end
end

for _, id in ipairs(redis.call('ZRANGE', active, offset, offset + batch - 1)) do
  local job = redis.pcall('HMGET', job_stem .. id, 'status', 'kind', 'claim', 'queued_at', 'record')
  if not job[5] then
    redis.call('ZREM', active, id)
    redis.call('ZREM', leases, id)
  elseif job[1] == 'processing' then
    if not redis.call('ZSCORE', leases, id) then
      stray[#stray + 1] = found(id, job[5])
    end
  elseif now_ms - tonumber(job[4]) > patience then
    late[#late + 1] = found(id, job[5])
  else
    local entry = id .. ':' .. job[3]
    if not redis.call('ZSCORE', queue_stem .. job[2], entry) and not redis.call('ZSCORE', delayed, entry) then
      stray[#stray + 1] = found(id, job[5])
    end
  end
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', expiring, '-inf', digits(now_ms), 'LIMIT', 0, batch)) do
  local job_key = job_stem .. id
  local expired = redis.pcall('HMGET', job_key, 'owner', 'record')
  redis.call('ZREM', expiring, id)
  redis.call('ZREM', failed, id)
  redis.call('DEL', portrait_stem .. id)
  if expired[1] then
    redis.call('ZREM', owner_stem .. expired[1], id)
    bury(job_key, tombstone, expired[2])
  end
end
return {overdue, stray, late}
