# shellcheck shell=sh
# The state of a Sentinel: which lines of its file are state (kept on its volume) and where they come from when there are none. All
# other lines are written anew from the rendered configuration at each start. It does not run the Sentinel.

state_file=$HOLDFAST_DATA/sentinel.conf
state_lines='' kept_primary=''

add_state() {
  state_lines="$state_lines$1$newline"
}

has_state() {
  [ -s "$state_file" ] || return 1
  kept_primary='' kept_id='' kept_epoch=0
  while IFS= read -r line; do
    case $line in
      "sentinel monitor $HOLDFAST_MASTER "*) kept_primary=${line#"sentinel monitor $HOLDFAST_MASTER "} ;;
      "sentinel config-epoch "*) kept_epoch=${line##* } ;;
      "sentinel myid "*) kept_id=${line#sentinel myid } ;;
    esac
  done <"$state_file"
  kept_primary=${kept_primary% *}
  [ -n "$kept_primary" ] && [ -n "$kept_id" ]
}

# True if a majority of all, without me, names another primary at no older epoch: then my state is the stale one.
outvoted() {
  read_sentinels
  [ -n "$named_host" ] && [ "$named_host $named_port" != "$kept_primary" ] && [ "$named_epoch" -ge "$kept_epoch" ]
}

keep_state() {
  add_state "sentinel monitor $HOLDFAST_MASTER $kept_primary $HOLDFAST_QUORUM"
  while IFS= read -r line; do
    case $line in
      "sentinel myid "* | "sentinel current-epoch "* | "sentinel config-epoch "* | "sentinel leader-epoch "* | "sentinel known-"*)
        add_state "$line"
        ;;
    esac
  done <"$state_file"
}

# sentinel_id NAME: sets id, the same at every birth of that Sentinel, so that peers need no RESET after a replacement.
sentinel_id() {
  id=$(printf %s "$HOLDFAST_DEPLOYMENT/sentinel/$1" | sha1sum)
  id=${id%% *}
}

# seed_state PRIMARY_HOST PRIMARY_PORT EPOCH: everything a Sentinel would learn from hello messages and INFO.
seed_state() {
  add_state "sentinel monitor $HOLDFAST_MASTER $1 $2 $HOLDFAST_QUORUM"
  for entry in $HOLDFAST_NODES; do
    split_entry "$entry"
    [ "$entry_host:$entry_port" = "$1:$2" ] || add_state "sentinel known-replica $HOLDFAST_MASTER $entry_host $entry_port"
  done
  for entry in $HOLDFAST_SENTINELS; do
    split_entry "$entry"
    sentinel_id "$entry_name"
    if [ "$entry_host:$entry_port" = "$HOLDFAST_HOST:$HOLDFAST_SENTINEL_PORT" ]; then
      add_state "sentinel myid $id"
    else
      add_state "sentinel known-sentinel $HOLDFAST_MASTER $entry_host $entry_port $id"
    fi
  done
  add_state "sentinel config-epoch $HOLDFAST_MASTER $3"
  add_state "sentinel leader-epoch $HOLDFAST_MASTER $3"
  add_state "sentinel current-epoch $3"
}

# Without state: the other Sentinels, by majority; at the first boot the designated first node; else wait, bounded, and say so.
await_state() {
  read_clock
  give_up_ms=$((now_ms + HOLDFAST_WAIT_S * 1000)) said=no
  while :; do
    read_sentinels
    if [ -n "$named_host" ]; then
      seed_state "$named_host" "$named_port" "$named_epoch"
      log "${kept_primary:+I kept $kept_primary (epoch ${kept_epoch-}); }the other Sentinels name $named_host:$named_port (epoch $named_epoch)" "start" "their majority knows"
      return
    fi
    if [ "$HOLDFAST_BOOTSTRAP" = new ] && nothing_happened_yet; then
      seed_first_boot
      return
    fi
    saw="no state of my own; $sentinels_answering of $sentinels_total Sentinels answer and no majority names a primary"
    [ "$said" = yes ] || log "$saw" "wait" "a Sentinel that names a wrong primary never corrects itself"
    said=yes
    read_clock
    [ "$now_ms" -lt "$give_up_ms" ] || stop_with 75 "$saw" "waited ${HOLDFAST_WAIT_S} s (HOLDFAST_WAIT_S); start me again"
    sleep 0.2 3>&-
  done
}

# True if every Sentinel that answers names the designated first node and has never seen a failover.
nothing_happened_yet() {
  find_entry "$designated" "$HOLDFAST_NODES"
  for one_view in $views; do [ "$one_view" = "$entry_host:$entry_port=0" ] || return 1; done
}

seed_first_boot() {
  find_entry "$designated" "$HOLDFAST_NODES"
  first_primary=$entry_host:$entry_port
  seed_state "$entry_host" "$entry_port" 0
  log "first boot, no state of my own, $sentinels_answering other Sentinels answer" "start naming $first_primary" "$designated is the designated first node"
}

write_sentinel_config() {
  fill_file "$HOLDFAST_CONFIG/sentinel-users.acl" "$HOLDFAST_RUN/sentinel-users.acl"
  fill_file "$HOLDFAST_CONFIG/sentinel.conf" "$HOLDFAST_RUN/sentinel.conf"
  {
    write_addresses "$HOLDFAST_SENTINEL_PORT"
    printf 'dir %s\naclfile %s\n' "$HOLDFAST_DATA" "$HOLDFAST_RUN/sentinel-users.acl"
    printf 'daemonize no\nlogfile ""\npidfile ""\n'
    printf 'sentinel announce-ip %s\nsentinel announce-port %s\n' "$HOLDFAST_HOST" "$HOLDFAST_SENTINEL_PORT"
    printf %s "$state_lines"
    while IFS= read -r line; do
      case $line in "sentinel monitor "* | "aclfile "* | "bind "*) ;; *) printf '%s\n' "$line" ;; esac
    done <"$HOLDFAST_RUN/sentinel.conf"
  } >"$state_file.new"
  mv "$state_file.new" "$state_file"
}
