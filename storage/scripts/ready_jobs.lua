-- Of the entries of a queue, in their order, the `first` whose jobs may run now, within what may run at once
-- of the kind, with the provider and of one owner. Answers {entry, record, owner, input, claim, spent, task} of each.
-- Changes nothing but the queue, from which it takes entries that stand for no job any more, and `blocked`, where it says
-- that some may not: `claim_job` decides. After ARGV[8] come the entries.
local queue, running_kind, running_provider, paused, blocked = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local kind, job_stem, running_owner_stem, provider = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local first, most_of_kind, most_of_provider, most_of_owner =
  tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local per_owner = {}

if redis.call('SISMEMBER', paused, provider) == 1 then
  return {}
end
local places = math.min(
  most_of_kind - redis.call('SCARD', running_kind), most_of_provider - redis.call('SCARD', running_provider))
if places < first then
  redis.call('SADD', blocked, kind)
end

local ready = {}
for place = 9, #ARGV do
  if #ready >= math.min(first, places) then
    break
  end
  local entry = ARGV[place]
  local id, claim = string.match(entry, '^(.*):(%d+)$')
  local job_key = job_stem .. (id or '')
  local job = redis.pcall('HMGET', job_key, 'status', 'claim', 'owner')
  if job[1] ~= 'queued' or job[2] ~= claim then
    redis.call('ZREM', queue, entry)
  else
    local owner = job[3]
    local running = per_owner[owner] or redis.call('SCARD', running_owner_stem .. owner)
    if running < most_of_owner then
      running = running + 1
      local rest = redis.call('HMGET', job_key, 'record', 'input', 'spent', 'task')
      ready[#ready + 1] = {entry, rest[1], owner, rest[2], claim, rest[3] or '0', rest[4] or ''}
    else
      redis.call('SADD', blocked, kind)
    end
    per_owner[owner] = running
  end
end
return ready
