# shellcheck shell=sh
# Copies rendered files into the run folder with their tokens filled: %secret:NAME% and %hash:NAME%. Shell builtins only, so no
# secret is ever an argument of a process. It does not create secrets and does not know what they are for.

# read_secret NAME: sets secret; refuses, naming the file, what could break out of a config line or be guessed.
read_secret() {
  secret=
  if [ -r "$HOLDFAST_SECRETS/$1" ]; then read -r secret <"$HOLDFAST_SECRETS/$1" || :; fi
  case $secret in
    '') stop_with 78 "no secret in $HOLDFAST_SECRETS/${1}" "the configuration needs it; write it there (mode 0600)" ;;
    *[!A-Za-z0-9_-]*) stop_with 78 "the secret in $HOLDFAST_SECRETS/${1}" "only A-Z a-z 0-9 _ - are accepted" ;;
    ????????????????*) ;;
    *) stop_with 78 "the secret in $HOLDFAST_SECRETS/${1}" "it is shorter than 16 characters" ;;
  esac
}

# hash_secret NAME: sets hashes to "#<sha256>", with a second one while NAME.previous exists (rotation window).
hash_secret() {
  read_secret "$1"
  hashes=$(printf %s "$secret" | sha256sum)
  hashes="#${hashes%% *}"
  [ -e "$HOLDFAST_SECRETS/$1.previous" ] || return 0
  read_secret "$1.previous"
  previous_hash=$(printf %s "$secret" | sha256sum)
  hashes="$hashes #${previous_hash%% *}"
}

# Fills every token of $line.
fill_line() {
  while :; do
    case $line in
      *%secret:*%*)
        token_name=${line#*%secret:}
        token_name=${token_name%%\%*}
        read_secret "$token_name"
        line=${line%%"%secret:$token_name%"*}$secret${line#*"%secret:$token_name%"}
        ;;
      *%hash:*%*)
        token_name=${line#*%hash:}
        token_name=${token_name%%\%*}
        hash_secret "$token_name"
        line=${line%%"%hash:$token_name%"*}$hashes${line#*"%hash:$token_name%"}
        ;;
      *) return 0 ;;
    esac
  done
}

# fill_file FROM TO: replaces TO in one step, so that a reader never sees half a file.
fill_file() {
  [ -r "$1" ] || stop_with 78 "no file $1" "spec/ renders it; HOLDFAST_CONFIG names the folder"
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in '#'*) continue ;; esac # comments name tokens too
    fill_line
    printf '%s\n' "$line"
  done <"$1" >"$2.new" || exit
  mv "$2.new" "$2"
}
