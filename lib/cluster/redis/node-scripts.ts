/** The operations of the coordinator on nodes, and on many tokens at once. `scripts.ts` says what they have in common. */
import { script } from './script.js'

/**
 * leaseMs, the lease that the node believes in, the lease that begins if that one has lapsed, restMs → lapsed, nodes alive. A node
 * with less than restMs left of its lease no longer trusts it: if it also has no connection, it is declared dead.
 */
export const heartbeat = script(`
local key, lease, following, rest = P .. 'node:' .. node, ARGV[4], ARGV[5], ARGV[6]
local kept = string.match(call('GET', key) or '', '^(%d+)')
call('SET', key, (kept == lease and lease or following) .. '/' .. rest, 'PX', ARGV[3])
call('SADD', P .. 'nodes', node)
local function isGone(other)
  local left = string.match(call('GET', P .. 'node:' .. other) or '', '/(%d+)$')
  if not left or call('PTTL', P .. 'node:' .. other) >= tonumber(left) then return false end
  return redis.pcall('PUBSUB', 'NUMSUB', P .. 'n:' .. other)[2] == 0
end
local alive, gone = {}, {}
for _, other in ipairs(call('SMEMBERS', P .. 'nodes')) do
  if other ~= node and isGone(other) then
    call('DEL', P .. 'node:' .. other)
    gone[#gone + 1] = other
  elseif lives(other) then alive[#alive + 1] = other end
end
for _, dead in ipairs(gone) do for _, other in ipairs(alive) do tell(other, 'gone', dead) end end
return { kept == lease and 0 or 1, alive }
`)

/** A node with tasks stays in the list of nodes until they are adopted. */
export const leave = script(`
call('DEL', P .. 'node:' .. node, P .. 'given:' .. node)
if call('EXISTS', P .. 'tasks:' .. node) == 0 then call('SREM', P .. 'nodes', node) end
for _, other in ipairs(call('SMEMBERS', P .. 'nodes')) do if other ~= node then tell(other, 'gone', node) end end
`)

/** most, the number of the last answer that the node has received → the number of this answer, tokens. */
export const orphans = script(`
local function isOrphaned(token)
  for _, run in ipairs(cjson.decode(call('HGET', P .. 't:' .. token, '=running') or '[]')) do
    if not lives(run.node) then return true end
  end
  return false
end
local given = P .. 'given:' .. node
local before = call('LRANGE', given, 0, -1)
if before[1] and tonumber(before[1]) > tonumber(ARGV[4]) then return before end
local most, taken = tonumber(ARGV[3]), {}
for _, other in ipairs(call('SMEMBERS', P .. 'nodes')) do
  if not lives(other) then
    local tasks = P .. 'tasks:' .. other
    while #taken < most and call('EXISTS', tasks) == 1 do
      for _, token in ipairs(call('SPOP', tasks, most - #taken)) do
        if isOrphaned(token) then taken[#taken + 1] = token end
      end
    end
    if call('EXISTS', tasks) == 0 then
      call('SREM', P .. 'nodes', other)
      call('DEL', P .. 'given:' .. other)
    end
  end
end
call('DEL', given)
local number = string.format('%.0f', ARGV[4] + 1)
if #taken > 0 then
  call('SADD', P .. 'tasks:' .. node, unpack(taken))
  call('SADD', P .. 'nodes', node)
  call('RPUSH', given, number, unpack(taken))
end
return { number, unpack(taken) }
`)

/** word. */
export const broadcast = script(`
for _, other in ipairs(call('SMEMBERS', P .. 'nodes')) do
  if other ~= node and lives(other) then tell(other, 'word', ARGV[3]) end
end
`)

/** The browser, as JSON → tokens that it used last. A token may also be in the list of an earlier browser. */
export const ofBrowser = script(`
local tokens = {}
for _, one in ipairs(call('SMEMBERS', P .. 'b:' .. ARGV[3])) do
  if call('HGET', P .. 't:' .. one, '=browser') == ARGV[3] then tokens[#tokens + 1] = one
  else call('SREM', P .. 'b:' .. ARGV[3], one) end
end
return tokens
`)

/** retainMs, tokens. */
export const touch = script(`
for i = 4, #ARGV do
  call('PEXPIRE', P .. 't:' .. ARGV[i], ARGV[3])
  local browser = call('HGET', P .. 't:' .. ARGV[i], '=browser')
  if browser then call('PEXPIRE', P .. 'b:' .. browser, math.max(tonumber(ARGV[3]), 2592000000)) end
end
`)
