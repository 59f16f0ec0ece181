# shellcheck shell=sh
# Asks servers and Sentinels with the engine's own cli. A secret goes by the environment of that one process, never by argv.
# It does not judge answers by exit code: the cli exits 0 on NOAUTH and LOADING, so callers read the text.

ask_timeout_s=1

if [ "$HOLDFAST_TLS" = yes ]; then
  tls_options="--tls --cacert $HOLDFAST_SECRETS/tls/ca.crt --cert $HOLDFAST_SECRETS/tls/tls.crt --key $HOLDFAST_SECRETS/tls/tls.key"
else
  tls_options=
fi

# ask USER HOST PORT [COMMAND...]: prints the answer (errors too). Without a command, commands are read from stdin, one a line.
ask() {
  ask_user=$1 ask_host=$2 ask_port=$3
  shift 3
  ask_secret=
  if [ -r "$HOLDFAST_SECRETS/$ask_user" ]; then read -r ask_secret <"$HOLDFAST_SECRETS/$ask_user" || :; fi
  # shellcheck disable=SC2086 # tls_options is a list of words
  REDISCLI_AUTH=$ask_secret VALKEYCLI_AUTH=$ask_secret timeout -s KILL "$ask_timeout_s" "$HOLDFAST_ENGINE-cli" \
    $tls_options --user "$ask_user" -h "$ask_host" -p "$ask_port" "$@" 2>&1
}

# Asks my own server, as operator.
ask_self() {
  ask operator "${HOLDFAST_BIND%% *}" "$HOLDFAST_PORT" "$@"
}

# ask_node NAME [COMMAND...]: asks a data node of the list, as operator.
ask_node() {
  find_entry "$1" "$HOLDFAST_NODES" || return 1
  shift
  ask operator "$entry_host" "$entry_port" "$@"
}

# ask_sentinel NAME [COMMAND...]: asks a Sentinel of the list, as operator.
ask_sentinel() {
  find_entry "$1" "$HOLDFAST_SENTINELS" || return 1
  shift
  ask operator "$entry_host" "$entry_port" "$@"
}

# ask_each FUNCTION NAME...: FUNCTION NAME for each name at the same time; answer_of NAME then reads what it printed.
# The folder is the verb's own, so that two processes of one node do not read each other's answers.
ask_each() {
  each_function=$1
  shift
  answers=$HOLDFAST_RUN/answers-$verb
  mkdir -p "$answers"
  each_pids=
  for each_name; do
    "$each_function" "$each_name" >"$answers/$each_name" &
    each_pids="$each_pids $!"
  done
  # shellcheck disable=SC2086 # a list of pids
  [ -z "$each_pids" ] || wait $each_pids || :
}

# answer_of NAME: sets answer. The loop reads with builtins: no fork.
answer_of() {
  answer=
  [ -r "$answers/$1" ] || return 0
  while IFS= read -r answer_line; do answer="$answer$answer_line$newline"; done <"$answers/$1"
}
