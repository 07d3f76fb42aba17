#!/usr/bin/env bash
# backup.sh
#
# Packs the release that is active into DEPLOY_ROOT/backups, with a digest beside it. Prints the archive's path, as
# DEPLOY_ROOT is written.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
root=$(deploy_root)
commit=$(active_commit "$root")
[ -n "$commit" ] || fail "nothing is active in $root"

name=$commit-$(date -u +%Y%m%dT%H%M%S.%NZ).tar
tar -c -f "$root/backups/.$name" -C "$root/releases" "$commit"
mv "$root/backups/.$name" "$root/backups/$name"
(cd "$root/backups" && sha256sum "$name" >"$name.sha256")
printf '%s\n' "$DEPLOY_ROOT/backups/$name"
