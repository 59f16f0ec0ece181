# shellcheck shell=sh
# Hand-over in a Cluster: the engine's own CLUSTER FAILOVER, sent to the best replica, which pauses us, waits for our offset and is voted
# in. The engine gives up by itself after 5 s and lets writes go on.

hand_over_in_cluster() {
  for replica in $online; do
    find_node_at "${replica%:*}" "${replica##*:}" || continue
    successor=$entry_name
    answer=$(ask_node "$successor" CLUSTER FAILOVER)
    case $answer in
      OK*) ;;
      *)
        log "CLUSTER FAILOVER on $successor: ${answer%%"$newline"*}" "try the next replica" "it refused"
        continue
        ;;
    esac
    if await_primary 6000 "$successor"; then
      read_clock
      log "$successor says it is primary after $((now_ms - began_ms)) ms" "become its replica" "handed over, nothing lost"
      exit 0
    fi
    log "CLUSTER FAILOVER on $successor: accepted, but not voted in within 6000 ms" "try the next replica" "the engine let writes go on"
  done
  stop_with 1 "I am primary; hand-over did not happen" "no replica of ($online) was voted in; writes go on here"
}
