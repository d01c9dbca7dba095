-- wrk's requests. From the environment: CALL, TOKENS (a folder), THREADS, WORKERS, BUYERS, TASKS (how many there are),
-- FIRST (the number of the batch's first record), BATCH (its tasks), KEY (that no other run has).
-- The names of records: seed.py.
local function env(name) return tonumber(os.getenv(name) or "0") end
local call, key = os.getenv("CALL"), os.getenv("KEY")
local workers, buyers, tasks = env("WORKERS"), env("BUYERS"), env("TASKS")
local first, batch, step = env("FIRST"), env("BATCH"), env("THREADS")
local created = 0

function setup(thread)
  thread:set("thread_number", created)
  created = created + 1
end

local function oid(kind, n) return string.format("65%s%021d", kind, n) end

local worker_tokens, buyer_tokens
local function tokens(role)
  local all = {}
  for line in io.lines(os.getenv("TOKENS") .. "/tokens." .. role) do all[#all + 1] = line end
  return all
end

local function get(path, token)
  return wrk.format("GET", "/api" .. path, token and { Authorization = "Bearer " .. token })
end

local function send(method, path, body, token, n)
  local headers = { ["Content-Type"] = "application/json" }
  if token then
    headers["Authorization"] = "Bearer " .. token
    headers["Idempotency-Key"] = key .. "-" .. n
  end
  return wrk.format(method, "/api" .. path, headers, body)
end

local function worker(n) return worker_tokens[n % workers + 1] end

local function submit(n)
  local task = oid("f", first + (n + math.floor(n / workers)) % batch)
  local body = '{"task_id":"' .. task .. '","submission_details":"Done as asked, see https://img.example.com/s/1.png"}'
  return send("POST", "/submissions", body, worker(n), n)
end

local function approve(n)
  local buyer = buyer_tokens[n % batch % buyers + 1]
  return send("PUT", "/submissions/" .. oid("e", first + n) .. "/approve", "{}", buyer, n)
end

-- By call: the request of number n, which all threads together count up.
local requests = {
  ["list"] = function() return get("/tasks?page=1&limit=10") end,
  ["task"] = function(n) return get("/tasks/" .. oid("a", n * 7919 % tasks)) end,
  ["me"] = function(n) return get("/auth/me", worker(n)) end,
  ["notifications"] = function(n) return get("/notifications?limit=10", worker(n)) end,
  ["unread"] = function(n) return get("/notifications/unread/count", worker(n)) end,
  ["own work"] = function(n) return get("/submissions/worker/my-submissions?page=1&limit=10", worker(n)) end,
  ["submit"] = submit,
  ["approve"] = approve,
  ["create"] = function(n)
    local body = '{"task_title":"Watch the video and leave a comment","task_detail":"Watch it to the end, then say what'
      .. ' it is about.","submission_info":"A screenshot","required_workers":10,"payable_amount":3,"completion_date":"'
      .. os.getenv("DEADLINE") .. '"}'
    return send("POST", "/tasks", body, buyer_tokens[n % buyers + 1], n)
  end,
  ["log in"] = function(n)
    local body = '{"email":"worker%d@example.com","password":"%s"}'
    return send("POST", "/auth/login", body:format(n % workers, os.getenv("PASSWORD")))
  end,
}

local n
function init()
  worker_tokens, buyer_tokens, n = tokens("worker"), tokens("buyer"), thread_number - step
end

function request()
  n = n + step
  return requests[call](n)
end

function done(summary, latency)
  local e = summary.errors
  local broken = e.connect + e.read + e.write + e.timeout
  print(string.format('{"answers":%d,"us":%d,"refused":%d,"broken":%d,"p50_us":%d,"p99_us":%d}', summary.requests,
    summary.duration, e.status, broken, latency:percentile(50), latency:percentile(99)))
end
