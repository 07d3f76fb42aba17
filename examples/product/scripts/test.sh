#!/usr/bin/env bash
# test.sh [COMMIT]
#
# Runs the product's tests on COMMIT, or on the work tree when none is named.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ $# -le 1 ] || fail 'usage: test.sh [COMMIT]'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ $# -eq 1 ]; then
    commit=$(full_commit "$1")
    mkdir "$work/source"
    export_commit "$commit" "$work/source"
    source=$work/source
else
    commit=work-tree
    source=$(cd "$(dirname "$0")/.." && pwd)
fi

(cd "$source" && RELEASE_COMMIT=$commit rustc --edition 2021 --test -o "$work/tests" src/main.rs)
printf 'tests of %s\n' "$commit"
# In one order, so that two runs of them can be held beside one another.
"$work/tests" --color never --test-threads 1
