# Shared by the scripts beside it; sourced, never run. Strict mode is the caller's.

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Writes the files of one commit into a directory, whatever the work tree looks like.
export_commit() { # COMMIT DIRECTORY
    git archive --format=tar "$1" | tar -x -f - -C "$2"
}

# A full commit name, or fails: a short or misspelt one must not build something else.
full_commit() { # COMMIT
    git rev-parse --verify --quiet --end-of-options "$1^{commit}" || fail "no such commit: $1"
}

# The deployment's directory, absolute.
deploy_root() {
    [ -n "${DEPLOY_ROOT:-}" ] || fail 'DEPLOY_ROOT is not set: the directory this environment is deployed to'
    mkdir -p "$DEPLOY_ROOT/releases" "$DEPLOY_ROOT/backups"
    (cd "$DEPLOY_ROOT" && pwd -P)
}

# The commit that is active, or nothing.
active_commit() { # ROOT
    local link
    link=$(readlink "$1/current" 2>/dev/null) || return 0
    printf '%s\n' "${link##*/}"
}

# Whether a process runs. One that has ended and waits to be reaped (containers often have nobody who reaps) does not.
process_runs() { # PID
    kill -0 "$1" 2>/dev/null || return 1
    if [ -r "/proc/$1/stat" ]; then
        local stat
        stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
        stat=${stat##*) }
        [ "${stat%% *}" != Z ]
    fi
}
