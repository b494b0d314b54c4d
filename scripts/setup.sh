#!/bin/sh
# setup.sh [PURPOSE...]   makes this checkout ready: npm packages, a Node that is new enough, and the Debian packages
# of each purpose (debian-packages.txt). Asks nothing, may be repeated, and says only what it changes or must leave out.
set -eu
cd "${0%/*}/.."
stamp=node_modules/.setup

say() { echo "setup: $*"; }
fail() {
  echo "setup: $*" >&2
  exit 1
}

npm_packages() {
  command -v npm >/dev/null || fail "npm is missing; install Node and npm (Debian: apt-get install nodejs npm)"
  key="$(cat package-lock.json .npmrc | cksum) $(node -v) $(uname -sm)"
  [ "$(cat $stamp 2>/dev/null)" = "$key" ] && return
  say "installing the npm packages of package-lock.json into node_modules"
  # What a production setting on the machine would leave out is needed here; what npm wants to advertise is not.
  npm ci --include=dev --include=optional --no-audit --no-fund --no-progress --no-update-notifier \
    --loglevel=error </dev/null >/dev/null || fail "npm ci failed, see above"
  version=$(scripts/node.sh -v) || exit 1
  say "installed; Node $version runs the project"
  echo "$key" >$stamp
}

missing() { # PURPOSE: its packages whose command is not there
  while read -r purpose command package _; do
    if [ "$purpose" = "$1" ] && ! command -v "$command" >/dev/null; then echo "$package"; fi
  done <scripts/debian-packages.txt
}

apt() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -qq -y -o DPkg::Lock::Timeout=60 \
    -o Acquire::Retries=1 -o Acquire::http::Timeout=20 "$@" </dev/null
}

# Servers are installed for the tests, which start their own: none is to run as a service of the machine.
policy=/usr/sbin/policy-rc.d
without_services() {
  if [ -e $policy ]; then
    "$@"
    return
  fi
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod +x $policy
  "$@" && status=0 || status=$?
  rm -f $policy
  return $status
}

# A part that cannot be had is left out with its reason; with CI=true that is an error.
leave_out() {
  [ "${CI:-}" != true ] || fail "$1 is missing: $2"
  say "left out $1: $2"
}

debian_packages() { # PURPOSE
  packages=$(missing "$1" | tr '\n' ' ')
  packages=${packages% }
  if [ -z "$packages" ]; then
    return
  elif [ ! -f /etc/debian_version ]; then
    leave_out "$packages" "this is not Debian; install them by hand"
  elif [ "$(id -u)" -ne 0 ]; then
    leave_out "$packages" "not root; run: sudo apt-get install $packages"
  else
    say "installing the Debian packages for $1: $packages"
    # shellcheck disable=SC2086 # a list of names
    log=$( (without_services apt install --no-install-recommends $packages ||
      { apt update && without_services apt install --no-install-recommends $packages; }) 2>&1) ||
      leave_out "$packages" "apt-get failed: $(echo "$log" | tail -n 1)"
  fi
}

PATH=$PATH:/usr/sbin:/sbin # where Debian keeps servers
npm_packages
for purpose in "$@"; do debian_packages "$purpose"; done
