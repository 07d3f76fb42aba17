#!/bin/bash
# Makes the corpus anew: tests/records/FORMAT/NAME.tar.gz, one record each, good and forged, and tests/records/FORMAT/trusted.
# Usage, as root, for namespaces of its own: HOLDPOINT=/path/to/holdpoint make-corpus.sh DIR [NAME…]
#
# All of it for a new version of the record format alone: what is there stays, and must go on getting the words it has. DIR is a
# directory that is not there yet. With names, only these: to be added to those that are there, with their lines of SHA256SUMS. expected.txt is then written by a person, who knows why each word is right.
#
# No trace of a machine gets into a record: host `shop`, account `ops`, directories below /srv, and a clock that stands in
# March 2026, when the keys counted that no longer do: verifiers must judge by recorded times. Needs libfaketime, sshd,
# openssl, python3, git, jq, zstd.
set -eu
if [ "${1-}" != --inside ]; then
    program=$(realpath "${HOLDPOINT:?}")
    mkdir "$1"
    exec unshare -m -u -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin bash "$(realpath "$0")" --inside "$(realpath "$1")" "$program" "${@:2}"
fi
to=$2 program=$3 names=${*:4} from=$(dirname "$(realpath "$0")")
fake=$(ls /usr/lib/*/faketime/libfaketime.so.1)
ahead=$(($(date -u +%s) - $(date -u -d '2026-03-02T09:00:00Z' +%s)))
hostname shop
mount -t tmpfs none /mnt
cp -a /etc /mnt/etc
sed -i '/^[^:]*:[^:]*:1000:/d; /^ops:/d' /mnt/etc/passwd /mnt/etc/group
echo 'ops:x:1000:1000:Olive Operator:/srv/home:/bin/sh' >> /mnt/etc/passwd
echo 'ops:x:1000:' >> /mnt/etc/group
echo "-$ahead" > /mnt/etc/faketimerc
echo shop > /mnt/etc/hostname
mkdir -p /mnt/srv/home /mnt/srv/bin /mnt/srv/independent
cp "$program" /mnt/srv/bin/holdpoint
cp "$from"/*.sh "$from"/*.py /mnt/srv/independent
chown -R 1000:1000 /mnt/srv
chmod 755 /mnt /mnt/srv /mnt/srv/*
mount --bind /mnt/etc /etc
mount --bind /mnt/srv /srv
# Filled by whom the clock is for: the library does not survive a change of accounts.
: > /etc/ld.so.preload
chown 1000 /etc/ld.so.preload
cd /srv
run=(setpriv --reuid 1000 --regid 1000 --clear-groups env -i PATH=/srv/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/srv/home
    TZ=Etc/UTC LC_ALL=C.UTF-8 GIT_CONFIG_NOSYSTEM=1 NO_FAKE_STAT=1 FAKETIME_DONT_FAKE_MONOTONIC=1
    HOLDPOINT=/srv/bin/holdpoint HOLDPOINT_OPERATOR=ops@example.org KEYS_FROM=20240101Z KEYS_UNTIL=20260601Z)
"${run[@]}" bash -c "echo $fake > /etc/ld.so.preload
    bash independent/records.sh /srv/shop && bash independent/more-records.sh /srv/works /srv/shop &&
    bash independent/timed-records.sh /srv/times /srv/shop && bash independent/later-records.sh /srv/later /srv/shop &&
    python3 independent/corpus.py /srv/shop /srv/corpus $names; status=\$?; : > /etc/ld.so.preload; exit \$status"
: > /etc/ld.so.preload
cp -r /srv/corpus/. "$to"
chmod -R u=rwX,go=rX "$to"
cd "$to"
find . -type f | LC_ALL=C sort | cut -c 3- | xargs sha256sum > SHA256SUMS
