#!/usr/bin/env bash
# Brings a release to a host over ssh: the scripts and the database's changes of this commit, and images by digest. Nothing
# that serves is touched. A second time it changes nothing.
#
#   scripts/transfer.sh ssh://USER@HOST COMMIT IMAGE...
set -euo pipefail
host=$1 commit=$(git rev-parse --verify "$2^{commit}")
shift 2
release=shop/releases/$commit
git archive "$commit" scripts database | ssh "$host" "
    set -eu
    rm -rf '$release.part' && mkdir -p '$release.part' && tar -x -C '$release.part'
    rm -rf '$release' && mv '$release.part' '$release'"
for image in "$@"; do
    if ! ssh "$host" "docker image inspect '$image' > shop/inspected 2>&1" < /dev/null; then
        docker save "$image" | ssh "$host" docker load
    fi
    # An image's digest is that of its own description: what is there under it is what was built.
    there=$(ssh "$host" "docker image inspect --format '{{ .Id }}' '$image'" < /dev/null)
    test "$there" = "$image"
    echo "$host has $image"
done
