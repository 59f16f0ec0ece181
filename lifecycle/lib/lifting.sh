# shellcheck shell=sh
# When a barred replica may be chosen as primary again while no primary is there: it must have seen that nobody's data are newer. It
# asks for the failover itself then, because no timer of the engine would fire soon. It never takes over without votes.

# Called by the watch of a barred replica whose link is down.
consider_lifting() {
  [ -n "$waiting_for" ] || waiting_since_ms=$now_ms
  read_my_record
  read_shard_standing "$my_record"
  if [ -n "$shard_primary" ]; then waiting_for=$shard_primary; return; fi # it will be followed, nothing to choose
  case $unseen in *=loading*) wait_for "$unseen" "it is loading its data"; return ;; esac
  if [ -n "$unseen" ] && [ $((now_ms - waiting_since_ms)) -lt $((HOLDFAST_FRESHNESS_WAIT_S * 1000)) ]; then
    wait_for "$unseen" "its data may be newer; at most $HOLDFAST_FRESHNESS_WAIT_S s (HOLDFAST_FRESHNESS_WAIT_S)"
    return
  fi
  if [ "$newest" != "$HOLDFAST_NODE" ]; then wait_for "$newest" "its record is newer than mine: $newest_record"; return; fi
  if [ "$HOLDFAST_TOPOLOGY" = cluster ] && ! can_be_voted "$(ask_self CLUSTER NODES)"; then
    wait_for "the other shards" "I am not linked to a majority of the primaries, so nobody could vote"
    return
  fi
  if [ "$my_record" = "$void_record" ] && promises_persistence; then
    wait_for "a node with data" "my own volume was empty when I started"
    return
  fi
  lift_bar "no primary is up and no record is newer than mine ($my_record; not seen:${unseen:- none})"
  ask_to_be_chosen
}

# wait_for WHOM WHY: one line when the reason changes.
wait_for() {
  [ "$waiting_for" = "$1" ] || log "no primary is up; not chosen yet: $1" "wait" "$2"
  waiting_for=$1
}

ask_to_be_chosen() {
  if [ "$HOLDFAST_TOPOLOGY" = cluster ]; then
    answer=$(ask_self CLUSTER FAILOVER FORCE)
    log "CLUSTER FAILOVER FORCE on myself" "${answer:-no answer}" "the shard needs a primary"
    await_primary 1000 "$HOLDFAST_NODE" || : >"$HOLDFAST_RUN/barred" # not voted in: I ask again
    return
  fi
  read_sentinels
  if sentinel_failover 12000 "$named_host:$named_port"; then # Sentinels learn my priority with their next INFO
    log "failover asked of $failover_by" "accepted" "the deployment needs a primary"
  else
    log "failover asked" "refused: $failover_refusal" "I ask again as long as no primary is up"
    : >"$HOLDFAST_RUN/barred"
  fi
}
