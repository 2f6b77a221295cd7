-- Counts a part of the jobs of an index, by kind, provider and status, and names the first of each; so that who looks at
-- all of them reads a few lines. Answers {walked, {{kind, provider, status, count, waits since, ids}, ...}}. Changes
-- nothing. `range` is the order: ZRANGE, or ZREVRANGE.
local index = KEYS[1]
local job_stem, range, offset, batch, first = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local ids = redis.call(range, index, offset, offset + batch - 1)
local groups, found = {}, {}
local group -- that of the job before: mostly many of a kind come together
for _, id in ipairs(ids) do
  local job = redis.call('HMGET', job_stem .. id, 'kind', 'provider', 'status', 'queued_at')
  if job[1] and job[3] then
    local provider = job[2] or ''
    if not group or group[1] ~= job[1] or group[2] ~= provider or group[3] ~= job[3] then
      local name = job[1] .. '\n' .. provider .. '\n' .. job[3]
      group = groups[name]
      if not group then
        group = {job[1], provider, job[3], 0, '', {}}
        groups[name] = group
        found[#found + 1] = group
      end
    end
    group[4] = group[4] + 1
    if job[4] and (group[5] == '' or tonumber(job[4]) < tonumber(group[5])) then
      group[5] = job[4]
    end
    if #group[6] < first then
      group[6][#group[6] + 1] = id
    end
  end
end
return {#ids, found}
