"""Lua scripts for what must be atomic about leases: who is alive, and what the dead have left.

`scripts` says which keys there are, and what holds for every script.
"""

from __future__ import annotations

from typing import Final

from celery_reliable_redis.scripts import NOW

#: How long the registry outlives the last sign of life, and how often somebody makes a survey, in ms.
DAY_MS: Final = 86_400_000
#: How long whoever makes a survey may take, until somebody else begins another, in ms.
SURVEY_MS: Final = 600_000

#: KEYS: the registry.
_KEEP = f"""
for i = 1, 3 do redis.call('PEXPIREAT', KEYS[i], now + {DAY_MS}) end
"""

#: KEYS: the registry. ARGV: consumer, lease in ms, its entry as JSON, whether that is 'new': else it is
#: written only where there is none, for the thread that renews the lease may be behind. Returns 1 if a
#: survey is due, which the caller then makes.
RENEW: Final = (
    NOW
    + """
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call(ARGV[4] == 'new' and 'HSET' or 'HSETNX', KEYS[3], ARGV[1], ARGV[3])
"""
    + _KEEP
    + f"""
if now < tonumber(redis.call('HGET', KEYS[3], '') or 0) then return 0 end
redis.call('HSET', KEYS[3], '', now + {SURVEY_MS})
return 1
"""
)

#: KEYS: the registry. ARGV: lease in ms, how long to remember the dead in ms, prefix of all keys, how
#: many lists to find at most. A consumer whose lease runs out for the first time is only suspected, and
#: has one more lease in which to speak up: after a restart or a stall of the server, all leases have run
#: out, and everyone is alive. (A server that evicts keys with an expiry may forget the leases: then they
#: are taken for ended now.) Returns consumer, queue, list and host in turn for each list that a dead
#: consumer has left filled.
FIND_DEAD: Final = (
    NOW
    + """
redis.call('SREM', KEYS[2], '')
if redis.call('ZCARD', KEYS[1]) + 1 < redis.call('HLEN', KEYS[3]) then
  for _, consumer in ipairs(redis.call('HKEYS', KEYS[3])) do
    if consumer ~= '' then redis.call('ZADD', KEYS[1], 'NX', now, consumer) end
  end
end
local left = {}

local function look(consumer, queue, parts, host)
  local function key(part)
    return ARGV[3] .. consumer .. (part > 1 and '.' .. part or '') .. ':' .. queue
  end
  for first = 1, parts, 1000 do
    local keys = {}
    for part = first, math.min(parts, first + 999) do keys[#keys + 1] = key(part) end
    if redis.call('EXISTS', unpack(keys)) > 0 then
      for _, list in ipairs(keys) do
        local length = redis.pcall('LLEN', list)
        if type(length) == 'number' and length > 0 then
          for _, value in ipairs({consumer, queue, list, host}) do left[#left + 1] = value end
          if #left >= 4 * ARGV[4] then return end
        end
      end
    end
  end
end

for _, consumer in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  if redis.call('SADD', KEYS[2], consumer) == 1 then
    redis.call('ZADD', KEYS[1], now + ARGV[1], consumer)
  else
    local before = #left
    local is_json, entry = pcall(cjson.decode, redis.call('HGET', KEYS[3], consumer) or '[]')
    if not is_json or type(entry) ~= 'table' then entry = {} end  -- not ours, whoever wrote it
    local queues = type(entry.queues) == 'table' and entry.queues or entry
    for queue, parts in pairs(queues) do
      if type(queue) == 'number' then queue, parts = parts, 1 end  -- as version 0.1 wrote it
      look(consumer, tostring(queue), math.min(tonumber(parts) or 1, 100000), tostring(entry.host or ''))
      if #left >= 4 * ARGV[4] then return left end
    end
    if #left == before and tonumber(redis.call('ZSCORE', KEYS[1], consumer)) < now - ARGV[2] then
      redis.call('ZREM', KEYS[1], consumer)
      redis.call('SREM', KEYS[2], consumer)
      redis.call('HDEL', KEYS[3], consumer)
    end
  end
end
"""
    + _KEEP
    + """
return left
"""
)

#: KEYS: the registry. ARGV: consumer and its entry as JSON in turn, for each that has left a list. Registers
#: consumers that the registry does not know, with a lease that ends now, and notes that the survey is made.
SURVEYED: Final = (
    NOW
    + """
redis.call('SREM', KEYS[2], '')
for i = 1, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[3], ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('ZADD', KEYS[1], 'NX', now, ARGV[i])
  end
end
"""
    + f"redis.call('HSET', KEYS[3], '', now + {DAY_MS})"
    + _KEEP
)

#: KEYS: the registry, the consumer's lists... ARGV: consumer.
#: Forgets a consumer that holds nothing. Returns 1 if it did.
RETIRE: Final = """
for first = 4, #KEYS, 1000 do
  if redis.call('EXISTS', unpack(KEYS, first, math.min(#KEYS, first + 999))) > 0 then return 0 end
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('SREM', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
return 1
"""
