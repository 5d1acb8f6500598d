#!/usr/bin/env bash
# From a clone to a token: installs what is needed, builds, starts a stand-in for the upstream API
# and the broker on free loopback ports, and asks the broker for a token.
#
#   deploy/quickstart.sh          stays up until Ctrl-C, to be played with
#   deploy/quickstart.sh --once   stops at once
#
# Everything but the build lives in a temporary directory, which is removed at the end.

set -euo pipefail

usage() { sed -n '2,/^$/{s/^# \{0,1\}//;p}' "$0"; }

once=false
case "${1:-}" in
  "") ;;
  --once) once=true ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin="$root/build/release/bin"
start_timeout=30 # seconds, for a program to say where it listens
email=demo@sandbox.example

# Inside a Kubernetes pod a loopback caller is nobody; this broker is only for who runs this script.
unset KUBERNETES_SERVICE_HOST

umask 077
dir=$(mktemp -d)
pids=()  # of the programs
logs=()  # what they said, for the case that something fails
up=false # whether the token was printed: from then on Ctrl-C is the way to end

# shellcheck disable=SC2317 # called by the trap
clean_up() {
  local status=$? pid
  trap - EXIT
  trap '' INT TERM HUP
  if ((${#pids[@]} > 0)); then
    for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  fi
  rm -rf "$dir"
  exit "$status"
}
# shellcheck disable=SC2317 # called by the trap
interrupted() {
  if $up; then exit 0; else exit 130; fi
}
trap clean_up EXIT
trap interrupted INT TERM HUP

say() { printf '\n== %s\n' "$*"; }

# Ends the script with what the programs have said.
fail() {
  local log
  printf '\nquickstart: %s\n' "$1" >&2
  for log in "${logs[@]}"; do
    printf -- '-- %s said:\n' "$(basename "$log" .log)" >&2
    tail -n 40 "$log" >&2
  done
  exit 1
}

# start COUNT NAME PROGRAM...: starts the program, waits until it has printed COUNT lines
# `listening on HOST:PORT`, and leaves the addresses in the array `listening`. Waits by reading what
# the program says, so that one that ends is noticed at once.
start() {
  local count=$1 name=$2 pipe="$dir/$2.pipe" log="$dir/$2.log" line output
  local deadline=$((SECONDS + start_timeout))
  shift 2
  mkfifo "$pipe"
  "$@" >"$pipe" 2>&1 </dev/null &
  pids+=($!)
  : >"$log"
  logs+=("$log")
  exec {output}<"$pipe"
  listening=()
  while ((${#listening[@]} < count)); do
    # The least wait is a second; a deadline that has passed ends the loop below.
    if ! IFS= read -r -t "$((deadline > SECONDS ? deadline - SECONDS : 1))" -u "$output" line; then
      printf '%s\n' "$line" >>"$log"
      ((SECONDS < deadline)) || fail "$name did not start within $start_timeout s"
      fail "$name ended before it listened"
    fi
    printf '%s\n' "$line" >>"$log"
    [[ $line != "listening on "* ]] || listening+=("${line#listening on }")
  done
  cat <&"$output" >>"$log" & # goes on reading, or the program would block; ends with it
  exec {output}<&-
}

say "Installing the dependencies"
"$root/deploy/install-dependencies.sh" build

say "Building (the first time takes some minutes)"
cd "$root" # presets are looked up in the working directory
cmake --preset release
cmake --build --preset release -j "$(nproc)" --target credbrokerd credbroker sandbox-upstream

say "Starting the sandbox and the broker"
# Without a newline: what is in the file is the password.
head -c 18 /dev/urandom | base64 | tr -d '\n' >"$dir/password"
start 1 sandbox-upstream "$bin/sandbox-upstream" --listen 127.0.0.1:0 \
  --account-file "$email:$dir/password"
upstream=${listening[0]}
cat >"$dir/credbrokerd.yaml" <<END
server:
  listen: 127.0.0.1:0
  reflection: true
admin: {listen: 127.0.0.1:0}
tenants:
- name: demo
  base_url: http://$upstream/api
  accounts:
  - name: demo
    email: $email
    password_file: password
store:
  memory: {}
END
start 2 credbrokerd "$bin/credbrokerd" --config "$dir/credbrokerd.yaml"
broker=${listening[0]}
admin=${listening[1]}
echo "sandbox-upstream on $upstream, credbrokerd on $broker"

say "credbroker token --tenant demo --address $broker --plaintext"
ask=("$bin/credbroker" token --tenant demo --address "$broker" --plaintext)
token=$("${ask[@]}") || fail "the broker gave no token"
[[ $token == *.*.* ]] || fail "what the broker gave is not a token"
json=$("${ask[@]}" --output json) || fail "the broker gave no token as JSON"
expiry=$(sed -nE 's/.*"expireTime": *"([^"]+)".*/\1/p' <<<"$json")
[[ -n $expiry ]] || fail "the broker named no expiry"
cat <<END
$token

It expires at $expiry and came from a SCRAM exchange with the sandbox. The same with grpcurl:

  grpcurl -plaintext -d '{"tenant":"demo"}' $broker credbroker.v1.CredentialBroker/GetToken
END
up=true
if $once; then exit 0; fi

cat <<END

Try next:

  credbroker="$bin/credbroker"
  "\$credbroker" watch    --tenant demo --address $broker --plaintext    # each new token
  "\$credbroker" refresh  --tenant demo --address $broker --plaintext
  "\$credbroker" logout   --tenant demo --address $broker --plaintext
  "\$credbroker" sessions --address $broker --plaintext
  curl http://$admin/metrics             # the broker's metrics
  curl http://$upstream/_sandbox/stats     # what the broker asked the sandbox for

Both run until Ctrl-C.
END
wait -n "${pids[@]}" || true
fail "a program ended by itself"
