# shellcheck shell=sh
# What a Cluster replica does when its primary falls silent and nobody reported its death (the supervisor died too, or the host froze). The
# Cluster finds out by itself: nodes suspect it after the node timeout, gossip until a majority agrees, then replicas wait 0.5 to 1 s more.
# Here the same majority is asked directly, and the best replica asks for votes at once. Sooner still when its port refuses connections
# (the host lives, the process is gone and acknowledges nothing) and a majority has lost its bus link. It never takes over without votes.

refusal_grace_ms=1000 # a living supervisor reports a death within 0.1 s; two candidates at once would split the votes

# True if my last INFO (view) says that nothing came from my primary for two of its ping periods (repl-ping-replica-period is 1 s).
primary_is_silent() {
  field master_link_status "$view"
  [ "$field_value" = up ] || return 0
  field master_last_io_seconds_ago "$view"
  [ "${field_value:-0}" -ge 2 ]
}

# read_voters: my own view of the Cluster. Sets silent (the id I follow), voters (how many primaries have slots) and voter_names (those of
# them that can be asked).
read_voters() {
  silent='' voters=0 voter_names=''
  own_view=$(ask_self CLUSTER NODES)
  while read -r line_id line_address line_flags line_primary _ _ _ _ line_slots; do
    case $line_flags in *myself*) silent=$line_primary ;; esac
    case $line_flags:$line_slots in *master*:[0-9]*) ;; *) continue ;; esac
    voters=$((voters + 1))
    line_address=${line_address%%@*}
    if find_node_at "${line_address%:*}" "${line_address##*:}"; then voter_names="$voter_names $entry_name=$line_id"; fi
  done <<END
$own_view
END
}

# A function for ask_each.
ask_cluster_view_of() {
  ask_node "$1" CLUSTER NODES
}

# True if the primary I follow refuses connections.
primary_refuses() {
  field master_host "$view"
  refusing_host=$field_value
  field master_port "$view"
  case $(ask operator "$refusing_host" "$field_value" PING) in *"onnection refused"*) return 0 ;; esac
  return 1
}

# True if more than half of the primaries with slots, each asked itself, call my primary failed or failing, or have lost the link to it
# while it refuses connections. Sets suspects and why.
majority_gave_it_up() {
  suspects=0 asked='' why='call it failed' refuses=no
  if [ $((now_ms - silent_since_ms)) -ge "$refusal_grace_ms" ] && primary_refuses; then
    refuses=yes why='have lost it and its port refuses connections'
  fi
  for voter in $voter_names; do
    [ "${voter#*=}" = "$silent" ] || asked="$asked ${voter%%=*}"
  done
  # shellcheck disable=SC2086 # a list of names
  ask_each ask_cluster_view_of $asked
  for voter in $asked; do
    answer_of "$voter"
    if gave_it_up "$answer"; then suspects=$((suspects + 1)); fi
  done
  [ "$suspects" -gt $((voters / 2)) ]
}

# gave_it_up CLUSTER_NODES: what the author of this view thinks of the silent primary.
gave_it_up() {
  while read -r line_id _ line_flags _ _ _ _ line_link _; do
    [ "$line_id" = "$silent" ] || continue
    case $line_flags in *fail*) return 0 ;; esac
    [ "$refuses:$line_link" = yes:disconnected ]
    return
  done <<END
$1
END
  return 1
}

# True if no other replica of my shard that answers has more data, or as much and an earlier place in the list.
my_data_are_best() {
  field slave_repl_offset "$view"
  my_offset=${field_value:-0} earlier=yes
  rank_replicas
  [ -z "$replaced_by" ] || return 1
  for entry in $HOLDFAST_NODES; do
    split_entry "$entry"
    if [ "$entry_name" = "$HOLDFAST_NODE" ]; then earlier=no; fi
    case " $ranked " in *" $entry_name "*) ;; *) continue ;; esac
    answer_of "$entry_name"
    field slave_repl_offset "$answer"
    if [ "${field_value:-0}" -gt "$my_offset" ]; then return 1; fi
    if [ "${field_value:-0}" -eq "$my_offset" ] && [ "$earlier" = yes ]; then return 1; fi
  done
}

# Called by the watch of a linked replica. Looks about ten times a second until the primary speaks again or there is a new one, at most
# twice the detection time and a little: then the watch's own second takes over again.
follow_silence() {
  silence_ends_ms=$((now_ms + HOLDFAST_DETECTION_MS * 2 + 1000)) turns_left=4 silent_since_ms=$now_ms
  read_voters
  while [ "$now_ms" -lt "$silence_ends_ms" ]; do
    case $view in *role:slave*) answered_ms=$now_ms ;; *) return ;; esac
    primary_is_silent || return 0
    if majority_gave_it_up; then
      if [ "$turns_left" -le 0 ] || my_data_are_best; then take_the_vote && return; fi
      [ -z "$replaced_by" ] || return 0
      turns_left=$((turns_left - 1)) # the best one has these turns; if it does not take over, the next one is mine
    fi
    sleep 0.05 3>&-
    view=$(printf 'INFO replication\nCLUSTER INFO\n' | ask_self)
    read_clock
  done
}

take_the_vote() {
  answer=$(ask_self CLUSTER FAILOVER FORCE)
  log "my primary is silent; $suspects of $voters primaries $why" "CLUSTER FAILOVER FORCE on myself: ${answer:-no answer}" \
    "no other replica has more data, and nobody reported its death"
  await_primary 500 "$HOLDFAST_NODE"
}
