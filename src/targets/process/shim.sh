#!/bin/sh
# shim DIR COMMAND ARG...   one per application instance; outlives the control plane.
# Claims DIR (a second start of the same key does nothing), runs the command in a session of its own, and leaves in DIR:
#   pid   {"pid","start","shim","boot"}  written before the command runs; alive = same boot id, same start time, state not Z
#   exit  {"code","at"}                  written when it ends; above 128 a signal, as shells count
# A `pid` that is there already calls the start off: the control plane gave up waiting, and the command does not run.
# The command's own PATH need not lead to the tools used here.
dir=$1
shift
SHIM_PATH=/usr/bin:/bin:$PATH
tool() { PATH=$SHIM_PATH command -v "$1"; }
(set -C; : >"$dir/claim") 2>/dev/null || exit 0
trap : TERM INT HUP
"$(tool setsid)" /bin/sh -c '
  dir=$1; link=$2; shift 2
  read -r stat </proc/$$/stat
  read -r boot </proc/sys/kernel/random/boot_id
  pid=$$; shim=$PPID
  record() { shift 19; echo "{\"pid\":$pid,\"start\":$1,\"shim\":$shim,\"boot\":\"$boot\"}"; }
  record ${stat##*) } >"$dir/pid.tmp" && "$link" "$dir/pid.tmp" "$dir/pid" && exec "$@"
' sh "$dir" "$(tool ln)" "$@" </dev/null >>"$dir/out.log" 2>&1
code=$?
PATH=$SHIM_PATH
echo "{\"code\":$code,\"at\":$(date +%s%3N)}" >"$dir/exit.tmp" && mv "$dir/exit.tmp" "$dir/exit"
