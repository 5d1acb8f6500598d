#!/usr/bin/env bash
# Installs the Debian 12 packages that this project needs. This is the only list of packages:
# quickstart, tests, CI and the Dockerfile all come here.
#
#   deploy/install-dependencies.sh [GROUP...]
#
#   build   compile everything, tests included, and run the tests (the default)
#   format  clang-format, for the format test
#   lint    format, and what clang-tidy and coverage need
#
# Needs root or sudo, but only if a package is missing: otherwise it is done in a moment and
# does not touch the network.

set -euo pipefail

build=(
  # Tools.
  g++ cmake ninja-build ccache mold pkg-config protobuf-compiler protobuf-compiler-grpc
  # Libraries.
  libgrpc++-dev libprotobuf-dev libabsl-dev libssl-dev libcurl4-openssl-dev nlohmann-json3-dev
  libyaml-cpp-dev prometheus-cpp-dev libspdlog-dev libcli11-dev libcpp-httplib-dev libidn-dev
  ca-certificates
  # The sandbox and the tests: its SCRAM server, test certificates, the lint.
  libgsasl-dev zlib1g-dev libgtest-dev libgmock-dev openssl python3
)
format=(clang-format)
lint=("${format[@]}" clang-tidy gcovr)

usage() { sed -n '2,/^$/{s/^# \{0,1\}//;p}' "$0"; }

wanted=()
for group in "${@:-build}"; do
  case "$group" in
    build) wanted+=("${build[@]}") ;;
    format) wanted+=("${format[@]}") ;;
    lint) wanted+=("${lint[@]}") ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      echo "install-dependencies: no group named '$group' (there are: build, format, lint)" >&2
      exit 2
      ;;
  esac
done

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  echo "install-dependencies: this system has no apt-get. The project is built on Debian 12;" >&2
  echo "elsewhere, install the counterparts of these packages by hand: ${wanted[*]}" >&2
  exit 1
fi

missing=()
for package in "${wanted[@]}"; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) || true
  # One word per architecture that the package is installed for.
  [[ $state == installed* ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "install-dependencies: everything is installed"
  exit 0
fi

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "install-dependencies: run as root, or install sudo; missing: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

# Waits for another apt to finish (a fresh machine often upgrades itself) instead of failing.
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@" </dev/null
}

echo "install-dependencies: installing ${missing[*]}"
apt update -q || echo "install-dependencies: apt-get update failed, trying with what is known" >&2
apt install -q -y --no-install-recommends "${missing[@]}"
