-- Answers the version of each job, and an empty one for a job that is not there, is no longer kept or cannot be read:
-- one broken key must not hide all others. Changes nothing.
local job_keys = KEYS

local now_ms = microseconds() / 1000
local versions = {}
for place, job_key in ipairs(job_keys) do
  local job = redis.pcall('HMGET', job_key, 'record', 'kept_until')
  local kept = not job.err and job[1] and not (job[2] and tonumber(job[2]) <= now_ms)
  versions[place] = kept and string.sub(job[1], 1, 16) or ''
end
return versions
