# shellcheck shell=sh
# The replicas that a primary lists in its INFO. Its view of their offsets is only good for an order: acknowledgements stall during a pause.

# read_replicas INFO: sets online (host:port, highest offset first) and syncing (connected, but not in step).
read_replicas() {
  online='' syncing='' best_offset=-1
  while IFS= read -r info_line; do
    case $info_line in
      slave[0-9]*:ip=*state=online*) add_online "${info_line#*:}" ;;
      slave[0-9]*:ip=*) syncing="$syncing ${info_line#*:}" ;;
    esac
  done <<END
$1
END
}

# add_online "ip=..,port=..,state=online,offset=..,lag=.."
add_online() {
  replica_host=${1#*ip=}
  replica_port=${1#*port=}
  replica_offset=${1#*offset=}
  replica_host=${replica_host%%,*} replica_port=${replica_port%%,*} replica_offset=${replica_offset%%,*}
  if [ "$replica_offset" -gt "$best_offset" ]; then
    online="$replica_host:$replica_port $online" best_offset=$replica_offset
  else
    online="$online $replica_host:$replica_port"
  fi
}
