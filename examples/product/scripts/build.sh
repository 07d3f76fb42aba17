#!/usr/bin/env bash
# build.sh COMMIT OUTDIR
#
# Builds exactly COMMIT, never the work tree, into OUTDIR: service, service.sha256, commit.
# Prints the commit and the digest of what it built.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ $# -eq 2 ] || fail 'usage: build.sh COMMIT OUTDIR'
commit=$(full_commit "$1")
out=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/source" "$work/out"
export_commit "$commit" "$work/source"

# From inside the export and with paths remapped, so that the same commit gives the same bytes anywhere.
(
    cd "$work/source"
    RELEASE_COMMIT=$commit rustc --edition 2021 -O -C strip=symbols --remap-path-prefix "$work/source=." \
        --crate-name service -o "$work/out/service" src/main.rs
)
[ "$("$work/out/service" --version)" = "$commit" ] || fail "the binary does not say that it is $commit"
(cd "$work/out" && sha256sum service >service.sha256)
printf '%s\n' "$commit" >"$work/out/commit"

# Beside its place first, so that OUTDIR is either the old build or the whole new one.
mkdir -p "$(dirname "$out")"
rm -rf "$out.incoming"
cp -R "$work/out" "$out.incoming"
rm -rf "$out"
mv "$out.incoming" "$out"

digest=$(cut -d' ' -f1 "$out/service.sha256")
printf 'commit %s\nsha256 %s\n' "$commit" "$digest"
