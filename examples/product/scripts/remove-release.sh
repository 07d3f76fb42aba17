#!/usr/bin/env bash
# remove-release.sh COMMIT
#
# Takes a release away from the environment again. Refuses the one that serves.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ $# -eq 1 ] || fail 'usage: remove-release.sh COMMIT'
[[ $1 =~ ^[0-9a-f]{40,64}$ ]] || fail "not a full commit name: $1"
root=$(deploy_root)
[ "$(active_commit "$root")" != "$1" ] || fail "$1 is active; activate another release first"
rm -rf "$root/releases/$1" "$root/releases/.incoming-$1"
printf 'removed %s\n' "$1"
