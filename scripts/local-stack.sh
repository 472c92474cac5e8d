# Shared by scripts/demo and scripts/dev: Redis, the API process, two worker processes with the file-processing example,
# and its file server, all as children of the calling script. Not to be run by itself.
#
# The caller sets NAME (for messages) and STATE (a folder for logs and pids), and calls open_stack. Whatever way the
# caller ends, everything that was started here is stopped again.
# Works with bash 3.2, which is what macOS has.
set -euo pipefail
export PATH="$PWD/node_modules/.bin:$PATH"

PARTS=''
REDIS_DIR=''
CLOSING=no

say() { printf '%s: %s\n' "$NAME" "$*"; }
fail() {
  printf '%s: %s\n' "$NAME" "$*" >&2
  exit 1
}

# A zombie still has a pid, but it is dead.
alive() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }

pid_of() { cat "$STATE/$1.pid" 2>/dev/null || true; }

# Whether a pid still belongs to the program that it was noted for: pids are reused.
runs_program() { alive "$1" && ps -o args= -p "$1" 2>/dev/null | grep -qF "$2"; }

close_stack() {
  local status=$? part pid waited
  trap - EXIT
  trap '' HUP INT TERM
  # In the reverse order of their start: the API process sees to timeouts until the workers are gone.
  for part in $PARTS; do
    pid=$(pid_of "$part")
    if [ -n "$pid" ] && alive "$pid"; then
      say "stopping $part"
      kill -TERM "$pid" 2>/dev/null || true
      waited=0
      while alive "$pid" && [ "$waited" -lt 450 ]; do
        waited=$((waited + 1))
        sleep 0.1
      done
      kill -KILL "$pid" 2>/dev/null || true
    fi
    rm -f "$STATE/$part.pid"
  done
  if [ -n "$REDIS_DIR" ]; then scripts/redis stop --dir "$REDIS_DIR" || true; fi
  [ "$CLOSING" = no ] || rm -f "$STATE/$NAME.pid"
  exit "$status"
}

# Starts a program in the background: part name, then environment assignments, then --, then what node runs.
# It gets a process group of its own, so that Ctrl-C reaches this script only, which then stops it in order.
start_part() {
  local part=$1 pid
  shift
  local assignments=()
  while [ "$1" != -- ]; do
    assignments+=("$1")
    shift
  done
  shift
  pid=$(pid_of "$part")
  if [ -n "$pid" ] && runs_program "$pid" "$1"; then
    say "stopping $part (pid $pid), which an earlier run left behind"
    kill -KILL "$pid" 2>/dev/null || true
  fi
  : >"$STATE/$part.log"
  set -m
  env "${assignments[@]}" node "$PWD/$1" </dev/null >>"$STATE/$part.log" 2>&1 &
  printf '%s\n' "$!" >"$STATE/$part.pid"
  disown
  set +m
  PARTS="$part $PARTS"
}

# Waits for a line of a part's log that matches a basic regular expression, and prints what its \(group\) matched.
await_line() {
  local part=$1 pattern=$2 found waited=0
  while :; do
    found=$(sed -n "s|.*$pattern.*|\\1|p" "$STATE/$part.log" | head -n 1)
    if [ -n "$found" ]; then break; fi
    alive "$(pid_of "$part")" || fail "$part ended; the end of $STATE/$part.log: $(tail -n 5 "$STATE/$part.log")"
    [ "$waited" -lt 600 ] || fail "$part did not start within a minute; see $STATE/$part.log"
    waited=$((waited + 1))
    sleep 0.1
  done
  printf '%s' "$found"
}

port_is_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The port itself when nobody has it, else 0, which lets the system choose.
port_or_any() { if port_is_open "$1"; then printf 0; else printf '%s' "$1"; fi; }

start_worker() {
  start_part "$1" REDIS_URL="$REDIS_URL" \
    TIDEWHEEL_WORKER_TASK_QUEUES=file-processing \
    TIDEWHEEL_WORKER_HOST_QUEUE=on \
    TIDEWHEEL_WORKER_WORKFLOWS=examples/file-processing/src/workflows.ts \
    TIDEWHEEL_WORKER_ACTIVITIES=examples/file-processing/dist/activities.js \
    TIDEWHEEL_WORKER_PORT=0 \
    -- apps/worker/dist/main.js
}

# Sets API_URL, FILES_URL and WORKER_URLS. The argument is the port of Redis, 0 for any; a second one the port to serve
# gRPC on, which then sets GRPC_ADDRESS.
open_stack() {
  local redis_port=$1 grpc_port=${2:-} owner port worker
  mkdir -p "$STATE"
  owner=$(cat "$STATE/$NAME.pid" 2>/dev/null || true)
  if [ -n "$owner" ] && runs_program "$owner" "$NAME"; then fail "already running (pid $owner)"; fi
  trap close_stack EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '%s\n' "$$" >"$STATE/$NAME.pid"
  CLOSING=yes

  scripts/setup

  if [ -z "${REDIS_URL:-}" ]; then REDIS_DIR=$PWD/$STATE/redis; fi
  say 'waiting for Redis'
  REDIS_URL=$(scripts/redis start --dir "$PWD/$STATE/redis" --port "$redis_port")

  say 'starting the API process'
  [ -z "$grpc_port" ] || grpc_port=$(port_or_any "$grpc_port")
  start_part api REDIS_URL="$REDIS_URL" TIDEWHEEL_API_PORT="$(port_or_any 7243)" TIDEWHEEL_GRPC_PORT="$grpc_port" \
    -- apps/api/dist/main.js
  port=$(await_line api '"port":\([0-9]*\).*"msg":"listening"')
  API_URL=http://127.0.0.1:$port
  await_line api '"msg":"\(ready\)"' >/dev/null
  if [ -n "$grpc_port" ]; then
    GRPC_ADDRESS=127.0.0.1:$(await_line api '"grpcPort":\([0-9]*\).*"msg":"serving gRPC"')
  fi

  say 'starting two worker processes and the file server of the example'
  start_worker worker-1
  start_worker worker-2
  start_part files FILES_PORT="$(port_or_any 7280)" FILES_RESULTS="$STATE/results" \
    -- examples/file-processing/dist/serve-files.js
  WORKER_URLS=''
  for worker in worker-1 worker-2; do
    port=$(await_line "$worker" '"port":\([0-9]*\).*"msg":"listening"')
    await_line "$worker" '"msg":"\(polling\)"' >/dev/null
    WORKER_URLS="$WORKER_URLS http://127.0.0.1:$port"
  done
  FILES_URL=$(await_line files 'under \(http.*\)/data/, results')
}
