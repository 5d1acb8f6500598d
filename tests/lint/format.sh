#!/usr/bin/env bash
# Formats the C++ sources, then shows what changed (as far as git knows the files).
#
#   tests/lint/format.sh           formats all, or the files named
#   tests/lint/format.sh --check   changes nothing; exits with 1 if a file is not formatted, and
#                                  with 77 if clang-format is not installed

set -euo pipefail

check=false
if [[ ${1:-} == --check ]]; then
  check=true
  shift
elif [[ ${1:-} == -* ]]; then
  sed -n '2,/^$/{s/^# \{0,1\}//;p}' "$0"
  exit 2
fi
if ! command -v clang-format >/dev/null; then
  echo "format: clang-format is not installed (deploy/install-dependencies.sh format)" >&2
  exit 77
fi
if (($# > 0)); then
  files=("$@")
else
  cd "$(dirname "${BASH_SOURCE[0]}")/../.."
  mapfile -d '' files < <(find service client tests \( -name '*.h' -o -name '*.cc' \) -print0 | sort -z)
fi
((${#files[@]} > 0)) || {
  echo "format: no sources" >&2
  exit 1
}

if $check; then
  clang-format --dry-run -Werror "${files[@]}" || {
    echo "format: run tests/lint/format.sh" >&2
    exit 1
  }
  exit 0
fi
clang-format -i "${files[@]}"
git --no-pager diff --stat -- "${files[@]}"
