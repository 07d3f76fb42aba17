#!/usr/bin/env bash
# Says what runs of a service on the host where this runs: `IMAGE REVISION`, a line for each instance that is not stopped.
#
#   running.sh web|worker
set -euo pipefail
docker container ls --quiet --filter "name=^shop-$1-" | while read -r container; do
    docker container inspect --format '{{ .Image }} {{ index .Config.Labels "org.opencontainers.image.revision" }}' "$container"
done
