# shellcheck shell=sh
# What supervise does when the server ended without being asked to: has it replaced at once, if it was the primary, and counts. The path
# from the death to the request must stay short, so nothing slower than one question comes before it.

# after_death EXIT_CODE
after_death() {
  read_clock
  died_ms=$now_ms
  saw="the server ended with $1"
  HOLDFAST_FAILOVER_TRIED=no
  if [ "$HOLDFAST_TOPOLOGY" = cluster ]; then replace_in_cluster; else replace_under_sentinel; fi
  count_death
}

# The role as of the last record. Under Sentinel they are asked as well, because a promotion may be younger than the record.
last_role() {
  role=unknown
  if [ -r "$record_file" ]; then read -r _ role <"$record_file" || :; fi
}

# The usual case, in two questions to the nearest Sentinel: it names me, and no other failover is unfinished.
report_at_once() {
  [ -e "$uncontested_mark" ] || return 1
  order_sentinels
  answer=$(ask_sentinel "${ordered_sentinels%% *}" sentinel get-master-addr-by-name "$HOLDFAST_MASTER")
  case $answer in "$HOLDFAST_HOST$newline$HOLDFAST_PORT"*) order_failover ;; *) return 1 ;; esac
}

replace_under_sentinel() {
  if report_at_once; then
    await_replacement
    return
  fi
  read_sentinels
  if [ -n "$named_host" ] && ! named_is_me && [ "$failover_appoints" != "$HOLDFAST_HOST:$HOLDFAST_PORT" ]; then
    log "$saw" "restart it" "it was a replica of $named_host:$named_port"
    return
  fi
  if [ "$failover_appoints" = "$HOLDFAST_HOST:$HOLDFAST_PORT" ] && volume_is_whole; then
    # Nobody can be asked until it ends, and its leader waits for replicas of mine: coming back with the data is the shorter way.
    log "$saw, and $failover_leader is still finishing the failover to me" "restart it" "my volume has the data"
    HOLDFAST_FAILOVER_TRIED=yes
    return
  fi
  if ! sentinel_failover $((HOLDFAST_DETECTION_MS * 2)); then
    log "$saw, and the failover was refused: $failover_refusal" "restart it" "nobody else could take over"
    HOLDFAST_FAILOVER_TRIED=yes
    return
  fi
  await_replacement
}

await_replacement() {
  read_clock
  log "$saw" "failover asked of $failover_by after $((now_ms - died_ms)) ms" "it was the primary"
  if await_other_name $((HOLDFAST_DETECTION_MS * 2 + 5000)); then
    repeat_hello "$failover_by"
    read_clock
    log "$new_host:$new_port is primary after $((now_ms - died_ms)) ms" "restart as its replica" "never as a second primary"
  else
    log "no other primary was named" "restart it" "start-server decides anew"
  fi
}

replace_in_cluster() {
  last_role
  if [ "$role" = replica ] && ! promoted_since; then
    log "$saw" "restart it" "it was a replica"
    return
  fi
  if cluster_failover $((HOLDFAST_DETECTION_MS * 2)) "$saw"; then
    read_clock
    log "$replaced_by is primary after $((now_ms - died_ms)) ms" "restart as its replica" "never as a second primary"
  else
    log "$saw, and no replica of this shard took over" "restart it" "nodes.conf decides"
    HOLDFAST_FAILOVER_TRIED=yes
  fi
}

# True if my nodes.conf, which the server writes at once, says that I became primary after the last record.
promoted_since() {
  while IFS= read -r line; do
    case $line in *myself,master*) return 0 ;; esac
  done <"$HOLDFAST_DATA/nodes.conf"
  return 1
}

count_death() {
  recent='' recent_count=0
  for death_ms in $deaths $died_ms; do
    [ $((died_ms - death_ms)) -lt $((HOLDFAST_DEATH_WINDOW_S * 1000)) ] || continue
    recent="$recent $death_ms" recent_count=$((recent_count + 1))
  done
  deaths=$recent
  [ "$recent_count" -le "$HOLDFAST_MAX_DEATHS" ] || stop_with 70 "$recent_count deaths in $HOLDFAST_DEATH_WINDOW_S s" \
    "more than HOLDFAST_MAX_DEATHS=$HOLDFAST_MAX_DEATHS: restarting does not help"
}
