#!/bin/sh
# prove-npm-ci.sh [MAJOR...]   proves that a fresh machine can install: `npm ci` by each npm (10 and 11), in a copy of
# the package files, with an empty home folder. The registry is the one that npm uses here.
set -eu
cd "${0%/*}/.."
[ $# -gt 0 ] || set -- 10 11

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm_config_registry=$(npm config get registry 2>/dev/null)
npm_config_loglevel=error npm_config_update_notifier=false
export npm_config_registry npm_config_loglevel npm_config_update_notifier

for major in "$@"; do
  copy=$work/$major
  mkdir -p "$copy/home" "$copy/tools"
  cp package.json package-lock.json .npmrc "$copy"
  cp tools/package.json "$copy/tools"
  (cd "$copy" && HOME=$copy/home npx --yes "npm@$major" ci --no-audit --no-fund --no-progress </dev/null)
  version=$(HOME=$copy/home npx --yes "npm@$major" --version)
  pinned=$("$copy"/node_modules/node-*/bin/node -v)
  (cd "$copy" && "$copy"/node_modules/node-*/bin/node -e 'new (require("better-sqlite3"))(":memory:")')
  echo "npm $version: installed, with Node $pinned and a working SQLite"
done
