"""Lua scripts for messages that wait in Redis until they are due.

Keys, each behind the `global_keyprefix`; a queue's key has kombu's suffix for its priority:

    reliable:due:<queue>      sorted set: `<task id>/<delivery tag>` -> its ETA (ms since 1970)
    reliable:delayed:<queue>  hash: the same -> the message, as it goes into the queue;
                              '' -> the last message that was moved into the queue, for a moment

One clock decides what is due, and what is far enough ahead to be delayed: the server's. Those of producers
and workers may differ from each other. As in `scripts`, the first write needs no memory where the queues must
still be emptied; and a message is removed from where it was only when nothing can fail any more.
"""

from __future__ import annotations

from typing import Final

from celery_reliable_redis.scripts import NOW

#: KEYS: due, delayed, the queue. ARGV: member, message, ETA in ms, how far ahead it has to be in ms.
#: A producer's message: it is delayed, or put into its queue if it is not far enough ahead. Sent twice, it is
#: delayed once. Returns 1 if it is delayed.
DELAY: Final = (
    NOW
    + """
if ARGV[3] - now < tonumber(ARGV[4]) then
  redis.call('LPUSH', KEYS[3], ARGV[2])
  return 0
end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
"""
)

#: KEYS: due, delayed, the list into which a consumer has just taken it. ARGV: as above.
#: Moves a message from a consumer's list to the delayed ones. Returns 0 and does nothing if it is not far
#: enough ahead, is no longer in the list, or if its twin is already delayed.
PARK: Final = (
    NOW
    + """
if ARGV[3] - now < tonumber(ARGV[4]) then return 0 end
if redis.call('ZSCORE', KEYS[1], ARGV[1]) or redis.call('HGET', KEYS[2], ARGV[1]) then return 0 end
if redis.call('LREM', KEYS[3], 1, ARGV[2]) == 0 then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return 1
"""
)

#: KEYS: due, delayed and queue in turn, for each queue. ARGV: the most messages, the most bytes but for one
#: message, how many ms to wait for those who take. Moves what is due to the heads of the queues, what was due
#: first to the very head. While any of what was moved before is still there, nothing is put before it: so
#: they start in their order, however much is due. (The last of them is noted as the message without a name.)
#: Returns how many were moved, and after how many ms to look again; -1 if nothing is left.
RELEASE: Final = (
    NOW
    + """
local most, room, wait = tonumber(ARGV[1]), tonumber(ARGV[2]), -1
local moved = 0
for i = 1, #KEYS, 3 do
  local least = 0
  local last = redis.call('HGET', KEYS[i + 1], '')
  if last then
    if redis.call('LPOS', KEYS[i + 2], last, 'RANK', -1, 'MAXLEN', most) then
      least = tonumber(ARGV[3])
    else
      redis.call('HDEL', KEYS[i + 1], '')
    end
  end
  local members = {}
  if least == 0 and moved < most and room > 0 then
    members = redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', now, 'LIMIT', 0, most - moved)
  end
  local messages = {}
  for n, member in ipairs(members) do
    if room <= 0 then break end
    messages[n] = redis.call('HGET', KEYS[i + 1], member) or ''
    room = room - #messages[n]
  end
  if #messages > 0 then redis.call('ZREM', KEYS[i], '') end
  for n = #messages, 1, -1 do
    if messages[n] ~= '' then redis.call('RPUSH', KEYS[i + 2], messages[n]) end
    redis.call('ZREM', KEYS[i], members[n])
    redis.call('HDEL', KEYS[i + 1], members[n])
  end
  moved = moved + #messages
  if #messages > 0 then
    redis.call('HSET', KEYS[i + 1], '', messages[#messages])
    least = tonumber(ARGV[3])
  end
  local first = redis.call('ZRANGEBYSCORE', KEYS[i], '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  if first[2] then
    local left = math.max(least, tonumber(first[2]) - now)
    if wait < 0 or left < wait then wait = left end
  end
end
return {moved, wait}
"""
)
