# shellcheck shell=sh
# Writes the server's configuration of this start: the deployment's directives plus what only this node knows. It is written anew
# at every start, so nothing that Sentinel or an operator rewrote into the last one survives. It does not decide the role.

# True if the volume holds a data set. nodes.conf is not data.
has_data() {
  [ ! -s "$HOLDFAST_DATA/dump.rdb" ] || return 0
  for data_file in "$HOLDFAST_DATA"/appendonlydir/*; do [ ! -s "$data_file" ] || return 0; done
  return 1
}

# True if the configuration promises that data survive a restart; a pure cache does not, so being empty is no loss.
promises_persistence() {
  while IFS= read -r line; do
    case $line in "appendonly yes"*) return 0 ;; 'save ""'*) ;; "save "[0-9]*) return 0 ;; esac
  done <"$HOLDFAST_CONFIG/server.conf"
  return 1
}

# True if my volume is as full as this deployment promises: a pure cache is rightly empty after a restart.
volume_is_whole() {
  has_data || ! promises_persistence
}

write_addresses() {
  echo "bind $HOLDFAST_BIND"
  [ -z "$HOLDFAST_SOURCE" ] || echo "bind-source-addr $HOLDFAST_SOURCE"
  if [ "$HOLDFAST_TLS" = yes ]; then
    printf 'tls-port %s\n' "$1" # the plaintext port, 0 or not, is the spec's
    printf 'tls-ca-cert-file %s\n' "$HOLDFAST_SECRETS/tls/ca.crt"
    printf 'tls-cert-file %s\ntls-key-file %s\n' "$HOLDFAST_SECRETS/tls/tls.crt" "$HOLDFAST_SECRETS/tls/tls.key"
  else
    echo "port $1"
  fi
}

# title STATE: peers read each other's state with CONFIG GET proc-title-template: no extra channel, no write to the data.
title() {
  printf '{title} {listen-addr} {server-mode} holdfast:%s' "$1"
}

write_topology() {
  printf 'replica-announce-ip %s\nreplica-announce-port %s\n' "$HOLDFAST_HOST" "$HOLDFAST_PORT"
  [ "$HOLDFAST_TOPOLOGY" = cluster ] || return 0
  printf 'cluster-enabled yes\ncluster-config-file nodes.conf\n'
  if is_address "$HOLDFAST_HOST"; then
    echo "cluster-announce-ip $HOLDFAST_HOST"
  else
    echo "cluster-announce-hostname $HOLDFAST_HOST"
  fi
  if [ "$HOLDFAST_TLS" = yes ]; then echo "cluster-announce-tls-port $HOLDFAST_PORT"; else echo "cluster-announce-port $HOLDFAST_PORT"; fi
  echo "cluster-announce-bus-port $((HOLDFAST_PORT + 10000))"
}

# A barred replica cannot be chosen as primary until it is known whose data is newest.
write_bar() {
  if [ "$HOLDFAST_TOPOLOGY" = cluster ]; then echo "cluster-replica-no-failover yes"; else echo "replica-priority 0"; fi
}

# write_server_config TITLE BARRED [REPLICAOF_HOST REPLICAOF_PORT]: TITLE is new, up, or a freshness record; BARRED yes or no.
write_server_config() {
  fill_file "$HOLDFAST_CONFIG/users.acl" "$HOLDFAST_RUN/users.acl"
  fill_file "$HOLDFAST_CONFIG/server.conf" "$HOLDFAST_RUN/server.conf"
  {
    write_addresses "$HOLDFAST_PORT"
    printf 'dir %s\naclfile %s\n' "$HOLDFAST_DATA" "$HOLDFAST_RUN/users.acl"
    printf 'daemonize no\nlogfile ""\npidfile ""\n'
    write_topology
    printf 'proc-title-template "%s"\n' "$(title "$1")"
    [ "$2" = no ] || write_bar
    [ -z "${3-}" ] || echo "replicaof $3 $4"
  } >>"$HOLDFAST_RUN/server.conf"
  if [ "$2" = yes ]; then : >"$HOLDFAST_RUN/barred"; else rm -f "$HOLDFAST_RUN/barred"; fi
}

# Becomes the server.
exec_server() {
  exec "$HOLDFAST_ENGINE-server" "$HOLDFAST_RUN/server.conf" 3>&-
}
