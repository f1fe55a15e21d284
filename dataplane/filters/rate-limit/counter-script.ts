import { createHash } from 'node:crypto';
import { fixedWindowScript } from './algorithms/fixed-window.ts';
import { slidingWindowScript } from './algorithms/sliding-window.ts';
import { tokenBucketScript } from './algorithms/token-bucket.ts';

/**
 * Counters of all algorithms in Redis, several at once (Lua 5.1). A counter is one rule with one key value: it has a
 * Redis key for each limit of the rule, and is charged in all of them or in none. Time is the server's, microseconds
 * since 2024-07 (a nearer epoch leaves doubles room for fractions); what the clock shows is `epoch` more.
 *
 * ARGV: fleet, then for each counter: number of limits, units, need, want, since, and for each limit the code of its
 * algorithm and what that reads. What is owed was admitted while nobody could ask, and is charged first, to no more than
 * fits and the limit may owe. `need` is what requests take that wait now, each of them `units`; `want` - `need` more are
 * for a lease, of which no
 * data plane gets more than its share of what is left. A negative `want` gives back what was granted at `since`: windows
 * that are over keep theirs.
 * Answers the time, and for each counter: granted, microseconds until the next request would be, and for each limit: what
 * is left, microseconds until all of it is there again.
 *
 * An edit reaches data planes at several times, and answers end long after they were admitted: what a window holds beyond
 * what the limit that asks can owe was counted for a larger one, and stays.
 *
 * An algorithm is two functions: `open` reads its numbers and its key and tells how many are `free`, and where who leases
 * may take more, how many are `ahead`; `close` charges what is granted and tells what is left, and the microseconds until
 * all is and until `units` more would be.
 */
export const counterScript = `
local time = redis.call('TIME')
local epoch = 1720000000 * 1000000
local now = (time[1] - 1720000000) * 1000000 + time[2]
-- microseconds: what Redis and data planes take for a whole number
local longest = 9e15
local arg, since = 0, 0
local function number()
  arg = arg + 1
  return tonumber(ARGV[arg])
end
local units = 1
local algorithms = {}
${tokenBucketScript}
${fixedWindowScript}
${slidingWindowScript}
local fleet = number()
local answer = { now }
local key = 1
while key <= #KEYS do
  local limits
  limits, units = number(), number()
  local need, want = number(), number()
  since = number()
  local opened, states = {}, {}
  local free, ahead = math.huge, math.huge
  for at = 1, limits do
    opened[at] = algorithms[number()]
    states[at] = opened[at].open(KEYS[key + at - 1])
    free = math.min(free, states[at].free)
    ahead = math.min(ahead, states[at].ahead or states[at].free)
  end
  local granted = want
  if want > 0 then
    if want > need then free = ahead end
    granted = math.max(0, math.min(free - free % units, need))
    if want > need and free > granted then
      granted = granted + math.min(want - need, math.floor((free - granted) / fleet))
    end
  end
  local head = #answer + 1
  local wait = 0
  answer[head], answer[head + 1] = granted, 0
  for at = 1, limits do
    local left, full, untilNext = opened[at].close(KEYS[key + at - 1], states[at], granted)
    if left < units then wait = math.max(wait, untilNext) end
    answer[#answer + 1] = left
    answer[#answer + 1] = math.ceil(math.min(math.max(0, full), longest))
  end
  answer[head + 1] = math.ceil(math.min(wait, longest))
  key = key + limits
end
return answer
`;

/** What EVALSHA calls the script. */
export const counterScriptSha = createHash('sha1').update(counterScript).digest('hex');
