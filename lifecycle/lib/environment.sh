# shellcheck shell=sh
# The node contract: the environment every verb is given, with its defaults, and look-ups in the lists of nodes and Sentinels.
# It asks nobody and starts nothing.

umask 077 # everything written here may hold a secret
LC_ALL=C
export LC_ALL

for needed in TOPOLOGY ENGINE NODE HOST DATA RUN SECRETS; do
  eval "value=\${HOLDFAST_$needed-}"
  # shellcheck disable=SC2154 # set by eval
  [ -n "$value" ] || {
    echo "holdfast $verb: HOLDFAST_$needed is not set (see the node contract in docs/explanation/lifecycle.md)" >&2
    exit 64
  }
done

: "${HOLDFAST_PORT:=6379}" "${HOLDFAST_SENTINEL_PORT:=26379}" "${HOLDFAST_BIND:=$HOLDFAST_HOST}" "${HOLDFAST_CONFIG:=/etc/holdfast}"
: "${HOLDFAST_NODES:=}" "${HOLDFAST_SENTINELS:=}" "${HOLDFAST_MASTER:=}" "${HOLDFAST_QUORUM:=2}" "${HOLDFAST_SOURCE:=}"
: "${HOLDFAST_DEPLOYMENT:=$HOLDFAST_MASTER}" "${HOLDFAST_DETECTION_MS:=5000}" "${HOLDFAST_BOOTSTRAP:=}" "${HOLDFAST_GRACE_S:=25}"
: "${HOLDFAST_ACCEPT_DATA_LOSS:=no}" "${HOLDFAST_TLS:=no}" "${HOLDFAST_WAIT_S:=60}" "${HOLDFAST_FRESHNESS_WAIT_S:=15}"
: "${HOLDFAST_MAX_DEATHS:=5}" "${HOLDFAST_DEATH_WINDOW_S:=60}"
[ -z "${HOLDFAST_BIN-}" ] || PATH=$HOLDFAST_BIN:$PATH
export PATH
# shellcheck disable=SC2153 # checked above
mkdir -p "$HOLDFAST_DATA" "$HOLDFAST_RUN"

newline='
'
return_char=$(printf '\r')

# split_entry "n1=127.0.1.1:6379/0": sets entry_name entry_host entry_port entry_shard (shard 0 where none is written)
split_entry() {
  entry_name=${1%%=*}
  entry_host=${1#*=}
  entry_shard=${entry_host##*/}
  [ "$entry_shard" != "$entry_host" ] || entry_shard=0
  entry_host=${entry_host%/*}
  entry_port=${entry_host##*:}
  entry_host=${entry_host%:*}
}

# find_entry NAME LIST: split_entry of the one with that name; false if there is none
find_entry() {
  for entry in $2; do
    case $entry in "$1="*)
      split_entry "$entry"
      return 0
      ;;
    esac
  done
  return 1
}

# find_node_at HOST PORT: split_entry of the data node announced there; false if there is none
find_node_at() {
  for entry in $HOLDFAST_NODES; do
    split_entry "$entry"
    [ "$entry_host:$entry_port" != "$1:$2" ] || return 0
  done
  return 1
}

# Sets my_shard, peers (names of the other nodes of my shard) and designated (the first node of my shard).
read_shard() {
  my_shard=0 peers='' designated=''
  if find_entry "$HOLDFAST_NODE" "$HOLDFAST_NODES"; then my_shard=$entry_shard; fi
  for entry in $HOLDFAST_NODES; do
    split_entry "$entry"
    [ "$entry_shard" = "$my_shard" ] || continue
    designated=${designated:-$entry_name}
    [ "$entry_name" = "$HOLDFAST_NODE" ] || peers="$peers $entry_name"
  done
}
read_shard

# field NAME TEXT: sets field_value to what follows "NAME:" at a line's start of an INFO answer (empty if absent). No fork.
field() {
  field_value=''
  case "$newline$2" in *"$newline$1:"*)
    field_value="$newline$2"
    field_value=${field_value#*"$newline$1:"}
    field_value=${field_value%%"$newline"*}
    field_value=${field_value%"$return_char"}
    ;;
  esac
}

# is_address HOST: true for a literal IPv4 or IPv6 address, false for a name.
is_address() {
  case $1 in *[!0-9.]*) case $1 in *:*) ;; *) return 1 ;; esac ;; esac
}
