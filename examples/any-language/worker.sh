#!/usr/bin/env bash
# A worker in shell, with nothing but curl and sed: tells how many kilobytes are free where a path is.
set -u
api="${TIDEWHEEL_URL:-http://127.0.0.1:7243}/api/v1/namespaces/default"
identity="$$@$(hostname)"
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

call() { curl -sSf -H 'content-type: application/json' -d "$2" "$api/$1"; }

# The token that an answer begins with, and the first argument if it is text without quotes and backslashes.
token() { sed -n 's/^{"[a-z]*Token":"\([^"]*\)".*/\1/Ip'; }
argument() { sed -n 's/.*"input":\["\([^"\\]*\)"[],].*/\1/p'; }

worker=$(call workers "{\"identity\":\"$identity\",\"taskQueue\":\"shell\",\"activityTypes\":[\"freeSpace\"]}" | token)
[[ $worker ]] || exit 1

# The poll runs in the background, so that a signal is seen at once. A task that came for it meanwhile goes to another
# worker: the server notices that nobody listens any more.
stopping='' poll=''
stop() {
  stopping=yes
  [[ $poll ]] && kill "$poll" 2>/dev/null
}
trap stop TERM INT

echo 'waiting for tasks'
while [[ ! $stopping ]]; do
  call activity-poll "{\"workerToken\":\"$worker\",\"wait\":\"30s\"}" >"$answer" &
  poll=$!
  wait "$poll" || { [[ $stopping ]] || sleep 1; continue; }
  poll=''
  task=$(token <"$answer")
  [[ $task ]] || continue
  path=$(argument <"$answer")
  if free=$(df -Pk -- "${path:-}" 2>/dev/null | awk 'NR == 2 { print $4 }') && [[ $free ]]; then
    call activity-complete "{\"taskToken\":\"$task\",\"identity\":\"$identity\",\"result\":$free}" >/dev/null
  else
    failure='{"message":"there is no such path","applicationFailureInfo":{"type":"NoSuchPath","nonRetryable":true}}'
    call activity-fail "{\"taskToken\":\"$task\",\"identity\":\"$identity\",\"failure\":$failure}" >/dev/null
  fi
done
echo 'stopped'
