# shellcheck shell=sh
# What the Cluster says of my shard, and the failover asked of one replica. Elections stay with the primaries' votes: TAKEOVER is never used.

# A function for ask_each.
ask_replication_of() {
  ask_node "$1" INFO replication
}

# Sets ranked: my shard's replicas that answer, highest offset first, except those barred from being chosen; replaced_by: a peer that
# is primary already.
rank_replicas() {
  ranked='' ranked_offset=-1 replaced_by=''
  # shellcheck disable=SC2086 # a list of names
  ask_each ask_replication_of $peers
  for peer in $peers; do
    answer_of "$peer"
    case $answer in
      *role:master*) replaced_by=$peer ;;
      *role:slave*)
        field slave_repl_offset "$answer"
        if [ "${field_value:-0}" -gt "$ranked_offset" ]; then
          ranked="$peer $ranked" ranked_offset=$field_value
        else
          ranked="$ranked $peer"
        fi
        ;;
    esac
  done
}

# cluster_failover BOUND_MS SAW: CLUSTER FAILOVER FORCE on the best replica, the next one if 300 ms bring no new primary. Sets replaced_by.
cluster_failover() {
  deadline_in "$1"
  failover_reason=$2
  rank_replicas
  [ -n "$ranked$replaced_by" ] || return 1
  while [ -z "$replaced_by" ]; do
    for candidate in $ranked; do
      answer=$(ask_node "$candidate" CLUSTER FAILOVER FORCE)
      log "$failover_reason" "CLUSTER FAILOVER FORCE on $candidate: $answer" "highest offset among those that answer ($ranked)"
      await_primary 300 "$candidate" && return 0
    done
    time_left || return 1
    rank_replicas
  done
}

# await_primary BOUND_MS NAME: sets replaced_by once NAME says it is primary.
await_primary() {
  read_clock
  await_until_ms=$((now_ms + $1))
  while :; do
    answer=$(ask_replication_of "$2")
    case $answer in *role:master*)
      replaced_by=$2
      return 0
      ;;
    esac
    read_clock
    [ "$now_ms" -lt "$await_until_ms" ] || return 1
    sleep 0.02 3>&-
  done
}

# can_be_voted CLUSTER_NODES: true if the node that gave this view is linked to a majority of the primaries with slots. An election without
# votes would block the replica's next one for four node timeouts.
can_be_voted() {
  voters=0 linked_voters=0
  while read -r _ _ line_flags _ _ _ _ line_link line_slots; do
    case $line_flags:$line_slots in *master*:[0-9]*) ;; *) continue ;; esac
    voters=$((voters + 1))
    case $line_flags in *fail*) continue ;; esac
    [ "$line_link" != connected ] || linked_voters=$((linked_voters + 1))
  done <<END
$1
END
  [ "$linked_voters" -gt $((voters / 2)) ]
}
