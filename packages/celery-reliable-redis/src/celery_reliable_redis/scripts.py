"""Lua scripts for what must be atomic: who is alive, what is taken, what goes back. Knows no Python object.

Every script first calls a write that needs no memory (RPOP, LREM, SREM): a server that has reached
`maxmemory` refuses a script's first write if it could grow, and must still let its queues be emptied.
Scripts are sent whole (EVAL): they are short, and nothing has to be done when a server forgets them.

Keys, each behind the `global_keyprefix` (a consumer's name is its process id, a dash and 32 hex digits, so
no name of a queue makes one of these keys another's):

    reliable:consumers           sorted set: consumer -> the moment (server clock, ms) its lease ends
    reliable:suspects            set: consumers whose lease has run out once, and was prolonged once
    reliable:queues              hash: consumer -> as JSON, its host, and for each queue from which it
                                 reserves the number of its lists; '' -> the moment when a survey is due
    reliable:<consumer>:<queue>  list: what it has reserved from that queue, the oldest at the right. Where it
                                 holds more than a few, also reliable:<consumer>.2:<queue>, .3 and so on
    reliable:wake-<consumer>     list: filled only for a moment, to wake the consumer that waits for it
    <queue>:dead                 list: messages of it that were put aside, the oldest at the right

No script takes long, whatever there is: each looks at no more than a few hundred messages, in short lists.
The first three are the registry. It is gone a day after the last sign of life of any consumer; the lists of
messages have no expiry, and a survey finds those that the registry does not know.
"""

from __future__ import annotations

from typing import Final

#: How long the registry outlives the last sign of life, and how often somebody makes a survey, in ms.
DAY_MS: Final = 86_400_000
#: How long whoever makes a survey may take, until somebody else begins another, in ms.
SURVEY_MS: Final = 600_000
#: How long a knock lasts where nobody waits for it any more, in ms.
KNOCK_MS: Final = 5_000

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
#: KEYS: the registry.
_KEEP = f"""
for i = 1, 3 do redis.call('PEXPIREAT', KEYS[i], now + {DAY_MS}) end
"""

#: KEYS: the queues to watch, some of these.
#: ARGV: how many messages, how many queues of one priority, what to do with a suspect; n queues, then
#: the n lists that take from them; queues of equal priority stand together.
#: Returns queue number (from 1) and message in turn, the most urgent first; one from each queue in turn.
#: A suspect (redelivery.py) is taken alone: 'alone' if it may be, the consumer having nothing else in
#: hand; at 'stop' nothing is taken any more, and a 0 at the end says why; at 'pass' it goes to the end
#: of its queue. Where there are fewer messages than wanted, the queues to watch are looked at once more,
#: by a command that only reads: so the server will tell a client that has asked for it (CLIENT TRACKING)
#: of the next message. A script that reads watches *all* its KEYS, so what is not to be watched is none:
#: news of the list that a message has just been put into, or removed from, would wake the consumer each
#: time, for nothing.
TAKE: Final = """
local wanted, width, suspects, half = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], (#ARGV - 3) / 2
local queues = 3
local lists = queues + half
local taken, passed = {}, 0
for first = 1, half, width do
  repeat
    local moved = false
    for i = first, first + width - 1 do
      if #taken == 2 * wanted then return taken end
      local queue = ARGV[queues + i]
      local message = redis.call('RPOP', queue)
      if message then
        if string.sub(message, 1, 2) ~= '\\n\\t' then
          redis.call('LPUSH', ARGV[lists + i], message)
          taken[#taken + 1], taken[#taken + 2] = i, message
        elseif suspects == 'pass' and passed < wanted then
          redis.call('LPUSH', queue, message)
          passed = passed + 1
        elseif suspects == 'alone' and #taken == 0 then
          redis.call('LPUSH', ARGV[lists + i], message)
          return {i, message}
        else
          redis.call('RPUSH', queue, message)
          taken[#taken + 1] = 0
          return taken
        end
        moved = true
      end
    end
  until not moved
end
for i = 1, #KEYS do redis.call('EXISTS', KEYS[i]) end
return taken
"""

#: KEYS: the list that a consumer waits for. It is woken, or finds out when it next waits.
WAKE: Final = f"""
redis.call('RPOP', KEYS[1])
redis.call('LPUSH', KEYS[1], '')
redis.call('PEXPIRE', KEYS[1], {KNOCK_MS})
"""

#: KEYS: the registry. ARGV: consumer, lease in ms, its entry as JSON, whether that is 'new': else it is
#: written only where there is none, for the thread that renews the lease may be behind. Returns 1 if a
#: survey is due, which the caller then makes.
RENEW: Final = (
    _NOW
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
    _NOW
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
    _NOW
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

#: KEYS: consumers, suspects, the consumer's list, the queue, the list of those put aside. ARGV:
#: consumer, 'dead' or 'own', then each message as it is in the list, as it shall be, and where: at the
#: 'head' or 'tail' of the queue, or 'aside'. Returns how many went back, and how many were put aside; a
#: message that is no longer in the list goes nowhere. Returns -1 and does nothing if a consumer called
#: dead is alive.
PUT_BACK: Final = (
    _NOW
    + """
if ARGV[2] == 'dead' then
  local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
  if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 0 or (ends and tonumber(ends) > now) then return {-1, 0} end
end
local back, aside = 0, 0
for i = 3, #ARGV, 3 do
  local where = ARGV[i + 2]
  redis.call('LLEN', where == 'aside' and KEYS[5] or KEYS[4])  -- an error, if it is no list
  if redis.call('LREM', KEYS[3], 1, ARGV[i]) == 1 then
    if where == 'aside' then
      redis.call('LPUSH', KEYS[5], ARGV[i + 1])
      aside = aside + 1
    else
      redis.call(where == 'head' and 'RPUSH' or 'LPUSH', KEYS[4], ARGV[i + 1])
      back = back + 1
    end
  end
end
return {back, aside}
"""
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
