# shellcheck shell=sh
# One log line for one decision, and a clock that never steps back. It does not decide where logs go: the verb's stdout is the log.
# Format: <UTC time> holdfast <verb> <node>: <saw> -> <did>: <why>. Nobody passes a secret to it.
# It writes to descriptor 3, so that a line inside a redirected block still reaches the log.

exec 3>&1
case $(date +%3N) in
  *[!0-9]*) time_format=%Y-%m-%dT%H:%M:%SZ ;; # busybox without FEATURE_DATE_NANO
  *) time_format=%Y-%m-%dT%H:%M:%S.%3NZ ;;
esac

# log SAW DID WHY
log() {
  # shellcheck disable=SC2153 # environment.sh checks it
  printf '%s holdfast %s %s: %s -> %s: %s\n' "$(date -u "+$time_format")" "$verb" "$HOLDFAST_NODE" "$1" "$2" "$3" >&3
}

# stop_with CODE SAW WHY: the last line of a verb that cannot go on. 64 usage, 75 try again, 78 an operator has to act.
stop_with() {
  log "$2" "stop with exit code $1" "$3"
  exit "$1"
}

# Sets now_ms from the kernel's uptime: monotonic, no fork. Wall time would jump with a clock step.
read_clock() {
  read -r uptime_s _ </proc/uptime
  now_ms=${uptime_s%.*}${uptime_s#*.}0
  now_ms=${now_ms#"${now_ms%%[!0]*}"}
}

# deadline_in MS: sets deadline_ms
deadline_in() {
  read_clock
  deadline_ms=$((now_ms + $1))
}

# True while the last deadline_in has not passed.
time_left() {
  read_clock
  [ "$now_ms" -lt "$deadline_ms" ]
}
