# shellcheck shell=sh
# What supervise looks at once a second while the server runs: does it answer at all, how fresh are its data, is it linked, may it be
# chosen, is it still the primary that the others know. It runs beside supervise, ends with it, and restarts nothing.

bootstrapped_mark=$HOLDFAST_DATA/bootstrapped

# watch_server PID: the loop.
watch_server() {
  verb=watch
  watched=$1 epoch=0 epoch_replid='' epoch_age=0 settled='' linked=no was_named=no
  rm -f "$uncontested_mark"
  answered_ms='' waiting_for='' # not yet a server: start-server may still be deciding
  while kill -0 $$ 2>/dev/null && kill -0 "$watched" 2>/dev/null; do
    tick
    sleep "${HOLDFAST_TICK_S:-1}" 3>&-
  done
}

tick() {
  if [ "$HOLDFAST_TOPOLOGY" = cluster ]; then
    view=$(printf 'INFO replication\nCLUSTER INFO\n' | ask_self)
  else
    view=$(ask_self INFO replication)
  fi
  read_clock
  case $view in
    '' | *"onnection refused"* | *"Could not connect"* | *"Server closed"* | Killed*) unanswered ;;
    *role:master*) answered_ms=$now_ms && as_primary ;;
    *role:slave*) answered_ms=$now_ms && as_replica ;;
    *) answered_ms=$now_ms ;; # LOADING, BUSY, MASTERDOWN, NOAUTH: alive, nothing to learn
  esac
}

# A server that answered nothing for the detection time is dead to its peers. It must not come back by itself as a second primary.
unanswered() {
  [ -n "$answered_ms" ] || return 0
  [ $((now_ms - answered_ms)) -ge "$HOLDFAST_DETECTION_MS" ] || return 0
  log "no answer for $((now_ms - answered_ms)) ms" "kill -9 $watched" "it must not resume as a primary that was replaced"
  kill -9 "$watched" 2>/dev/null
}

as_primary() {
  linked=no
  case $view in *state=online*) mark_bootstrapped ;; esac
  if [ "$HOLDFAST_TOPOLOGY" = sentinel ]; then fence_if_replaced; fi
  [ -e "$bootstrapped_mark" ] || return 0
  settle
  write_record "$(date +%s)" primary
}

as_replica() {
  was_named=no
  [ ! -e "$uncontested_mark" ] || rm -f "$uncontested_mark"
  if [ "$HOLDFAST_TOPOLOGY" = cluster ] && [ ! -e "$HOLDFAST_RUN/barred" ] && primary_is_silent; then follow_silence; fi
  field master_link_status "$view"
  link=$field_value
  field master_sync_in_progress "$view"
  syncing=$field_value
  if [ "$link" = up ] && [ "$syncing" = 0 ]; then
    if [ "$linked" = no ]; then mark_bootstrapped; fi
    linked=yes
    settle
    write_record "$(date +%s)" replica
  else
    linked=no
    if [ -e "$HOLDFAST_RUN/barred" ]; then consider_lifting; fi
  fi
}

mark_bootstrapped() {
  [ -e "$bootstrapped_mark" ] || {
    log "replication is up" "record bootstrapped" "from now on an empty volume of this node is a lost volume"
    date -u +%Y-%m-%dT%H:%M:%SZ >"$bootstrapped_mark"
  }
}

# Once per start: what was shown and barred for the time after the restart is taken back.
settle() {
  [ -z "$settled" ] || return 0
  ask_self CONFIG SET proc-title-template "$(title up)" >/dev/null
  lift_bar "a link to a primary is up, or I am one"
  settled=yes
}

lift_bar() {
  [ -e "$HOLDFAST_RUN/barred" ] || return 0
  if [ "$HOLDFAST_TOPOLOGY" = cluster ]; then
    answer=$(ask_self CONFIG SET cluster-replica-no-failover no)
  else
    answer=$(ask_self CONFIG SET replica-priority 100)
  fi
  case $answer in OK*) rm -f "$HOLDFAST_RUN/barred" ;; esac
  log "$1" "lift the bar: $answer" "I may be chosen as primary"
}

# write_record TIME ROLE: epoch, replication id and offset as the server says them now; see records.sh.
write_record() {
  field master_replid "$view"
  replid=$field_value
  field master_repl_offset "$view"
  offset=$field_value
  if [ "$HOLDFAST_TOPOLOGY" = cluster ]; then
    field cluster_my_epoch "$view"
    epoch=$field_value
  elif [ "$replid" != "$epoch_replid" ] || [ "$epoch_age" -ge 5 ]; then
    read_epoch
  fi
  epoch_age=$((epoch_age + 1))
  if [ -z "$replid" ] || [ -z "$offset" ]; then return; fi
  echo "$epoch:$replid:$offset:$1 $2" >"$record_file.new" && mv "$record_file.new" "$record_file"
}

# A data node does not know the Sentinels' epoch: it is asked for when the history changes, and now and then.
read_epoch() {
  order_sentinels
  for sentinel_name in $ordered_sentinels; do
    named_in "$(ask_master_of "$sentinel_name")"
    [ -n "$view_epoch" ] || continue
    epoch=$view_epoch epoch_replid=$replid epoch_age=0
    return
  done
}

# The last record before a planned stop.
record_once() {
  epoch=0 epoch_replid='' epoch_age=0 settled=yes linked=yes was_named=no
  read_clock
  answered_ms=$now_ms waiting_for=''
  if [ ! -e "$HOLDFAST_RUN/barred" ]; then tick; fi
}
