-- Stands before every script: Redis' clock, versions, the one way a record is stored and published, and what it means
-- that a job runs no more, and that it is no longer kept.

local function microseconds()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- '%.0f' and never '..' or tostring: those keep 14 digits of a number, and a version has 16.
local function digits(number)
  return string.format('%.0f', number)
end

local function next_version(record, now)
  local before = record and tonumber(string.sub(record, 1, 16))
  if before and before >= now then
    return before + 1
  end
  return now
end

-- Where one more job of an owner stands in its queue: further back for each that is `unfinished` already, so that those of
-- others, who have fewer, come between them. Microseconds as the fraction of a millisecond keep the order of what was
-- submitted within one.
local function score_of(now, unfinished, spacing, farthest, head_start)
  return now / 1000 + math.min(unfinished * spacing, farthest) - head_start
end

-- Takes from daily quotas. The stems of their counters are the keys from `first_key` on, and from `first_number` on two
-- numbers for each: how much a day may have, and how much this takes. Where one is used up nothing is taken, and the
-- answer says which, and how many milliseconds there are to the next day.
local function spend(first_key, first_number, now)
  local DAY = 86400000000
  local day = digits(math.floor(now / DAY))
  for place = first_key, #KEYS do
    local number = first_number + 2 * (place - first_key)
    local before = tonumber(redis.call('GET', KEYS[place] .. day) or '0')
    if before + tonumber(ARGV[number + 1]) > tonumber(ARGV[number]) then
      return {'spent', place - first_key + 1, digits((DAY - now % DAY) / 1000)}
    end
  end
  for place = first_key, #KEYS do
    redis.call('INCRBY', KEYS[place] .. day, ARGV[first_number + 2 * (place - first_key) + 1])
    redis.call('PEXPIRE', KEYS[place] .. day, digits(2 * DAY / 1000))
  end
end

-- Stores and publishes in one step; the channel has the key's name.
local function store(job_key, version, letter, body)
  local number = digits(version)
  local record = number .. letter .. '{"version":' .. number .. body
  redis.call('HSET', job_key, 'record', record)
  redis.call('PUBLISH', job_key, record)
  return record
end

-- Takes a job out of `leases` and of the sets in which running jobs are counted; the job names them itself. Kinds that are
-- `blocked`, for too much of something ran already, are looked at again.
local function runs_no_more(job_key, leases, id, blocked, wake_stem)
  redis.call('ZREM', leases, id)
  local sets = redis.call('HGET', job_key, 'running')
  if not sets then
    return
  end
  for set in string.gmatch(sets, '[^\n]+') do
    redis.call('SREM', set, id)
  end
  redis.call('HDEL', job_key, 'running', 'worker')
  local kinds = redis.call('SMEMBERS', blocked)
  if #kinds > 0 then
    redis.call('DEL', blocked)
    for _, kind in ipairs(kinds) do
      redis.call('PUBLISH', wake_stem .. kind, '')
    end
  end
end

-- Leaves of a job only what keeps its id from coming to mean something else. Watchers are told to look again.
local function bury(job_key, tombstone, record)
  redis.call('HDEL', job_key, 'record', 'input', 'etag', 'subject', 'claim', 'score', 'queued_at', 'finished_at', 'spent',
    'webhook', 'deliveries', 'unfinished', 'provider', 'task')
  redis.call('PEXPIRE', job_key, digits(tombstone))
  redis.call('PUBLISH', job_key, digits(next_version(record, microseconds())) .. 'x')
end
