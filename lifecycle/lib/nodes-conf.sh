# shellcheck shell=sh
# Writes nodes.conf, the Cluster's memory, where a volume has none: complete at the first boot, from the peers' view afterwards. Node ids are
# derived from names, so a node whose volume was lost comes back as itself: no MEET, no FORGET, and never a second cluster.

nodes_file=$HOLDFAST_DATA/nodes.conf

# node_id NAME: sets id
node_id() {
  id=$(printf %s "$HOLDFAST_DEPLOYMENT/$1" | sha1sum)
  id=${id%% *}
}

# Sets my_flag from my own nodes.conf: master, slave, or empty where there is none.
read_my_flag() {
  my_flag=
  [ -r "$nodes_file" ] || return 0
  while IFS= read -r line; do
    case $line in *myself,master*) my_flag=master ;; *myself,slave*) my_flag=slave ;; esac
  done <"$nodes_file"
}

# Sets shard_mark for shard $1: Valkey and Redis from 7.2 on keep a shard id with each address, and refuse a nodes.conf in which primary and
# replica differ, which ids made up by each node for itself do until gossip has evened them out. Redis 7.0 knows no such field.
mark_shard() {
  shard_mark=
  if [ -z "${engine_version-}" ]; then
    engine_version=$("$HOLDFAST_ENGINE-server" --version)
    engine_version=${engine_version#*v=}
    engine_version=${engine_version%% *}
  fi
  case $HOLDFAST_ENGINE:$engine_version in redis:[0-6].* | redis:7.[01].*) return ;; esac
  shard_mark=$(printf %s "$HOLDFAST_DEPLOYMENT/shard/$1" | sha1sum)
  shard_mark=,,tls-port=0,shard-id=${shard_mark%% *}
}

# The first boot: each shard's designated node owns an even part of the slots, with an epoch of its own so that nobody has to agree first.
write_first_nodes_conf() {
  shards=0
  for entry in $HOLDFAST_NODES; do
    split_entry "$entry"
    [ "$entry_shard" -lt "$shards" ] || shards=$((entry_shard + 1))
  done
  primary_ids=' '
  {
    for entry in $HOLDFAST_NODES; do
      split_entry "$entry"
      node_id "$entry_name"
      flags=
      [ "$entry_name" != "$HOLDFAST_NODE" ] || flags=myself,
      mark_shard "$entry_shard"
      address="$entry_host:$entry_port@$((entry_port + 10000))$shard_mark"
      case $primary_ids in
        *" $entry_shard="*)
          primary_id=${primary_ids##*" $entry_shard="}
          echo "$id $address ${flags}slave ${primary_id%% *} 0 0 $((entry_shard + 1)) connected"
          ;;
        *)
          primary_ids="$primary_ids$entry_shard=$id "
          first_slot=$((entry_shard * 16384 / shards)) last_slot=$(((entry_shard + 1) * 16384 / shards - 1))
          echo "$id $address ${flags}master - 0 0 $((entry_shard + 1)) connected $first_slot-$last_slot"
          ;;
      esac
    done
    echo "vars currentEpoch $shards lastVoteEpoch 0"
  } >"$nodes_file.new"
  mv "$nodes_file.new" "$nodes_file"
}

# A function for ask_each.
ask_cluster_of() {
  printf 'CLUSTER INFO\nCLUSTER NODES\n' | ask_node "$1"
}

# Sets cluster_view and view_epoch: the nodes as the answering node with the highest epoch sees them (empty if nobody answers).
read_cluster_view() {
  others='' cluster_view='' view_epoch=-1
  for entry in $HOLDFAST_NODES; do [ "${entry%%=*}" = "$HOLDFAST_NODE" ] || others="$others ${entry%%=*}"; done
  # shellcheck disable=SC2086 # a list of names
  ask_each ask_cluster_of $others
  for other in $others; do
    answer_of "$other"
    field cluster_current_epoch "$answer"
    [ "${field_value:--1}" -gt "$view_epoch" ] || continue
    cluster_view=$answer view_epoch=$field_value
  done
}

# view_line_of ID: sets view_flags, view_master and view_node_epoch (empty if the view does not know it)
view_line_of() {
  view_flags='' view_master='' view_node_epoch=''
  while read -r line_id _ line_flags line_master _ _ line_epoch _; do
    [ "$line_id" = "$1" ] || continue
    view_flags=$line_flags view_master=$line_master view_node_epoch=$line_epoch
  done <<END
$cluster_view
END
}

# Adds its shard's mark to $address, which CLUSTER NODES shows without one.
mark_address() {
  case $address in *,*) return ;; esac
  marked=${address%@*}
  if find_node_at "${marked%:*}" "${marked##*:}"; then
    mark_shard "$entry_shard"
    address=$address$shard_mark
  fi
}

# write_nodes_conf_from_view PRIMARY_ID: the peers' view with me as a replica of that primary.
write_nodes_conf_from_view() {
  view_line_of "$1"
  node_id "$HOLDFAST_NODE"
  mark_shard "$my_shard"
  {
    echo "$id $HOLDFAST_HOST:$HOLDFAST_PORT@$((HOLDFAST_PORT + 10000))$shard_mark myself,slave $1 0 0 $view_node_epoch connected"
    while read -r line_id address flags master _ _ node_epoch _ slots; do
      case $line_id:$flags in "$id:"* | *handshake* | *noaddr*) continue ;; *:*master* | *:*slave*) ;; *) continue ;; esac
      case $flags in *master*) flags=master ;; *) flags=slave ;; esac
      slots=${slots%%"["*} slots=${slots%"$return_char"}
      mark_address
      echo "$line_id $address $flags $master 0 0 $node_epoch connected $slots"
    done <<END
$cluster_view
END
    echo "vars currentEpoch $view_epoch lastVoteEpoch $view_epoch"
  } >"$nodes_file.new"
  mv "$nodes_file.new" "$nodes_file"
}
