-- Takes a token from each of several buckets, on Redis' clock: from all of them, or from none. Answers {0, 0} where
-- they were taken, else the place of the bucket that has one last, and the milliseconds until then.
local buckets, numbers = KEYS, ARGV -- two numbers for each: the most it holds, and how many come back in a second

local now_ms = microseconds() / 1000
local left, last, wait = {}, 0, 0
for place, bucket in ipairs(buckets) do
  local capacity, per_second = tonumber(numbers[2 * place - 1]), tonumber(numbers[2 * place])
  local state = redis.call('HMGET', bucket, 'left', 'at')
  left[place] = capacity
  if state[1] then
    left[place] = math.min(capacity, tonumber(state[1]) + math.max(0, now_ms - tonumber(state[2])) / 1000 * per_second)
  end
  local lacks = math.ceil((1 - left[place]) / per_second * 1000)
  if lacks > wait then
    last, wait = place, lacks
  end
end
if last > 0 then
  return {last, wait}
end
for place, bucket in ipairs(buckets) do
  local capacity, per_second = tonumber(numbers[2 * place - 1]), tonumber(numbers[2 * place])
  redis.call('HSET', bucket, 'left', string.format('%.6f', left[place] - 1), 'at', string.format('%.3f', now_ms))
  redis.call('PEXPIRE', bucket, digits(math.ceil(capacity / per_second * 1000) + 1000))
end
return {0, 0}
