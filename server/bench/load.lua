-- What wrk sends: METHOD PATH BODY-BYTES KEY-FILE KEYS ROUTES.
-- The first of KEYS keys alone, or a random few thousand of them; the path as it is, or a random path of ROUTES templates.
local ROTATION = 10000
local KEY = 40

local requests, at = {}, 0

function init(words)
   local method, path, bytes, file = words[1], words[2], tonumber(words[3]), words[4]
   local keys, routes = tonumber(words[5]), tonumber(words[6])
   local body = bytes > 0 and string.rep("b", bytes) or nil
   local lines = assert(io.open(file, "rb"))
   math.randomseed(7)
   for number = 1, (keys > 1 or routes > 0) and ROTATION or 1 do
      local line = keys > 1 and math.random(0, keys - 1) or 0
      lines:seek("set", line * (KEY + 1))
      local target = path
      if routes > 0 then
         local route, user, order = math.random(0, routes - 1), math.random(99999), math.random(99999)
         target = string.format("/bench/v1/s%d/users/%d/orders/%d", route, user, order)
      end
      local fields = { ["Host"] = "bench.example", ["X-API-Key"] = lines:read(KEY) }
      requests[number] = wrk.format(method, target, fields, body)
   end
end

function request()
   at = at % #requests + 1
   return requests[at]
end

function done(summary, latency)
   local errors = summary.errors
   local broken = errors.connect + errors.read + errors.write + errors.timeout
   io.write(string.format(
      '{"requests":%d,"micros":%d,"bytes":%d,"refused":%d,"broken":%d,"p50_us":%d,"p99_us":%d}\n',
      summary.requests, summary.duration, summary.bytes, errors.status, broken,
      latency:percentile(50), latency:percentile(99)))
end
