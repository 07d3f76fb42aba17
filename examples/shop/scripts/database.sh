#!/usr/bin/env bash
# The database, on the host where it is. PGHOST, PGDATABASE and PGUSER say which; nobody needs a password there.
#
#   database.sh backup FILE       writes a backup, and reads it again
#   database.sh version           the number of the last change that is applied; 0 for none
#   database.sh up FOLDER         applies the changes in FOLDER that are not applied yet
#   database.sh down FOLDER N     takes back those after number N, last one first
set -euo pipefail
export PGHOST=${PGHOST:-/var/run/postgresql} PGDATABASE=${PGDATABASE:-shop} PGUSER=${PGUSER:-$(id -un)}
query() { psql -X -q -t -A -v ON_ERROR_STOP=1 "$@"; }
prepare() { query -c 'SET client_min_messages = warning; CREATE TABLE IF NOT EXISTS applied (number int PRIMARY KEY, name text NOT NULL)'; }
case $1 in
backup)
    mkdir -p "$(dirname "$2")"
    pg_dump --format=custom --file="$2.part"
    pg_restore --list "$2.part" > "$2.contents"
    mv "$2.part" "$2"
    sha256sum "$2"
    ;;
version)
    prepare
    query -c 'SELECT coalesce(max(number), 0) FROM applied'
    ;;
up)
    prepare
    for file in "$2"/*.up.sql; do
        name=$(basename "$file" .up.sql)
        number=$((10#${name%%-*}))
        if [ -n "$(query -c "SELECT 1 FROM applied WHERE number = $number")" ]; then continue; fi
        query --single-transaction -f "$file" -c "INSERT INTO applied VALUES ($number, '$name')"
        echo "applied $name"
    done
    ;;
down)
    query -c "SELECT name FROM applied WHERE number > $3 ORDER BY number DESC" | while read -r name; do
        number=$((10#${name%%-*}))
        query --single-transaction -f "$2/$name.down.sql" -c "DELETE FROM applied WHERE number = $number" < /dev/null
        echo "took back $name"
    done
    ;;
*) echo "database.sh: $1 is none of backup, version, up, down" >&2; exit 2 ;;
esac
