/**
 * The operations of the coordinator, as scripts that run inside redis: each is atomic and uses the clock of redis. A token is one
 * hash. Its texts are under `=` and their key. Under `!` are the fields of the coordinator: `!r` revision, `!s` the id of the save
 * that made it, `!h` owner, `!f` fence, `!c` the number of the owner's claim, `!l` the nodes in line, `!w` the followers, `!p` the
 * nodes with pages of the token, and `!q` since when there are none, in milliseconds.
 *
 * An operation may arrive twice or late: its answer was lost with a connection, and it was sent again over the next one. So a
 * save has an id; the claims of a node are numbered, and a release does nothing to a later claim; orphans are given again until
 * the node has confirmed them; and a fence is a time, so that it is never repeated, even after a token is dropped or redis has
 * lost some seconds.
 */
import { broadcast, heartbeat, leave, ofBrowser, orphans, touch } from './node-scripts.js'
import { largeScript, lines, type Script, script } from './script.js'

export * from './node-scripts.js'

/** Between the texts of a list. JSON does not contain it, and keys that do are refused. */
export const separator = '\u0001'

/** have, retainMs, number → { 1, fence, handover requested, saved } or { 0, owner, leaseMs }. */
export const claim = script(
  lines,
  `
local have, keep, number = ARGV[3], ARGV[4], ARGV[5]
local meta = call('HMGET', T, '!h', '!f', '!l', '!w', '!c')
local holder, fence, line, followers = meta[1], meta[2], words(meta[3]), words(meta[4])
if not holder or not lives(holder) then
  if not holds(line, node) then line[#line + 1] = node end
  holder, fence, line = handOn(line, fence, followers, node)
  if holder == node then call('HSET', T, '!c', number) end
elseif holder == node and tonumber(number) > tonumber(meta[5] or '0') then
  fence = fenceAfter(fence)
  call('HSET', T, '!f', fence, '!c', number)
end
if holder == node then
  local rest = without(line, node)
  if #rest < #line then put('!l', rest) end
  if holds(followers, node) then put('!w', without(followers, node)) end
  call('PEXPIRE', T, keep)
  return { 1, fence, #rest > 0 and 1 or 0, known(have) }
end
if not holds(line, node) then
  line[#line + 1] = node
  put('!l', line)
end
call('PEXPIRE', T, keep)
tell(holder, 'wanted', token())
return { 0, holder, call('PTTL', P .. 'node:' .. holder) }
`,
)

/**
 * Saves of one node for any number of tokens, one after the other. retainMs, and a list with these for each save: fence, revision,
 * id, the numbers of pairs written, keys removed, nodes started and nodes ended, and then all of those. Takes as long as the
 * writes do, whatever the size of the state. → 1 or 0 for each.
 */
export const save = largeScript(`
local keep, most, given = ARGV[3], 2000, {}
for text in string.gmatch(ARGV[4] .. '${separator}', '([^${separator}]*)${separator}') do given[#given + 1] = text end
local function save(at, first, removed, began, ended, last)
  local meta = call('HMGET', T, '!h', '!f', '!r', '!s', '!w')
  if meta[1] ~= node or meta[2] ~= given[at] then return 0 end
  local revision, id = given[at + 1], given[at + 2]
  if meta[3] == revision then return meta[4] == id and 1 or 0 end
  if tonumber(meta[3] or '0') ~= tonumber(revision) - 1 then return 0 end
  call('HSET', T, '!r', revision, '!s', id, unpack(given, first, math.min(first + most, removed) - 1))
  for i = first + most, removed - 1, most do call('HSET', T, unpack(given, i, math.min(i + most, removed) - 1)) end
  for i = removed, began - 1, most do call('HDEL', T, unpack(given, i, math.min(i + most, began) - 1)) end
  for i = began, ended - 1 do
    call('SADD', P .. 'tasks:' .. given[i], token())
    call('SADD', P .. 'nodes', given[i])
  end
  for i = ended, last do call('SREM', P .. 'tasks:' .. given[i], token()) end
  call('PEXPIRE', T, keep)
  for i = first, removed - 1, 2 do
    if given[i] == '=browser' then
      call('SADD', P .. 'b:' .. given[i + 1], token())
      call('PEXPIRE', P .. 'b:' .. given[i + 1], math.max(tonumber(keep), 2592000000))
    end
  end
  if not meta[5] then return 1 end
  local followers, living, message = words(meta[5]), {}, { 'changed', token(), revision }
  for _, other in ipairs(followers) do if lives(other) then living[#living + 1] = other end end
  if #living < #followers then put('!w', living) end
  if #living == 0 then return 1 end
  for i = first, removed - 1, 2 do message[#message + 1] = { given[i], given[i + 1] } end
  for i = removed, began - 1 do message[#message + 1] = { given[i] } end
  message = cjson.encode(message)
  for _, other in ipairs(living) do call('PUBLISH', P .. 'n:' .. other, message) end
  return 1
end
local saved, at = {}, 1
for index, key in ipairs(KEYS) do
  T = key
  local first = at + 7
  local removed = first + 2 * given[at + 3]
  local began = removed + given[at + 4]
  local ended = began + given[at + 5]
  local last = ended + given[at + 6]
  saved[index] = save(at, first, removed, began, ended, last - 1)
  at = last
end
return saved
`)

/** follow, the number of the node's last claim when this was sent. */
export const release = script(
  lines,
  `
local meta = call('HMGET', T, '!h', '!f', '!l', '!w', '!c')
if meta[1] ~= node or tonumber(meta[5] or '0') > tonumber(ARGV[4]) then return end
local followers = words(meta[4])
if ARGV[3] == '1' and not holds(followers, node) then
  followers[#followers + 1] = node
  put('!w', followers)
end
handOn(words(meta[3]), meta[2], followers)
forgetIfEmpty()
`,
)

/** have, retainMs → owns, saved. */
export const follow = script(
  lines,
  `
local meta = call('HMGET', T, '!h', '!w')
if meta[1] == node then return { 1, known(ARGV[3]) } end
local followers = words(meta[2])
if not holds(followers, node) then
  followers[#followers + 1] = node
  put('!w', followers)
end
if call('PTTL', T) == -1 then call('PEXPIRE', T, ARGV[4]) end
return { 0, known(ARGV[3]) }
`,
)

export const unfollow = script(
  lines,
  `
local followers = words(call('HGET', T, '!w'))
if not holds(followers, node) then return end
put('!w', without(followers, node))
forgetIfEmpty()
`,
)

/** here, retainMs. */
export const setPresent = script(
  lines,
  `
local pages = words(call('HGET', T, '!p'))
if ARGV[3] == '1' then
  call('HDEL', T, '!q')
  if holds(pages, node) then return end
  pages[#pages + 1] = node
  put('!p', pages)
  if call('PTTL', T) == -1 then call('PEXPIRE', T, ARGV[4]) end
  return
end
if not holds(pages, node) then return end
local rest = without(pages, node)
pages = livingOf(rest)
put('!p', pages)
local meta = call('HMGET', T, '!h', '!w')
if #rest == 0 then call('HSET', T, '!q', string.format('%.0f', now())) end
forgetIfEmpty()
if #pages > 0 then return end
local told = words(meta[2])
if meta[1] then told[#told + 1] = meta[1] end
for _, other in ipairs(livingOf(without(told, node))) do tell(other, 'alone', token()) end
`,
)

/** disconnectRecheckMs → milliseconds, or nil while pages are elsewhere. */
export const unattendedMs = script(
  lines,
  `
local meta = call('HMGET', T, '!p', '!q')
if #livingOf(without(words(meta[1]), node)) > 0 then return false end
if meta[2] then return now() - tonumber(meta[2]) end
if call('EXISTS', T) == 0 then return 0 end
call('HSET', T, '!q', string.format('%.0f', now() + ARGV[3]))
return -tonumber(ARGV[3])
`,
)

/** → 1 or 0. */
export const isAttended = script(lines, `return #words(call('HGET', T, '!p')) > 0 and 1 or 0`)

export const read = script(lines, `return known('')`)

/** fence. */
export const drop = script(
  lines,
  `
local meta = call('HMGET', T, '!h', '!f', '!l', '!w', '!p')
if meta[1] ~= node or meta[2] ~= ARGV[3] then return end
if #livingOf(without(words(meta[4]), node)) + #livingOf(without(words(meta[5]), node)) > 0 then
  handOn(words(meta[3]), meta[2], words(meta[4]))
  return
end
call('DEL', T)
for _, other in ipairs(words(meta[3])) do tell(other, 'granted', token()) end
`,
)

export const scripts: readonly Script[] = [
  heartbeat,
  leave,
  claim,
  save,
  release,
  follow,
  unfollow,
  setPresent,
  unattendedMs,
  isAttended,
  read,
  drop,
  orphans,
  ofBrowser,
  broadcast,
  touch,
]
