#!/usr/bin/env bash
# Installs what is needed, builds, and runs the tests.
#
#   tests/run.sh               release, lint, format
#   tests/run.sh --sanitizers  that, then debug (ASan and UBSan) and tsan (without gRPC)
#   tests/run.sh --all         that, then clang-tidy and coverage
#
# The last line is "N passed, N failed", over all presets; a step that could not be built counts
# as one failed. Exits with 1 if anything failed or if a preset had no tests.

# shellcheck disable=SC2317 # the functions are run through `step`
set -euo pipefail

usage() { sed -n '2,/^$/{s/^# \{0,1\}//;p}' "$0"; }

presets=(release)
extra=()
groups=(build format)
case "${1:-}" in
  "") ;;
  --sanitizers) presets=(release debug tsan) ;;
  --all)
    presets=(release debug tsan)
    extra=(tidy coverage)
    groups=(build lint)
    ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac

cd "$(dirname "${BASH_SOURCE[0]}")/.."
log_dir=$(mktemp -d)
trap 'rm -rf "$log_dir"' EXIT
jobs=$(nproc)
passed=0
failed=0
skipped=0
times=()

# step NAME COMMAND...: runs it and notes how long it took.
step() {
  local name=$1 begin=$SECONDS status=0
  shift
  printf '\n== %s\n' "$name"
  "$@" || status=$?
  times+=("$(printf '%5d s  %s%s' $((SECONDS - begin)) "$name" "$( ((status == 0)) || echo '  FAILED')")")
  return "$status"
}

finish() {
  printf '\n== times\n'
  printf '%s\n' "${times[@]}"
  ((skipped == 0)) || printf '%d skipped\n' "$skipped"
  printf '%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0 && passed > 0)) || exit 1
  exit 0
}

# A preset that does not build ends the run: the next one would spend minutes on the same error.
need() {
  step "$@" || {
    failed=$((failed + 1))
    finish
  }
}

# ThreadSanitizer of g++ 12 cannot run where the kernel randomises addresses by more than 28
# bits. Containers may forbid setarch; there it is tried as it is.
without_randomised_addresses() {
  if setarch "$(uname -m)" -R true 2>/dev/null; then
    setarch "$(uname -m)" -R "$@"
  else
    "$@"
  fi
}

# run_ctest PRESET: runs the preset's tests and adds to the sums.
run_ctest() {
  local preset=$1 log="$log_dir/$1.log" status=0 runner=() summary total bad not_run
  [[ $preset != tsan ]] || runner=(without_randomised_addresses)
  "${runner[@]}" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j2 \
    2>&1 | tee "$log" || status=$?
  summary=$(grep -E '^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+' "$log" | tail -1) || true
  if [[ $summary =~ ,\ ([0-9]+)\ tests\ failed\ out\ of\ ([0-9]+) ]]; then
    bad=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    # ctest counts a skipped test as passed; here it is neither.
    not_run=$(grep -cE '^[[:space:]]+[0-9]+ - .* \(Skipped\)$' "$log") || true
    passed=$((passed + total - bad - not_run))
    failed=$((failed + bad))
    skipped=$((skipped + not_run))
    ((status == 0 || bad > 0)) || failed=$((failed + 1))
  else
    failed=$((failed + 1))
    status=1
  fi
  return "$status"
}

coverage_summary() {
  gcovr --root . --filter service/ --filter client/ --exclude-unreachable-branches --print-summary \
    --output build/coverage/coverage.txt build/coverage &&
    echo "per file: build/coverage/coverage.txt"
}

need "install" deploy/install-dependencies.sh "${groups[@]}"
for preset in "${presets[@]}" "${extra[@]}"; do
  need "$preset: configure" cmake --preset "$preset"
  need "$preset: build" cmake --build --preset "$preset" -j "$jobs"
  if [[ $preset != tidy ]]; then # it says all that it has to say while it compiles
    step "$preset: test" run_ctest "$preset" || true
  fi
done
if [[ " ${extra[*]} " == *" coverage "* ]]; then
  need "coverage: summary" coverage_summary
fi
finish
