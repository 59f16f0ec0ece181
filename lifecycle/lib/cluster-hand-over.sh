# shellcheck shell=sh
# Hand-over in a Cluster: the engine's own CLUSTER FAILOVER, sent to the best replica, which pauses us, waits for our offset and is voted
# in. That takes 0.05 s, or it does not happen: the request to the primary goes over a bus link, and is dropped when the link is just being
# made anew (seen in 1 of 12, a few seconds after a failover; the engine then waits 5 s for nothing). So the next one is asked soon.

hand_over_wait_ms=1000
hand_over_rounds=3

hand_over_in_cluster() {
  rounds=0
  while [ "$rounds" -lt "$hand_over_rounds" ]; do
    rounds=$((rounds + 1))
    for replica in $online; do
      if hand_over_to "$replica"; then exit 0; fi
    done
  done
  stop_with 1 "I am primary; hand-over did not happen" "no replica of ($online) was voted in, $rounds times asked; writes go on here"
}

# hand_over_to HOST:PORT: true once it is primary.
hand_over_to() {
  find_node_at "${1%:*}" "${1##*:}" || return 1
  successor=$entry_name
  answer=$(ask_node "$successor" CLUSTER FAILOVER)
  case $answer in
    OK*) ;;
    *)
      log "CLUSTER FAILOVER on $successor: ${answer%%"$newline"*}" "try the next replica" "it refused"
      return 1
      ;;
  esac
  if await_primary "$hand_over_wait_ms" "$successor"; then
    read_clock
    log "$successor says it is primary after $((now_ms - began_ms)) ms" "become its replica" "handed over, nothing lost"
    return 0
  fi
  log "CLUSTER FAILOVER on $successor: accepted, but not voted in within $hand_over_wait_ms ms" "try the next replica" "the engine lets writes go on"
  return 1
}
