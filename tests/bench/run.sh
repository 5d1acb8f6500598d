#!/usr/bin/env bash
# Builds the benchmarks as they are shipped, runs them, prints the table and writes build/bench.json.
#
#   tests/bench/run.sh [OPTION OF bench]…      e.g. --only hits, --rounds 21, --smoke
#
# BUILD_DIR: a build tree of the release preset to use instead of build/release.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if [[ ${1:-} == --help ]]; then
  sed -n '2,/^$/{s/^# \{0,1\}//;p}' "tests/bench/run.sh"
  exit 2
fi
tree=${BUILD_DIR:-build/release}
[[ -f $tree/build.ninja ]] || cmake --preset release -B "$tree" >&2
cmake --build "$tree" --target bench credbrokerd sandbox-upstream >&2
"$tree/bin/bench" --json build/bench.json "$@"
