#!/usr/bin/env bash
# Activates an image of a service on the host where this runs, without a failed request: starts it beside what serves, waits
# until it is healthy, switches nginx over, lets the old instance end what it has, and stops it. The old one is kept, stopped.
# To roll back is to activate the image from before. Wherever this was interrupted, it is done by doing it again; an image
# that is active already is not started a second time.
#
#   activate.sh web|worker IMAGE
#
# IMAGE is a digest that the host has (`docker load`, or a registry). Takes from the environment:
#   NGINX_COMMAND  how nginx is called here (NGINX itself is its own) (sudo -n nginx)
#   WEB_PORTS  two loopback ports that take turns          (18081 18082)
#   DRAIN      how long requests may take to end, seconds  (30)
#   PGHOST, PGDATABASE, PGUSER  the worker's database; PGHOST is a directory with its socket, so that no password is needed
#                               (/var/run/postgresql shop, and whoever calls this)
set -euo pipefail
service=$1 image=$2
read -r -a nginx <<< "${NGINX_COMMAND:-sudo -n nginx}"
read -r -a ports <<< "${WEB_PORTS:-18081 18082}"
export PGHOST=${PGHOST:-/var/run/postgresql} PGDATABASE=${PGDATABASE:-shop} PGUSER=${PGUSER:-$(id -un)}
root=$HOME/shop
mkdir -p "$root"
upstream=$root/web-upstream.conf

# One activation at a time on a host.
exec 9> "$root/activate.lock"
flock 9

name() { echo "shop-$service-$1"; }
image_of() { docker container inspect --format '{{ .Image }}' "$(name "$1")" 2> "$root/docker.err" || true; }
is_running() { [ "$(docker container inspect --format '{{ .State.Running }}' "$(name "$1")" 2> "$root/docker.err")" = true ]; }
remove() { docker container rm --force "$(name "$1")" > "$root/docker.out" 2>&1 || true; }

# Which of the two is in use: 0, 1, or nothing.
active() {
    case $service in
    web) for slot in 0 1; do if grep -qs "127.0.0.1:${ports[slot]};" "$upstream"; then echo "$slot"; fi; done ;;
    worker) if [ -e "$root/worker-active" ]; then cat "$root/worker-active"; fi ;;
    esac
}

start() {
    local slot=$1
    local more=(--read-only --tmpfs /tmp --cap-drop ALL --restart unless-stopped --network host --user "$(id -u):$(id -g)")
    case $service in
    web) more+=(--env "PORT=${ports[slot]}") ;;
    worker) more+=(--env PGHOST --env PGDATABASE --env PGUSER --volume "$PGHOST:$PGHOST:ro") ;;
    esac
    remove "$slot"
    docker run --detach --name "$(name "$slot")" "${more[@]}" "$image" > "$root/docker.out"
    echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $service $image" >> "$root/activations"
}

is_healthy() {
    is_running "$1" && case $service in
    web) curl --silent --fail --max-time 2 "http://127.0.0.1:${ports[$1]}/cgi-bin/health" > "$root/health" ;;
    worker) docker exec "$(name "$1")" psql -X -q -c 'SELECT 1' > "$root/health" 2>&1 ;;
    esac
}

await_health() {
    local slot=$1
    for _ in {1..150}; do
        if is_healthy "$slot"; then return; fi
        sleep 0.2
    done
    echo "$service: $image does not become healthy; it is removed, and what served goes on" >&2
    docker logs "$(name "$slot")" >&2 || true
    remove "$slot"
    exit 1
}

# Whoever makes this decision makes it whole: a file that has a new name.
decide() {
    case $service in
    web) echo "server 127.0.0.1:${ports[$1]};" > "$upstream.new" && mv "$upstream.new" "$upstream" ;;
    worker) echo "$1" > "$root/worker-active.new" && mv "$root/worker-active.new" "$root/worker-active" ;;
    esac
}

# Has nginx read its configuration anew, and waits until the workers that it had have ended what they have, and themselves.
switch_over() {
    local file master workers worker
    file=$("${nginx[@]}" -T 2> "$root/nginx.err" | sed -n 's/^[[:space:]]*pid[[:space:]]\{1,\}\(.*\);$/\1/p' | tail -n 1)
    master=$(cat "${file:-/run/nginx.pid}")
    # Named before the reload: a moment after it nobody can tell old from new.
    workers=$(pgrep --parent "$master" --full 'worker process' || true)
    "${nginx[@]}" -s reload
    for ((tenths = 0; tenths < ${DRAIN:-30} * 10; tenths++)); do
        for worker in $workers; do
            if [ -e "/proc/$worker" ]; then
                sleep 0.1
                continue 2
            fi
        done
        return
    done
    echo "web: requests that the old instance has are cut off after ${DRAIN:-30} s" >&2
}

# nginx takes no configuration whose upstream is missing or empty: before the first instance there is nobody to ask.
if [ "$service" = web ] && [ ! -s "$upstream" ]; then echo 'server 127.0.0.1:1;' > "$upstream"; fi
# A configuration that nginx does not take now would not be taken after the switch either.
if [ "$service" = web ]; then "${nginx[@]}" -t -q; fi
old=$(active)
if [ -n "$old" ] && [ "$(image_of "$old")" = "$image" ] && is_running "$old"; then
    new=$old
    echo "$service: $image is active already"
else
    new=$((1 - ${old:-1}))
    start "$new"
    await_health "$new"
    decide "$new"
fi
if [ "$service" = web ]; then switch_over; fi
other=$((1 - new))
if is_running "$other"; then docker stop --time 10 "$(name "$other")" > "$root/docker.out"; fi
echo "$service: $image is active, instance $(name "$new")"
