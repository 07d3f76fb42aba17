# shellcheck shell=bash
# For the scripts beside it: they stop at the first command that does not end as it must. Runs are numbered, and whoever
# forges them counts on that.
set -euo pipefail
hp=${HOLDPOINT:?}
# The command ends with this code.
ends() {
    local want=$1 code=0
    shift
    "$@" </dev/null || code=$?
    [ "$code" = "$want" ] || { echo "$0: ended with $code and not $want: $*" >&2; exit 1; }
}
# Of the program: hp CODE VERB…
hp() { ends "$1" "$hp" "${@:2}"; }
