# shellcheck shell=sh
# Repeats to the other Sentinels what the leader of a failover just decided. It should tell them at once, but on Redis 7.0 its hello is lost when
# it falls together with a regular one (the reply to that one resets the timer), and then they name the old primary for up to 2 s longer.
# The message is the leader's own state, word for word; a Sentinel takes it only if the epoch is newer than what it knows.

# A function for ask_each.
tell_sentinel() {
  find_entry "$1" "$HOLDFAST_SENTINELS" || return 1
  ask sentinel "$entry_host" "$entry_port" PUBLISH __sentinel__:hello "$hello"
}

# repeat_hello LEADER: asks it for its state, then tells the others. Failing is harmless: they learn it by themselves.
repeat_hello() {
  answer=$(printf 'SENTINEL MYID\nSENTINEL get-master-addr-by-name %s\nSENTINEL MASTER %s\n' "$HOLDFAST_MASTER" "$HOLDFAST_MASTER" | ask_sentinel "$1")
  leader_id=${answer%%"$newline"*}
  named_in "${answer#*"$newline"}"
  case ${#leader_id}:$view_address in 40:?*:*) ;; *) return 0 ;; esac
  find_entry "$1" "$HOLDFAST_SENTINELS"
  hello="$entry_host,$entry_port,$leader_id,$view_epoch,$HOLDFAST_MASTER,${view_address%:*},${view_address##*:},$view_epoch"
  told=
  for entry in $HOLDFAST_SENTINELS; do [ "${entry%%=*}" = "$1" ] || told="$told ${entry%%=*}"; done
  # shellcheck disable=SC2086 # a list of names
  ask_each tell_sentinel $told
}
