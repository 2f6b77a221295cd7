-- Stands before every script: Redis' clock, versions, and the one way a record is stored and published.

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

-- Stores and publishes in one step; the channel has the key's name.
local function store(job_key, version, letter, body)
  local number = digits(version)
  local record = number .. letter .. '{"version":' .. number .. body
  redis.call('HSET', job_key, 'record', record)
  redis.call('PUBLISH', job_key, record)
  return record
end
