/** A script that runs inside redis, and the functions that scripts share. */
import { createHash } from 'node:crypto'

export interface Script {
  readonly text: string
  readonly sha: string
}

/** Sets `T`, the key of the token, if any; `P`, the prefix; and `node`, the caller. */
const common = `
local T, P, node = KEYS[1], ARGV[1], ARGV[2]
local call = redis.call
local function lives(other) return other == node or call('EXISTS', P .. 'node:' .. other) == 1 end
local function words(text)
  local all = {}
  for word in string.gmatch(text or '', '[^\\n]+') do all[#all + 1] = word end
  return all
end
local function tell(other, ...) call('PUBLISH', P .. 'n:' .. other, cjson.encode({...})) end
local function token() return string.sub(T, #P + 3) end
local function put(field, all)
  if #all == 0 then call('HDEL', T, field) else call('HSET', T, field, table.concat(all, '\\n')) end
end
`

/** Functions that change the line or the followers of a token. */
export const lines = `
local function without(all, gone)
  local rest = {}
  for _, word in ipairs(all) do if word ~= gone then rest[#rest + 1] = word end end
  return rest
end
local function holds(all, wanted)
  for _, word in ipairs(all) do if word == wanted then return true end end
  return false
end
local function livingOf(all)
  local living = {}
  for _, word in ipairs(all) do if lives(word) then living[#living + 1] = word end end
  return living
end
local function fenceAfter(fence)
  local time = call('TIME')
  return string.format('%.0f', math.max((tonumber(fence) or 0) + 1, time[1] * 1000000 + time[2]))
end
local function known(have)
  local revision = call('HGET', T, '!r') or '0'
  if revision == have then return 'same' end
  if revision == '0' then return false end
  return call('HGETALL', T)
end
local function handOn(line, fence, followers, besides)
  local living = livingOf(line)
  local first = table.remove(living, 1)
  put('!l', living)
  if not first then
    call('HDEL', T, '!h', '!c')
    return first, fence, living
  end
  fence = fenceAfter(fence)
  call('HSET', T, '!h', first, '!f', fence, '!c', '0')
  put('!w', without(followers, first))
  if first ~= besides then tell(first, 'granted', token()) end
  if #living > 0 then tell(first, 'wanted', token()) end
  return first, fence, living
end
local function now()
  local time = call('TIME')
  return math.floor(time[1] * 1000 + time[2] / 1000)
end
local function forgetIfEmpty()
  local left = call('HMGET', T, '!r', '!h', '!l', '!w', '!p')
  if not (left[1] or left[2] or left[3] or left[4] or left[5]) then call('DEL', T) end
end
`

/** A script that writes little. It also runs when the memory of the redis is full, so that processes stay alive. */
export const script = (...parts: string[]): Script => scriptOf('#!lua flags=allow-oom\n', parts)

/** A script that is refused when the memory of the redis is full. */
export const largeScript = (...parts: string[]): Script => scriptOf('', parts)

function scriptOf(head: string, parts: readonly string[]): Script {
  const text = [head, common, ...parts].join('')
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}
