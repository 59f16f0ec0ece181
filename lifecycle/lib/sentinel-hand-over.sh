# shellcheck shell=sh
# Hand-over under Sentinel: pause writes, wait until every online replica's own offset equals ours, have the Sentinels fail over, follow the
# new primary, cut the clients. Valkey 9 does the same inside (COORDINATED). Until the Sentinels took the order, everything can be undone.

pause_ms=10000 # an upper bound: a hand-over that dies in between must not stop writes for ever
name_ms=8000   # Sentinels name the new primary after about 1.1 s; shorter than the pause, so that no write slips in between

hand_over_under_sentinel() {
  rm -f "$HOLDFAST_RUN/uncontested"
  read_sentinels
  named_is_me || stop_with 1 "I am primary; $sentinels_answering of $sentinels_total Sentinels answer and name ${named_host:-nobody}:$named_port" \
    "without a majority that names me nobody can appoint another"
  deadline_in 3000
  while [ -n "$failover_leader" ] && time_left; do # a switch on top of an unfinished one confuses the Sentinels
    sleep 0.1 3>&-
    read_sentinels
  done
  [ -z "$failover_leader" ] || stop_with 1 "$failover_leader is still finishing the failover to $failover_appoints" "start me again"
  if ! coordinated; then paused_failover; fi
  follow_new_primary
}

# True if the engine ran a coordinated failover (Valkey 9 and newer).
coordinated() {
  field valkey_version "$view"
  case $field_value in '' | [0-8].*) return 1 ;; esac
  order_sentinels
  for failover_by in $ordered_sentinels; do
    answer=$(ask_sentinel "$failover_by" sentinel failover "$HOLDFAST_MASTER" COORDINATED)
    case $answer in OK*) await_other_name "$name_ms" && return 0 ;; esac
  done
  log "COORDINATED: ${answer%%"$newline"*}" "pause and fail over instead" "the engine could not do it by itself"
  return 1
}

paused_failover() {
  trap 'give_back "stopped by a signal"' TERM INT
  answer=$(printf 'CLIENT PAUSE %s WRITE\nINFO replication\n' "$pause_ms" | ask_self)
  field master_repl_offset "$answer"
  my_offset=$field_value
  case $answer in OK*) ;; *) give_back "CLIENT PAUSE: ${answer%%"$newline"*}" ;; esac
  in_step || give_back "no equal offset within 2000 ms: $behind"
  sentinel_failover 2000 || give_back "the Sentinels refused: $failover_refusal"
  trap : TERM INT # the order is given: writes stay paused until it is known who is primary
  follow_early
  if ! await_other_name "$name_ms"; then find_promoted || give_back "no other primary was named within $name_ms ms"; fi
}

# True once every online replica says an offset of at least ours: the Sentinels choose by an offset that may be 10 s old, so any of
# them may be chosen. Asked of the replicas themselves, never by WAIT.
in_step() {
  deadline_in 2000
  for replica in $online; do
    while :; do
      answer=$(ask operator "${replica%:*}" "${replica##*:}" INFO replication)
      field slave_repl_offset "$answer"
      [ "${field_value:-0}" -lt "$my_offset" ] || break
      behind="$replica is at ${field_value:-no answer}, I am at $my_offset"
      time_left || return 1
      sleep 0.01 3>&-
    done
  done
}

# A replica is promoted a second before the Sentinels say so. Following it at once, with writes still paused, spares a full resync (every
# ping to the other replica moves our offset past the common one) and gives it a replica in step. A server that stops next does not: it
# would refuse SIGTERM while it writes the first AOF after a resync.
follow_early() {
  [ "${HOLDFAST_STOPPING-}" != yes ] || return 0
  deadline_in 2000
  while time_left; do
    if find_promoted; then
      ask_self REPLICAOF "$new_host" "$new_port" >/dev/null
      return
    fi
    sleep 0.02 3>&-
  done
}

# The Sentinels took the order but did not say what came of it: a replica that was promoted says so itself.
find_promoted() {
  for replica in $online; do
    new_host=${replica%:*} new_port=${replica##*:}
    answer=$(ask operator "$new_host" "$new_port" INFO replication)
    case $answer in *role:master*) return 0 ;; esac
  done
  return 1
}

# give_back WHY: nothing was switched, so writes go on here.
give_back() {
  ask_self CLIENT UNPAUSE >/dev/null
  stop_with 1 "I am primary; hand-over did not happen" "$1; writes go on here"
}

# The old primary becomes a replica now and not when the Sentinels get to it (about 10 s), and its clients look for the new primary. Before a
# stop, writes stay paused instead.
follow_new_primary() {
  if [ "${HOLDFAST_STOPPING-}" = yes ]; then
    follow=PING unpause=PING did="cut clients; writes stay paused until the stop"
  else
    follow="REPLICAOF $new_host $new_port" unpause='CLIENT UNPAUSE' did="became its replica, cut clients"
  fi
  repeat_hello "$failover_by"
  answer=$(printf '%s\n' "$follow" 'CLIENT KILL TYPE normal' 'CLIENT KILL TYPE pubsub' "$unpause" | ask_self)
  case $answer in OK* | PONG*) ;; *) did="$did (${answer%%"$newline"*})" ;; esac
  read_clock
  log "$new_host:$new_port is named primary by $failover_by after $((now_ms - began_ms)) ms" "$did" \
    "handed over with equal offsets (${my_offset:-coordinated}), nothing lost"
}
