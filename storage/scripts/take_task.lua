-- Takes what is noted of a provider's task out of a job, for one who has it cancelled: of several only the first gets it,
-- and none after a person has asked for the job again, for that raises the claim. Answers 0 where it is not to be had.
local job_key, claim = KEYS[1], ARGV[1]

if redis.call('HGET', job_key, 'claim') ~= claim then
  return 0
end
return redis.call('HDEL', job_key, 'task')
