# shellcheck shell=sh
# A primary that was replaced while it could not hear of it (a partition, a pause) steps down by itself. Sentinels would do it too, but only
# some ten seconds after they meet it again, and every write acknowledged until then would be lost. Sentinel topology only.

# Called by the watch of a primary: one question to the nearest Sentinel; only a different name makes it ask them all.
fence_if_replaced() {
  order_sentinels
  answer=$(ask_sentinel "${ordered_sentinels%% *}" sentinel get-master-addr-by-name "$HOLDFAST_MASTER")
  case $answer in
    "$HOLDFAST_HOST$newline$HOLDFAST_PORT"*)
      was_named=yes
      note_uncontested
      return
      ;;
  esac
  [ "$was_named" = yes ] || return 0 # just promoted: the Sentinels name me in a moment
  read_sentinels
  if [ -z "$named_host" ] || [ "$named_undecided" = yes ] || named_is_me; then return; fi
  answer=$(ask operator "$named_host" "$named_port" INFO replication)
  case $answer in *role:master*) ;; *) return 0 ;; esac
  answer=$(printf 'REPLICAOF %s %s\nCLIENT KILL TYPE normal\nCLIENT KILL TYPE pubsub\n' "$named_host" "$named_port" | ask_self)
  log "all $sentinels_answering Sentinels that answer name $named_host:$named_port, which answers as primary" \
    "step down, cut clients: ${answer%%"$newline"*}" "I was replaced"
}

# While this file is there, no failover was unfinished when all Sentinels were last asked, so a death can be reported to one of them at once.
uncontested_mark=$HOLDFAST_RUN/uncontested

note_uncontested() {
  [ ! -e "$uncontested_mark" ] || return 0
  read_sentinels
  if named_is_me && [ "$named_undecided" = no ] && [ -z "$failover_leader" ]; then : >"$uncontested_mark"; fi
}
