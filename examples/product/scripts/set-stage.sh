#!/usr/bin/env bash
# set-stage.sh
#
# Puts a rehearsal's stage where production stands, which is where every promotion begins: the rehearsal's branch at
# the live branch's commit, no tag and no release of an earlier rehearsal, the live release active. Safe to repeat.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
: "${REMOTE:?}" "${LIVE_BRANCH:?}" "${TARGET_BRANCH:?}" "${RELEASE:?}"
# The guards that keep a rehearsal off the real branch and the real tags.
[ "$TARGET_BRANCH" != "$LIVE_BRANCH" ] || fail "$TARGET_BRANCH is the live branch, not a rehearsal's"
[ -n "${TAG_PREFIX:-}" ] || fail 'TAG_PREFIX is empty: a rehearsal must not touch real tags'

git fetch --quiet "$REMOTE"
live=$(full_commit "refs/remotes/$REMOTE/$LIVE_BRANCH")
git push --quiet --force "$REMOTE" "$live:refs/heads/$TARGET_BRANCH"

tag=refs/tags/$TAG_PREFIX$RELEASE
if [ -n "$(git ls-remote "$REMOTE" "$tag")" ]; then git push --quiet "$REMOTE" ":$tag"; fi
if git rev-parse --verify --quiet "$tag" >/dev/null; then git update-ref -d "$tag"; fi

root=$(deploy_root)
if [ ! -d "$root/releases/$live" ]; then
    "$here/build.sh" "$live" "build/$live"
    "$here/transfer.sh" "build/$live"
fi
if [ "$(active_commit "$root")" != "$live" ]; then "$here/activate.sh" "$live"; fi
for release in "$root"/releases/*/; do
    release=$(basename "$release")
    if [ "$release" != "$live" ]; then "$here/remove-release.sh" "$release"; fi
done
printf 'stage set at %s\n' "$live"
