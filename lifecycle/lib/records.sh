# shellcheck shell=sh
# How new each node's data is. No engine knows after a restart (it comes back with offset 1 and a new replication id), so supervise
# keeps a record <epoch>:<replid>:<offset>:<unix time> beside the data, and a restarted server shows it in its process title.
# It reads and compares; who may be chosen is decided by its callers.

record_file=$HOLDFAST_DATA/freshness
void_record=0:none:0:0 # older than any other: nothing is known, or the data are gone

# Sets my_record from the volume.
read_my_record() {
  my_record=$void_record
  if [ -r "$record_file" ]; then read -r my_record _ <"$record_file" || :; fi
}

# split_record RECORD: sets r_epoch r_replid r_offset r_time
split_record() {
  r_epoch=${1%%:*} r_time=${1##*:}
  r_replid=${1#*:}
  r_offset=${r_replid#*:}
  r_replid=${r_replid%%:*} r_offset=${r_offset%%:*}
}

# newer_than A B: the epoch decides; then the offset, where both follow the same history (replication id); else the time, because
# offsets of different histories cannot be compared.
newer_than() {
  split_record "$2"
  b_epoch=$r_epoch b_replid=$r_replid b_offset=$r_offset b_time=$r_time
  split_record "$1"
  if [ "$r_epoch" != "$b_epoch" ]; then [ "$r_epoch" -gt "$b_epoch" ]; return; fi
  if [ "$r_replid" = "$b_replid" ] && [ "$r_offset" != "$b_offset" ]; then [ "$r_offset" -gt "$b_offset" ]; return; fi
  [ "$r_time" -gt "$b_time" ]
}

# A function for ask_each.
ask_standing_of() {
  printf 'CONFIG GET proc-title-template\nINFO replication\nINFO server\n' | ask_node "$1"
}

# standing_of NAME: sets peer_state (down, loading, primary, replica), peer_title (new, up, or a record) and peer_record from its answer.
# A replica that was never restarted ("up") knows its offset itself; the epoch 999999999 puts it before every restarted one.
standing_of() {
  answer_of "$1"
  peer_state=down peer_title='' peer_record=''
  case $answer in
    *LOADING*) peer_state=loading ;;
    *role:master*) peer_state=primary ;;
    *role:slave*) peer_state=replica ;;
    *) return 0 ;;
  esac
  case $answer in *holdfast:*)
    peer_title=${answer#*holdfast:}
    peer_title=${peer_title%%"$newline"*}
    ;;
  esac
  peer_title=${peer_title%"$return_char"}
  case $peer_title in
    *:*:*:*) peer_record=$peer_title ;;
    up)
      field master_replid "$answer"
      r_replid=$field_value
      field slave_repl_offset "$answer"
      r_offset=$field_value
      peer_record=999999999:$r_replid:${r_offset:-0}:0
      ;;
  esac
}

# read_shard_standing RECORD: asks all peers of my shard. Sets shard_primary (a name), unseen, live (restarted by nobody), shown (any title but new),
# newest and newest_record among those seen; RECORD is mine and takes part, unless empty.
read_shard_standing() {
  shard_primary='' unseen='' live='' shown='' newest='' newest_record=$1
  [ -z "$newest_record" ] || newest=$HOLDFAST_NODE
  # shellcheck disable=SC2086 # a list of names
  ask_each ask_standing_of $peers
  for peer in $peers; do
    standing_of "$peer"
    case $peer_state in
      down | loading) unseen="$unseen $peer=$peer_state" ;;
      primary) shard_primary=$peer ;;
    esac
    case $peer_title in '' | new) ;; up) live="$live $peer" shown="$shown $peer" ;; *) shown="$shown $peer" ;; esac
    if [ "$peer_state" != replica ] || [ -z "$peer_record" ]; then continue; fi
    if [ -z "$newest" ] || newer_than "$peer_record" "$newest_record"; then newest=$peer newest_record=$peer_record; fi
  done
}
