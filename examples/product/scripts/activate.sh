#!/usr/bin/env bash
# activate.sh COMMIT
#
# Lets COMMIT serve: switches DEPLOY_ROOT/current, stops the old process and waits until it is gone, starts the new
# one on 127.0.0.1:APP_PORT and waits until it answers as COMMIT. Fails loudly, and leaves the log's end on stderr.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
[ $# -eq 1 ] || fail 'usage: activate.sh COMMIT'
commit=$1
port=${APP_PORT:-}
[[ $port =~ ^[0-9]+$ ]] || fail 'APP_PORT is not set: the port this environment serves on'
root=$(deploy_root)
release=$root/releases/$commit
log=$root/service.log

[ -f "$release/service" ] || fail "not transferred: $commit"
(cd "$release" && sha256sum --check --quiet service.sha256) || fail "the release is damaged: $release"

# One activation at a time. The new process must not hold the lock: launch() closes all but its three streams.
exec 7>"$root/activate.lock"
flock --nonblock 7 || fail "another activation is under way in $root"

ln -sfn "releases/$commit" "$root/current.next"
mv -T "$root/current.next" "$root/current"

"$here/stop.sh"

# Detached: its own session, a clean environment, every stream to the log, no descriptor of ours left open.
launch() {
    exec </dev/null >>"$log" 2>&1
    local fd
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        # The number of the listing's own descriptor is closed by now; closing it again is harmless.
        if [[ $fd =~ ^[0-9]+$ ]] && [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
    done
    for fd in 3 4 5 6 7 8 9; do eval "exec $fd>&-"; done
    cd "$root"
    # The process writes its own number, then becomes the service.
    exec env -i PATH="$PATH" setsid nohup "$BASH" -c 'echo $$ >"$1"; exec "$2" "$3"' \
        launch "$root/service.pid" "$release/service" "127.0.0.1:$port"
}
(launch) &

answer=
for _ in {1..100}; do
    if answer=$("$here/http-get" "http://127.0.0.1:$port/version" 2 2>/dev/null); then
        break
    fi
    answer=
    if [ -s "$root/service.pid" ] && ! process_runs "$(cat "$root/service.pid")"; then
        break
    fi
    sleep 0.1
done
pid=$(cat "$root/service.pid" 2>/dev/null || true)
case $answer in
*"\"commit\":\"$commit\""*"\"pid\":$pid}"*) ;;
*)
    tail -n 5 "$log" >&2
    fail "127.0.0.1:$port does not answer as $commit (process ${pid:-unknown}) but: ${answer:-nothing}"
    ;;
esac
printf 'active %s\npid %s\n' "$commit" "$pid"
