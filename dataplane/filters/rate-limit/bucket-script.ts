import { createHash } from 'node:crypto';

/**
 * GCRA in Redis for several counters at once (Lua 5.1). A counter is one rule with one key value: it has a Redis
 * key for each limit of the rule, and is charged in all of them or in none. Time is the server's, microseconds
 * since 2024-07 (a nearer epoch leaves doubles room for fractions).
 *
 * ARGV: fleet, then for each counter: number of limits, need, want, and for each limit: microseconds of its
 * window, requests, burst, owed. What is owed was admitted while nobody could ask, and is charged first, to no
 * more than a whole burst. `need` requests wait now; `want` - `need` more are for a lease, of which no data plane
 * gets more than its share of what is left. A negative `want` gives tokens back.
 * Answers for each counter: granted, microseconds until the next one would be, and for each limit: what is left,
 * microseconds until its bucket is full.
 */
export const bucketScript = `
local time = redis.call('TIME')
local now = (time[1] - 1720000000) * 1000000 + time[2]
local fleet = tonumber(ARGV[1])
local answer = {}
local key, arg = 1, 2
while key <= #KEYS do
  local limits, need, want = tonumber(ARGV[arg]), tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
  arg = arg + 3
  local debts, intervals, bursts = {}, {}, {}
  local free, changed = math.huge, false
  for at = 1, limits do
    local interval = tonumber(ARGV[arg]) / tonumber(ARGV[arg + 1])
    local burst = tonumber(ARGV[arg + 2])
    local owed = tonumber(ARGV[arg + 3])
    arg = arg + 4
    local debt = tonumber(redis.call('GET', KEYS[key + at - 1]) or '0') - now
    if debt < 0 then debt = 0 end
    debt = debt + owed * interval
    changed = changed or owed > 0
    if debt > burst * interval then debt = burst * interval end
    debts[at], intervals[at], bursts[at] = debt, interval, burst
    free = math.min(free, math.floor(burst - debt / interval + 0.01))
  end
  local granted = want
  if want > 0 then
    granted = math.min(free, need)
    if want > need and free > granted then
      granted = granted + math.min(want - need, math.floor((free - granted) / fleet))
    end
  end
  local head = #answer + 1
  local wait = 0
  answer[head], answer[head + 1] = granted, 0
  for at = 1, limits do
    local interval, burst = intervals[at], bursts[at]
    local debt = debts[at] + granted * interval
    if changed or granted ~= 0 then
      if debt > 0 then
        redis.call('SET', KEYS[key + at - 1], string.format('%.4f', now + debt), 'PX', math.ceil(debt / 1000) + 1)
      else
        redis.call('DEL', KEYS[key + at - 1])
      end
    end
    local left = math.floor(burst - debt / interval + 0.01)
    if left < 1 then wait = math.max(wait, debt - (burst - 1) * interval) end
    answer[#answer + 1] = left
    answer[#answer + 1] = math.ceil(math.max(0, debt))
  end
  answer[head + 1] = math.ceil(wait)
  key = key + limits
end
return answer
`;

/** What EVALSHA calls the script. */
export const bucketScriptSha = createHash('sha1').update(bucketScript).digest('hex');
