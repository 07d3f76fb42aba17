#!/bin/bash
# Makes records of windows, freezes, changes, checks that must hold, and documents that were exchanged, in a scratch repository TIMES,
# beside records.sh's SHOP. The clock stands on a Monday, 2026-03-02, at nine.
# Usage: HOLDPOINT=/path/to/holdpoint timed-records.sh TIMES SHOP
. "$(dirname "$0")/ends.sh"
times=$1 shop=$2
rm -rf "$times"; mkdir -p "$times"; cd "$times" || exit 1
mkdir -p "$times.tmp"; export TMPDIR=$times.tmp SSH_AUTH_SOCK='' GIT_CONFIG_GLOBAL=/dev/null
git init -q -b main .; git config user.email ops@example.org; git config user.name 'Olive Operator'
printf '/.holdpoint/\n/log\n' > .gitignore
cat > holdpoint.toml <<'T'
[people."ops@example.org"]
name = "Olive Operator"
[people."lead@example.org"]
name = "Lea Lead"

[roles]
lead = ["lead@example.org"]

[environments.local]

[environments.day]
requires = { window = "Mon 08:00..Mon 18:00 UTC", freeze = "freeze.ics" }
override = ["lead"]

[environments.ticket]
requires = { change = { pattern = '^CHG\d+$', check = "is-open.sh" } }

[environments.night]
requires = { window = "Tue 22:00..Wed 02:00 Europe/Berlin" }
override = ["lead"]
T
printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:-//shop//EN BEGIN:VEVENT UID:1 DTSTAMP:20260101T000000Z \
    'DTSTART;VALUE=DATE:20261224' 'DTEND;VALUE=DATE:20261227' RRULE:FREQ=YEARLY SUMMARY:Christmas END:VEVENT END:VCALENDAR > freeze.ics
printf '#!/bin/sh\necho "$1 is open"\n' > is-open.sh; chmod 755 is-open.sh
book() { printf -- '---\nrunbook: 1\ntitle: %s\n---\n\n# %s\n\n' "$1" "$1"; cat; }
book 'Change by day' > change.md <<'R'
## Look

```sh check
echo well
```

## Change

```sh run
echo changed >> log
```

```sh rollback
echo undone >> log
```
R
soak() { printf '## Watch\n\n```yaml step\nexpected: 1s\n```\n\n```sh check\n#| hold: { for: 300ms, every: 100ms }\necho tried >> log; %s\n```\n\n## Tell\n\n- [ ] Everybody was told\n' "$1"; }
soak 'echo steady' | book 'Watch it' > soak.md
soak 'test "$(wc -l < log)" -lt 3' | book 'Watch it break' > breaks.md
turn='## Look

```sh check
echo seen
```

- [ ] The lamp is green

## Turn

```sh run
echo turned >> log
```
'
printf '%s' "$turn" | book 'Turn it' > turn.md
printf 'steps: { tell: { confirm: true } }\n' > told.yaml
printf 'steps: { look: { confirm: true } }\n' > green.yaml
git add -A; git commit -qm First
run() { hp "$1" run "${@:2}" --unattended; }
echo 1 in its window and out of its freeze; run 0 change.md --env day
echo 2 out of its window, overridden; run 0 change.md --env night --override 'the mill is down' --override-by lead@example.org
rm -f log
echo 3 held for long enough; run 0 soak.md --env local --answers told.yaml
rm -f log
echo 4 did not hold to the end; run 3 breaks.md --env local
echo 5 exchanged; run 3 turn.md --env local
{ printf '%s' "$turn" | sed 's/turned/turned twice/'; printf '\n## Tell\n\n```sh check\ntrue\n```\n'; } | book 'Turn it' > turn.md
git commit -qam Mended
hp 0 resume 5 --with-new-document --reason 'once is not enough' --unattended --answers green.yaml
rm -f log
echo 6 under a change; run 0 change.md --env ticket --change CHG0042
for n in 1 2 3 4 5 6; do
    hp 0 verify "$n" 2> "$times.tmp/why"
    hp 0 export "$n" -o "$times.tmp/$n.tar.zst" >/dev/null
    mkdir -p "$times.tmp/out" && tar -C "$times.tmp/out" --zstd -xf "$times.tmp/$n.tar.zst"
    # Beside those of the other scripts, where forge.py looks.
    for dir in "$times.tmp/out/00$(printf %02d "$n")"-*; do mv "$dir" "$shop/out/02${dir##*/00}"; done
done
