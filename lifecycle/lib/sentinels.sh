# shellcheck shell=sh
# What the Sentinels say, and the one thing asked of them: a failover. A single Sentinel is never believed on who is primary.

# A function for ask_each. The address comes from get-master-addr-by-name: in SENTINEL MASTER the leader of a failover still shows the old
# one for a second, with the new epoch.
ask_master_of() {
  printf 'SENTINEL get-master-addr-by-name %s\nSENTINEL MASTER %s\n' "$HOLDFAST_MASTER" "$HOLDFAST_MASTER" | ask_sentinel "$1"
}

# named_in ANSWER: sets view_address (host:port), view_epoch, view_running (yes during a failover that this Sentinel leads) and
# view_replaces (whom that one replaces) from ask_master_of; view_address is empty if the answer is anything else.
named_in() {
  view_address='' view_running=no view_epoch=${1##*"${newline}config-epoch$newline"}
  if [ "$view_epoch" = "$1" ]; then return; fi
  view_epoch=${view_epoch%%"$newline"*}
  view_port=${1#*"$newline"}
  view_address=${1%%"$newline"*}:${view_port%%"$newline"*}
  view_replaces=${1#*"${newline}ip$newline"}
  view_port=${view_replaces#*"${newline}port$newline"}
  view_replaces=${view_replaces%%"$newline"*}:${view_port%%"$newline"*}
  case $1 in *failover_in_progress*) view_running=yes ;; esac
}

# Asks every Sentinel. Sets sentinels_total, sentinels_answering, and, if a majority of all agrees, named_host, named_port and
# named_epoch (else empty). named_undecided=yes means that answers differ: a failover is under way, or one of them is stale.
# failover_leader is the Sentinel that runs a failover now, failover_replaces and failover_appoints are its view.
# shellcheck disable=SC2034 # what it sets is for its callers
read_sentinels() {
  sentinel_names='' sentinels_total=0 sentinels_answering=0 views='' named_undecided=no
  named_host='' named_port='' named_epoch='' failover_leader='' failover_replaces='' failover_appoints=''
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
    [ "$view_running" = yes ] || continue
    failover_leader=$sentinel_name failover_replaces=$view_replaces failover_appoints=$view_address
  done
  count_views
}

# shellcheck disable=SC2034 # as above
count_views() {
  for candidate in $views; do
    votes=0 vote_epoch=0
    for other_view in $views; do
      if [ "${other_view%=*}" = "${candidate%=*}" ]; then
        votes=$((votes + 1))
        [ "${other_view#*=}" -le "$vote_epoch" ] || vote_epoch=${other_view#*=}
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

# Sets failover_by if a Sentinel takes the order now, else failover_refusal. Only one may take it: a forced failover needs no vote, so two
# Sentinels that were both asked would both run one.
order_failover() {
  order_sentinels
  for sentinel_name in $ordered_sentinels; do
    answer=$(ask_sentinel "$sentinel_name" sentinel failover "$HOLDFAST_MASTER")
    case $answer in
      OK*)
        failover_by=$sentinel_name
        return 0
        ;;
      *NOGOODSLAVE*) failover_refusal="$sentinel_name: no replica is fit" ;;
      *"onnection refused"* | '') ;;
      *) failover_refusal="$sentinel_name: $answer" ;;
    esac
  done
  return 1
}

# sentinel_failover BOUND_MS [VICTIM]: has VICTIM (host:port, default: me) replaced. A failover that appointed the victim must have ended
# on its leader before: a second one led by another Sentinel would leave the first leader naming the victim for ever (measured on 7.0.15).
# shellcheck disable=SC2034 # failover_refusal is for its callers
sentinel_failover() {
  victim=${2-$HOLDFAST_HOST:$HOLDFAST_PORT}
  failover_by='' failover_refusal='no Sentinel answered'
  deadline_in "$1"
  while :; do
    read_sentinels
    if [ -n "$failover_leader" ] && [ "$failover_replaces" = "$victim" ]; then
      failover_by=$failover_leader
      return 0
    elif [ -n "$failover_leader" ]; then
      failover_refusal="$failover_leader is still finishing the failover to $failover_appoints"
    elif order_failover; then
      return 0
    fi
    time_left || return 1
    sleep 0.1 3>&-
  done
}

# True while the Sentinels are changing their mind: not the moment to decide anything. $1: how long that has been so, ms.
in_transition() {
  if [ -n "$failover_leader" ]; then [ "$1" -lt 15000 ]; return; fi
  [ "$named_undecided" = yes ] && [ "$1" -lt 3000 ]
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
