#!/bin/sh
# Handles one order after the other until it is told to stop. Where two of these are at work, none takes the other's order.
# PGHOST, PGDATABASE and PGUSER say which database.
told=
trap 'told=1' TERM INT
while [ -z "$told" ]; do
    psql -X -q -v ON_ERROR_STOP=1 -v revision="$REVISION" <<'SQL' || sleep 1
UPDATE orders SET handled_by = :'revision'
WHERE id = (SELECT id FROM orders WHERE handled_by IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED);
SQL
    sleep 0.2
done
