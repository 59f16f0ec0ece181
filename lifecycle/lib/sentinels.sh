# shellcheck shell=sh
# What the Sentinels say, and the one thing asked of them: a failover. A single Sentinel is never believed on who is primary.

# A function for ask_each. The address comes from get-master-addr-by-name: in SENTINEL MASTER the leader of a failover still shows the old
# one for a second, with the new epoch.
ask_master_of() {
  printf 'SENTINEL get-master-addr-by-name %s\nSENTINEL MASTER %s\n' "$HOLDFAST_MASTER" "$HOLDFAST_MASTER" | ask_sentinel "$1"
}

# named_in ANSWER: sets view_address (host:port) and view_epoch from ask_master_of; empty if the answer is anything else.
named_in() {
  view_address='' view_epoch=${1##*"${newline}config-epoch$newline"}
  if [ "$view_epoch" = "$1" ]; then return; fi
  view_epoch=${view_epoch%%"$newline"*}
  view_port=${1#*"$newline"}
  view_address=${1%%"$newline"*}:${view_port%%"$newline"*}
}

# Asks every Sentinel. Sets sentinels_total, sentinels_answering, and, if a majority of all agrees, named_host, named_port and
# named_epoch (else empty). named_undecided=yes means that answers differ: a failover is under way, or one of them is stale.
# shellcheck disable=SC2034 # what it sets is for its callers
read_sentinels() {
  sentinel_names='' sentinels_total=0 sentinels_answering=0 views='' named_undecided=no
  named_host='' named_port='' named_epoch=''
  for entry in $HOLDFAST_SENTINELS; do
    sentinel_names="$sentinel_names ${entry%%=*}"
    sentinels_total=$((sentinels_total + 1))
  done
  # shellcheck disable=SC2086 # a list of names
  ask_each ask_master_of $sentinel_names
  for sentinel_name in $sentinel_names; do
    answer_of "$sentinel_name"
    named_in "$answer"
    [ -n "$view_address" ] || continue
    sentinels_answering=$((sentinels_answering + 1))
    views="$views $view_address=$view_epoch"
  done
  count_views
}

# shellcheck disable=SC2034 # as above
count_views() {
  for candidate in $views; do
    votes=0 vote_epoch=0
    for view in $views; do
      if [ "${view%=*}" = "${candidate%=*}" ]; then
        votes=$((votes + 1))
        [ "${view#*=}" -le "$vote_epoch" ] || vote_epoch=${view#*=}
      else
        named_undecided=yes
      fi
    done
    [ "$votes" -gt $((sentinels_total / 2)) ] || continue
    named_host=${candidate%=*}
    named_port=${named_host##*:}
    named_host=${named_host%:*}
    named_epoch=$vote_epoch
  done
}

# True if the majority names my own address.
named_is_me() {
  [ "$named_host:$named_port" = "$HOLDFAST_HOST:$HOLDFAST_PORT" ]
}

# Sets ordered_sentinels: the one on my host first, it is the nearest.
order_sentinels() {
  ordered_sentinels=
  for entry in $HOLDFAST_SENTINELS; do
    split_entry "$entry"
    if [ "$entry_host" = "$HOLDFAST_HOST" ]; then
      ordered_sentinels="$entry_name $ordered_sentinels"
    else
      ordered_sentinels="$ordered_sentinels $entry_name"
    fi
  done
}

# sentinel_failover BOUND_MS: asks for a failover until one Sentinel takes the order. Only one may: a forced failover needs no vote,
# so two Sentinels that were both asked would both run one. Sets failover_by, or failover_refusal and returns 1.
sentinel_failover() {
  order_sentinels
  failover_by='' failover_refusal='no Sentinel answered'
  deadline_in "$1"
  while :; do
    for sentinel_name in $ordered_sentinels; do
      answer=$(ask_sentinel "$sentinel_name" sentinel failover "$HOLDFAST_MASTER")
      case $answer in
        OK* | *INPROG*)
          failover_by=$sentinel_name
          return 0
          ;;
        *NOGOODSLAVE*) failover_refusal="$sentinel_name: no replica is fit" ;;
        *"onnection refused"* | '') ;;
        *) failover_refusal="$sentinel_name: $answer" ;;
      esac
    done
    time_left || return 1
    sleep 0.1 3>&-
  done
}

# await_other_name BOUND_MS: waits until the Sentinel that took the order names another node than me. It leads the failover, so it
# knows first. Sets new_host and new_port.
await_other_name() {
  deadline_in "$1"
  while time_left; do
    answer=$(ask_sentinel "$failover_by" sentinel get-master-addr-by-name "$HOLDFAST_MASTER")
    new_host=${answer%%"$newline"*}
    new_port=${answer#*"$newline"}
    case $new_port in
      *[!0-9]* | '') ;;
      *) [ "$new_host:$new_port" = "$HOLDFAST_HOST:$HOLDFAST_PORT" ] || return 0 ;;
    esac
    sleep 0.05 3>&-
  done
  return 1
}
