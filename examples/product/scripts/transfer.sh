#!/usr/bin/env bash
# transfer.sh BUILD
#
# Copies a build into the environment: DEPLOY_ROOT/releases/COMMIT. Activates nothing.
# Once more with the same build: nothing to do. With another build of the same commit: an error.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ $# -eq 1 ] || fail 'usage: transfer.sh BUILD'
build=$1
[ -f "$build/commit" ] || fail "not a build: $build"
commit=$(cat "$build/commit")
root=$(deploy_root)
release=$root/releases/$commit

(cd "$build" && sha256sum --check --quiet service.sha256) || fail "the build is damaged: $build"
if [ -e "$release" ]; then
    cmp -s "$build/service.sha256" "$release/service.sha256" || fail "another build of this commit is there: $release"
    (cd "$release" && sha256sum --check --quiet service.sha256) || fail "the release is damaged: $release"
    printf 'already there: %s\n' "$commit"
    exit 0
fi

incoming=$root/releases/.incoming-$commit
rm -rf "$incoming"
cp -R "$build" "$incoming"
(cd "$incoming" && sha256sum --check --quiet service.sha256) || fail "damaged on the way: $incoming"
mv "$incoming" "$release"
printf 'transferred %s\n' "$commit"
