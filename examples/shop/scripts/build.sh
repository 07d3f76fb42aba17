#!/usr/bin/env bash
# Says the digests of the images of both services at exactly this commit. An image of it that is here already is taken, not
# built again: a second build would be another image, whatever the first one was tested for. What is built is built from the
# commit, not from the work tree, and carries it as the label org.opencontainers.image.revision. Nothing is tagged: a digest is
# never resolved anew. BASE is an image by digest, or one of this machine, which is looked up once for both services.
#
#   scripts/build.sh COMMIT
set -euo pipefail
commit=$(git rev-parse --verify "$1^{commit}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
base=${BASE:-shop-base}
case $base in
*@sha256:*) ;;
*)
    id=$(docker image inspect --format '{{ .Id }}' "$base")
    base=shop-base:${id#sha256:} # A name that says which one it is: builders take no bare id.
    docker tag "$id" "$base"
    ;;
esac
git archive "$commit" web worker | tar -x -C "$folder"
for service in web worker; do
    title=org.opencontainers.image.title=shop-$service revision=org.opencontainers.image.revision=$commit
    # The newest first. Whether it is the one that was rehearsed, the rehearsal says (`same` in holdpoint.toml).
    image=$(docker image ls --quiet --no-trunc --filter "label=$title" --filter "label=$revision" | sed -n 1p)
    if [ -z "$image" ]; then
        image=$(docker build --quiet --label "$title" --build-arg "BASE=$base" --build-arg "REVISION=$commit" "$folder/$service")
    fi
    echo "$service $image"
done
