#!/bin/sh
# node.sh ARG...   runs Node: the machine's where it is new enough, else the pinned one that `make setup` installs.
root=${0%/*}/..

new_enough() { # VERSION, as `node -v` prints it: at least the 22.19 of package.json
  rest=${1#v}
  major=${rest%%.*}
  rest=${rest#*.}
  minor=${rest%%.*}
  [ "$major" -gt 22 ] || { [ "$major" -eq 22 ] && [ "$minor" -ge 19 ]; }
}

pinned() { # the path of the platform package that npm put beside the others
  os=$(uname -s | tr '[:upper:]' '[:lower:]')
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) arch=$(uname -m) ;;
  esac
  echo "$root/node_modules/node-$os-$arch/bin/node"
}

version=$(node -v 2>/dev/null) || version=v0.0.0
if new_enough "$version"; then node=node; else node=$(pinned); fi

if ! command -v "$node" >/dev/null; then
  echo "Node 22.19 or later is needed, this machine has ${version#v}: run 'make setup', or install it from https://nodejs.org" >&2
  exit 1
fi
# Node 22 runs TypeScript, and warns at each start that it does.
exec "$node" --disable-warning=ExperimentalWarning "$@"
