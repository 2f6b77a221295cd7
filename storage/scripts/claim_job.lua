-- Begins a run: only of a job that is queued with this claim, and once; and only within what may run at once, for several
-- workers may have found the same place free. `running_*` are the sets in which running jobs are counted.
-- What else changes of a job that waits is where it stands, and that ends with its waiting: so the record need not be the
-- one that was read.
-- A worker that asks again has not heard the answer, and is told the same: no run begins of which nobody knows.
-- Invariant: one claim, one run.
local job_key, queue, leases, paused, blocked = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local running_kind, running_provider, running_owner = KEYS[6], KEYS[7], KEYS[8]
local id, kind, claim, body, lease = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local worker, provider = ARGV[6], ARGV[7]
local most_of_kind, most_of_provider, most_of_owner = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])

local job = redis.call('HMGET', job_key, 'claim', 'status', 'record', 'worker')
if job[1] == claim and job[2] == 'processing' and job[4] == worker then
  return {'done', job[3]}
end
if job[1] ~= claim or job[2] ~= 'queued' then
  return {'fenced'}
end
if redis.call('SISMEMBER', paused, provider) == 1 then
  return {'busy'}
end
if redis.call('SCARD', running_kind) >= most_of_kind
  or redis.call('SCARD', running_provider) >= most_of_provider
  or redis.call('SCARD', running_owner) >= most_of_owner then
  redis.call('SADD', blocked, kind)
  return {'busy'}
end

local now = microseconds()
redis.call('HSET', job_key, 'status', 'processing', 'worker', worker, 'provider', provider,
  'running', running_kind .. '\n' .. running_provider .. '\n' .. running_owner)
redis.call('SADD', running_kind, id)
redis.call('SADD', running_provider, id)
redis.call('SADD', running_owner, id)
redis.call('ZADD', leases, digits(now / 1000 + lease), id)
redis.call('ZREM', queue, id .. ':' .. claim)
return {'done', store(job_key, next_version(job[3], now), 'a', body)}
