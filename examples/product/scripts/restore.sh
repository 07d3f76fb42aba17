#!/usr/bin/env bash
# restore.sh ARCHIVE
#
# Puts the release of a backup back into DEPLOY_ROOT/releases. Activates nothing. A release that is there stays.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ $# -eq 1 ] || fail 'usage: restore.sh ARCHIVE'
archive=$1
[ -f "$archive" ] || fail "no such backup: $archive"
root=$(deploy_root)
(cd "$(dirname "$archive")" && sha256sum --check --quiet "${archive##*/}.sha256") || fail "the backup is damaged: $archive"

commit=${archive##*/}
commit=${commit%%-*}
if [ -d "$root/releases/$commit" ]; then
    printf 'already there: %s\n' "$commit"
    exit 0
fi
tar -x -f "$archive" -C "$root/releases"
(cd "$root/releases/$commit" && sha256sum --check --quiet service.sha256) || fail "the restored release is damaged"
printf 'restored %s\n' "$commit"
