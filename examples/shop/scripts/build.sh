#!/usr/bin/env bash
# Builds the images of both services from exactly this commit, not from the work tree, and says their digests. They carry
# the commit as the label org.opencontainers.image.revision. Nothing is tagged: a digest is never resolved anew.
#
#   scripts/build.sh COMMIT
set -euo pipefail
commit=$(git rev-parse --verify "$1^{commit}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git archive "$commit" web worker | tar -x -C "$folder"
for service in web worker; do
    image=$(docker build --quiet --build-arg "BASE=${BASE:-shop-base}" --build-arg "REVISION=$commit" "$folder/$service")
    echo "$service $image"
done
