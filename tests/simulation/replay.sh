#!/usr/bin/env bash
# The same seeds do the same in another process, whatever the addresses there: replay.sh SIMULATION
set -euo pipefail
first=$("$1" --schedules 500 --digest)
second=$("$1" --schedules 500 --digest)
grep digest <<<"$first"
[[ $first == "$second" ]] || {
  echo "replay: $(grep digest <<<"$second") the second time" >&2
  exit 1
}
