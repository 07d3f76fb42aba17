#!/usr/bin/env bash
# stop.sh
#
# Stops what serves in DEPLOY_ROOT and waits until it is gone. Nothing running: nothing to do.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
root=$(deploy_root)
pid=$(cat "$root/service.pid" 2>/dev/null || true)
[ -n "$pid" ] || exit 0

# A process number is used again after a while: only a process that runs from this environment is ours to stop.
if process_runs "$pid"; then
    if [ -r "/proc/$pid/cmdline" ]; then
        command=$(tr '\0' ' ' <"/proc/$pid/cmdline")
    else
        command=$(ps -o args= -p "$pid")
    fi
    case $command in
    "$root/releases/"*)
        kill -TERM "$pid" 2>/dev/null || true
        for _ in {1..100}; do
            process_runs "$pid" || break
            sleep 0.1
        done
        if process_runs "$pid"; then
            printf 'process %s does not heed TERM, killing it\n' "$pid" >&2
            kill -KILL "$pid" 2>/dev/null || true
            for _ in {1..50}; do
                process_runs "$pid" || break
                sleep 0.1
            done
        fi
        ! process_runs "$pid" || fail "process $pid does not end"
        printf 'stopped %s\n' "$pid"
        ;;
    esac
fi
rm -f "$root/service.pid"
