# shellcheck shell=sh
# What a Cluster replica does when its primary falls silent and nobody reported its death (the whole host is gone, or frozen). The Cluster
# finds out by itself: nodes suspect it after the node timeout, gossip until a majority agrees, then replicas wait 0.5 to 1 s more. Here
# the same majority is asked directly, and the best replica asks for votes at once. It decides on the same evidence, only sooner; it
# never takes over without votes.

# True if my last INFO (view) says that nothing came from my primary for two of its ping periods (repl-ping-replica-period is 1 s).
primary_is_silent() {
  field master_link_status "$view"
  [ "$field_value" = up ] || return 0
  field master_last_io_seconds_ago "$view"
  [ "${field_value:-0}" -ge 2 ]
}

# A function for ask_each.
ask_cluster_view_of() {
  ask_node "$1" CLUSTER NODES
}

# read_cluster_view CLUSTER_NODES: sets view_voters (primaries with slots), view_is_voter, view_primary (the id that the author of the view
# follows) and view_failed (ids it calls failed or failing).
read_cluster_view() {
  view_voters=0 view_is_voter=no view_primary='' view_failed=''
  while read -r line_id _ line_flags line_primary _ _ _ _ line_slots; do
    case $line_flags:$line_slots in *master*:[0-9]*)
      view_voters=$((view_voters + 1))
      case $line_flags in *myself*) view_is_voter=yes ;; esac
      ;;
    esac
    case $line_flags in *myself*) view_primary=$line_primary ;; esac
    case $line_flags in *fail*) view_failed="$view_failed $line_id" ;; esac
  done <<END
$1
END
}

# majority_calls_failed ID VOTERS: asks every other node; true if more than half of the primaries with slots call ID failed or failing.
majority_calls_failed() {
  suspects=0 others=''
  for entry in $HOLDFAST_NODES; do
    split_entry "$entry"
    [ "$entry_name" = "$HOLDFAST_NODE" ] || others="$others $entry_name"
  done
  # shellcheck disable=SC2086 # a list of names
  ask_each ask_cluster_view_of $others
  for other in $others; do
    answer_of "$other"
    read_cluster_view "$answer"
    case "$view_is_voter:$view_failed " in yes:*" $1 "*) suspects=$((suspects + 1)) ;; esac
  done
  [ "$suspects" -gt $(($2 / 2)) ]
}

# True if no other replica of my shard that answers has more data, or as much and an earlier name.
my_data_are_best() {
  field slave_repl_offset "$view"
  my_offset=${field_value:-0}
  rank_replicas
  [ -z "$replaced_by" ] || return 1
  for peer in $ranked; do
    answer_of "$peer"
    field slave_repl_offset "$answer"
    if [ "${field_value:-0}" -gt "$my_offset" ]; then return 1; fi
    if [ "${field_value:-0}" -eq "$my_offset" ] && [ "${peer#n}" != "$peer" ] && expr "$peer" '<' "$HOLDFAST_NODE" >/dev/null; then return 1; fi
  done
}

# Called by the watch of a linked replica. Looks five times a second until the primary speaks again or there is a new one, at most twice the
# detection time and a little: then the watch's own second takes over again.
follow_silence() {
  silence_ends_ms=$((now_ms + HOLDFAST_DETECTION_MS * 2 + 1000)) turns_left=2
  while [ "$now_ms" -lt "$silence_ends_ms" ]; do
    case $view in *role:slave*) answered_ms=$now_ms ;; *) return ;; esac
    primary_is_silent || return 0
    read_cluster_view "$(ask_self CLUSTER NODES)"
    silent=$view_primary voters=$view_voters
    case " $view_failed " in *" $silent "*)
      if majority_calls_failed "$silent" "$voters"; then
        if [ "$turns_left" -le 0 ] || my_data_are_best; then take_the_vote && return; fi
        [ -z "$replaced_by" ] || return 0
        turns_left=$((turns_left - 1)) # the best one has these turns; if it does not take over, the next one is mine
      fi
      ;;
    esac
    sleep 0.2 3>&-
    view=$(printf 'INFO replication\nCLUSTER INFO\n' | ask_self)
    read_clock
  done
}

take_the_vote() {
  answer=$(ask_self CLUSTER FAILOVER FORCE)
  log "my primary is silent; $suspects of $voters primaries call it failed" "CLUSTER FAILOVER FORCE on myself: ${answer:-no answer}" \
    "no other replica has more data, and nobody reported its death"
  await_primary 500 "$HOLDFAST_NODE"
}
