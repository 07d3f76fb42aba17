#!/bin/sh
# Serves on PORT until it is told to stop. Requests that are under way then have processes of their own, and end.
httpd -f -p "127.0.0.1:$PORT" -h /www &
server=$!
trap 'kill "$server"' TERM INT
wait "$server"
