"""Lua scripts for what must be atomic: what is taken, what goes back. Knows no Python object.

Those that tell who is alive are in `lease_scripts`, those of messages that wait in `delay_scripts`.

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

#: How long a knock lasts where nobody waits for it any more, in ms.
KNOCK_MS: Final = 5_000

#: Sets `now`, in ms: the server's clock.
NOW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
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

#: KEYS: consumers, suspects, the consumer's list, the queue, the list of those put aside. ARGV:
#: consumer, 'dead' or 'own', then each message as it is in the list, as it shall be, and where: at the
#: 'head' or 'tail' of the queue, or 'aside'. Returns how many went back, and how many were put aside; a
#: message that is no longer in the list goes nowhere. Returns -1 and does nothing if a consumer called
#: dead is alive.
PUT_BACK: Final = (
    NOW
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
