# shellcheck shell=sh
# Decides how a server starts in a Cluster: nodes.conf says what it was, the peers of its shard say what happened since. An empty owner
# of slots never starts before another node has taken them; a cluster is created once, at the first boot.

bootstrapped_mark=$HOLDFAST_DATA/bootstrapped

# start_node TITLE BARRED SAW AS WHY
start_node() {
  write_server_config "$1" "$2"
  log "$3" "start as $4" "$5"
  exec_server
}

decide_under_cluster() {
  begin_waiting
  while :; do
    read_shard_standing ''
    read_my_flag
    if [ "$HOLDFAST_BOOTSTRAP" = new ] && [ ! -e "$bootstrapped_mark" ] && ! has_data && [ -z "$shown" ]; then first_boot; fi
    saw="nodes.conf: ${my_flag:-none}, primary of my shard: ${shard_primary:-none}"
    if [ -n "$shard_primary" ]; then
      follow_shard_primary
    elif [ "$my_flag" = slave ]; then
      read_my_record
      start_node "$my_record" yes "$saw" "replica" "barred until the newest data are known"
    elif [ "$my_flag" = master ]; then
      own_slots
    else
      ask_what_i_was
    fi
    wait_or_give_up
  done
}

first_boot() {
  [ -s "$nodes_file" ] || write_first_nodes_conf
  start_node new no "first boot, empty volume" "written in nodes.conf" "$designated is the designated first primary of shard $my_shard"
}

# Another node is primary of my shard. What I was before, I am its replica now.
follow_shard_primary() {
  read_my_record
  if [ "$my_flag" = slave ]; then start_node "$my_record" no "$saw" "replica" "the primary answers"; fi
  read_cluster_view
  node_id "$shard_primary"
  view_line_of "$id"
  case $view_flags in
    *master*)
      write_nodes_conf_from_view "$id"
      start_node "$my_record" no "$saw" "replica of $shard_primary" "its view of the cluster (epoch $view_epoch) became my nodes.conf"
      ;;
    *) waiting="$shard_primary says it is primary, but its peers do not know yet" ;;
  esac
}

# nodes.conf (or the peers) say that the slots are mine, and nobody else serves them.
own_slots() {
  if [ -n "$live" ] && [ "${HOLDFAST_FAILOVER_TRIED-}" != yes ]; then
    if cluster_failover 3000 "$saw"; then waiting="$replaced_by just took over"; return; fi
  fi
  if volume_is_whole && [ "$my_flag" = master ]; then
    start_node up no "$saw" "primary" "the slots are mine, my volume has the data, and no live replica took over"
  fi
  if [ -n "$live" ]; then
    if cluster_failover $((HOLDFAST_DETECTION_MS * 2)) "$saw"; then waiting="$replaced_by just took over"; return; fi
  elif records_are_in && elect_newest; then
    return
  fi
  waiting="$saw, the slots are mine, my volume is empty, and no replica took over yet (not seen:${unseen:- none})"
  if last_chance; then
    empty_and_alone
    [ "$my_flag" = master ] || write_first_nodes_conf
    start_node up no "$saw, my volume is empty" "primary" "HOLDFAST_ACCEPT_DATA_LOSS=yes"
  fi
}

# Everybody was down, and I, the owner, come back empty: I choose among my replicas by their records.
elect_newest() {
  if [ -z "$newest" ] || [ "$newest_record" = "$void_record" ]; then return 1; fi
  can_be_voted "$(ask_node "$newest" CLUSTER NODES)" || return 1
  answer=$(ask_node "$newest" CLUSTER FAILOVER FORCE)
  log "$saw, my volume is empty; records seen from$shown" "CLUSTER FAILOVER FORCE on $newest: $answer" "its record is the newest: $newest_record"
  await_primary 5000 "$newest" && waiting="$newest just took over"
}

# No nodes.conf: the peers remember what I was.
ask_what_i_was() {
  read_cluster_view
  node_id "$HOLDFAST_NODE"
  view_line_of "$id"
  saw="$saw, peers remember me as: ${view_flags:-nobody answers}"
  case $view_flags in
    *master*) own_slots ;;
    *slave*)
      read_my_record
      write_nodes_conf_from_view "$view_master"
      start_node "$my_record" yes "$saw" "replica" "barred until the newest data are known"
      ;;
    *) waiting="my volume has no nodes.conf, and no node of the cluster that answers remembers me" ;;
  esac
}
