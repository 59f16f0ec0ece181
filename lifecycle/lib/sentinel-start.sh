# shellcheck shell=sh
# Decides how a server starts under Sentinel: as replica of the named primary, as primary, or not yet. The order of the questions is the
# decision table of docs/explanation/lifecycle.md. It never makes a node primary because it was first.

bootstrapped_mark=$HOLDFAST_DATA/bootstrapped

# start_as_replica HOST PORT BARRED SAW WHY
start_as_replica() {
  read_my_record
  write_server_config "$my_record" "$3" "$1" "$2"
  log "$4" "start as replica of $1:$2" "$5"
  exec_server
}

# start_as_primary SAW WHY
start_as_primary() {
  write_server_config up no
  log "$1" "start as primary" "$2"
  exec_server
}

decide_under_sentinel() {
  begin_waiting
  if [ "$HOLDFAST_BOOTSTRAP" = new ] && [ ! -e "$bootstrapped_mark" ] && ! has_data; then first_boot; fi
  while :; do
    read_sentinels
    read_clock
    if appointed_by_leader; then
      named_another
    elif [ "$failover_appoints" != "$HOLDFAST_HOST:$HOLDFAST_PORT" ] && in_transition $((now_ms - began_ms)); then
      waiting="the Sentinels are changing their mind (failover led by: ${failover_leader:-nobody})"
    elif [ -z "$named_host" ]; then
      waiting="no majority of Sentinels names a primary ($sentinels_answering of $sentinels_total answer)"
    elif named_is_me; then
      named_myself
    else
      named_another
    fi
    wait_or_give_up
  done
}

# True if a failover has promoted another node already and is only moving the replicas: that node is the one to follow.
appointed_by_leader() {
  case $failover_appoints in '' | "$failover_replaces" | "$HOLDFAST_HOST:$HOLDFAST_PORT") return 1 ;; esac
  named_epoch='' named_host=${failover_appoints%:*} named_port=${failover_appoints##*:}
}

# The very first start of a deployment. A peer that was ever part of a running one shows it in its title: then this is no first
# boot but a lost volume, whatever HOLDFAST_BOOTSTRAP says.
first_boot() {
  read_shard_standing ''
  [ -z "$shown" ] || { log "HOLDFAST_BOOTSTRAP=new, but$shown were bootstrapped before" "go on as a lost volume" "an empty node never feeds others"; return; }
  if [ "$HOLDFAST_NODE" = "$designated" ]; then
    write_server_config new no
    log "first boot, empty volume" "start as primary" "$designated is the designated first node"
    exec_server
  fi
  find_entry "$designated" "$HOLDFAST_NODES"
  deadline_in 3000 # a replica that starts before its primary tries again only after a second, so look for it at short intervals
  while time_left && ! ask_node "$designated" PING >/dev/null; do sleep 0.02 3>&-; done
  find_entry "$designated" "$HOLDFAST_NODES"
  write_server_config new no "$entry_host" "$entry_port"
  log "first boot, empty volume" "start as replica of $entry_host:$entry_port" "$designated is the designated first node"
  exec_server
}

named_another() {
  answer=$(printf 'CONFIG GET proc-title-template\nINFO replication\n' | ask operator "$named_host" "$named_port")
  saw="$sentinels_answering of $sentinels_total Sentinels answer and name $named_host:$named_port (epoch $named_epoch)"
  [ -z "$failover_leader" ] || saw="$failover_leader has just promoted $named_host:$named_port"
  case $answer in
    *holdfast:new*)
      if has_data && [ -e "$bootstrapped_mark" ]; then
        waiting="$saw, which has never held this deployment's data, and I have data"
        return
      fi
      ;;
  esac
  case $answer in
    *role:master*) start_as_replica "$named_host" "$named_port" no "$saw" "it answers as primary" ;;
  esac
  start_as_replica "$named_host" "$named_port" yes "$saw" "it does not answer as primary: barred until the newest data are known"
}

named_myself() {
  saw="$sentinels_answering of $sentinels_total Sentinels name me (epoch $named_epoch)"
  read_shard_standing ''
  if volume_is_whole; then
    if [ -n "$live" ] && [ "${HOLDFAST_FAILOVER_TRIED-}" != yes ] && replaced_by_failover 3000; then return; fi
    start_as_primary "$saw" "my volume has the data and no live replica could take over (${failover_refusal:-none is live})"
  fi
  if [ -n "$live" ]; then
    if replaced_by_failover $((HOLDFAST_DETECTION_MS * 2)); then return; fi
  elif records_are_in && elect_newest; then
    return
  fi
  waiting="$saw, my volume is empty, and no replica took over yet (not seen:${unseen:- none})"
  if last_chance; then
    empty_and_alone
    start_as_primary "$saw, my volume is empty" "HOLDFAST_ACCEPT_DATA_LOSS=yes"
  fi
}

# replaced_by_failover BOUND_MS: true once another node is named; the caller then decides anew.
replaced_by_failover() {
  sentinel_failover "$1" || return 1
  log "$saw" "failover asked of $failover_by" "I was down, so a live replica takes over"
  await_other_name 10000 || return 1
  repeat_hello "$failover_by"
  waiting="$new_host:$new_port was just named"
}

# Everybody was down, and I, the named primary, come back empty: my peers wait for me, so I choose among them by their records.
elect_newest() {
  if [ -z "$newest" ] || [ "$newest_record" = "$void_record" ]; then return 1; fi
  answer=$(ask_node "$newest" CONFIG SET replica-priority 100)
  log "$saw, my volume is empty; records seen from$shown" "failover to $newest ($answer)" "its record is the newest: $newest_record"
  replaced_by_failover 15000
}
