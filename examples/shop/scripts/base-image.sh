#!/usr/bin/env bash
# Makes the image that both Dockerfiles start from out of this machine's own programs: busybox, and psql with its libraries.
# For a machine that can pull from nowhere. A shop that has a registry sets BASE to an image of its own, by digest, and
# needs this no more.
#
#   scripts/base-image.sh [NAME]
set -euo pipefail
name=${1:-shop-base}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
root=$folder/root
mkdir -p "$root/bin" "$root/etc" "$root/tmp"
install -m 755 "$(command -v busybox)" "$root/bin/busybox"
for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
# Debian's psql is a script that looks for this one.
psql=$(find /usr/lib/postgresql/*/bin/psql /usr/bin/psql 2>/dev/null | head -n 1)
install -m 755 "$psql" "$root/bin/psql"
ldd "$psql" | grep -o '/[^ ]*' | while read -r library; do
    install -D -m 755 "$library" "$root$library"
done
printf 'FROM scratch\nCOPY root /\n' > "$folder/Dockerfile"
docker build --quiet --tag "$name" "$folder"
