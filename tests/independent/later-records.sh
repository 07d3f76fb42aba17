#!/bin/bash
# Makes the kinds of record that came later, in a repository LATER, beside those of records.sh in SHOP, whose keys it takes.
# Usage: HOLDPOINT=/path/to/holdpoint later-records.sh LATER SHOP
. "$(dirname "$0")/ends.sh"
later=$1 shop=$2
rm -rf "$later"; mkdir -p "$later"; cd "$later" || exit 1
mkdir -p "$later.tmp"; export TMPDIR=$later.tmp SSH_AUTH_SOCK='' GIT_CONFIG_GLOBAL=/dev/null
keys=$shop/keys from=${KEYS_FROM:-20200101} until=${KEYS_UNTIL:-20400101}
spaces='namespaces="signoff@holdpoint,session@holdpoint,review@holdpoint"'
git init -q -b main .; git config user.email ops@example.org; git config user.name 'Olive Operator'
for who in ops qa; do
    echo "$who@example.org $spaces,valid-after=\"$from\",valid-before=\"$until\" $(cut -d' ' -f1,2 "$keys/$who.pub")"
done > allowed_signers
: > revoked
printf '/.holdpoint/\n' > .gitignore
common='[signers]
file = "allowed_signers"
revoked = "revoked"

[people."ops@example.org"]
name = "Olive Operator"
[people."qa@example.org"]
name = "Quinn Auditor"

[roles]
operator = ["ops@example.org"]
qa = ["qa@example.org", "ops@example.org"]
'
printf '%s\n' "$common" '[environments.vault]
signature = "ssh"
sessions = "ssh"

[environments.office]
signature = "ssh"
override = ["operator"]
requires = { change = { pattern = "CHG[0-9]+", check = "ask.sh" }, window = "Mon 00:00..Sun 23:59 Etc/UTC", freeze = "freeze.ics" }' > holdpoint.toml
printf '#!/bin/sh\necho "asked about $HOLDPOINT_CHANGE"\n' > ask.sh; chmod 755 ask.sh
printf '%s\r\n' 'BEGIN:VCALENDAR' 'VERSION:2.0' 'PRODID:-//shop//freezes//EN' 'BEGIN:VEVENT' 'UID:1@example.org' \
    'DTSTAMP:20260101T000000Z' 'DTSTART:20261224T000000Z' 'DTEND:20270102T000000Z' 'SUMMARY:End of the year' 'END:VEVENT' \
    'END:VCALENDAR' > freeze.ics
cat > null.md <<'R'
---
runbook: 1
title: Look for the next one
roles: [operator, qa]
---

# Look for the next one

## Look

```sh check
#| capture: { NEXT: { json: $.next, null: true }, LAST: { json: $.last } }
echo '{"next": null, "last": "v1"}'
```

## Release

```yaml signoff
role: qa
meaning: approval
statement: I release {{ LAST }}; the next one is {{ NEXT }}.
independent: true
```

## Change

```sh run
echo "$NEXT"
```
R
git add -A; git commit -qm First
run() { hp 3 run "$@" --unattended; }
sign() { hp 0 sign "$1" --as qa@example.org --key "$keys/qa" --yes; }
echo 1 sessions signed, null captured; run null.md --env vault --key "$keys/ops"; sign 1
hp 0 resume 1 --unattended --key "$keys/ops"
echo 2 under a change, in a window, beside a freeze; run null.md --env office --change CHG7; sign 2; hp 0 resume 2 --unattended
printf '%s\n' "$common" '[environments]
vault = { signature = "ssh", sessions = "ssh" }' > holdpoint.toml
git commit -qam 'In one line'
echo 3 an environment in one line; run null.md --env vault --key "$keys/ops"; sign 3
hp 0 resume 3 --unattended --key "$keys/ops"
cat > answered.md <<'R'
---
runbook: 1
title: Look at the start page
roles: [operator, qa]
---

# Look at the start page

## Look

- [ ] The start page shows v1.1

```yaml record
errors: { prompt: Errors in percent, type: number }
```

## Release

```yaml signoff
role: qa
meaning: approval
statement: I release v1.1.
independent: true
```
R
printf 'steps:\n  look#1: { confirm: true }\n  look#2: { value: { errors: "0.02" } }\n' > answers.yaml
printf '%s\n' "$common" '[environments.vault]
signature = "ssh"
sessions = "ssh"' > holdpoint.toml
git add -A; git commit -qm Answered
echo 4 answered by a file; run answered.md --env vault --answers answers.yaml --key "$keys/ops"; sign 4
hp 0 resume 4 --unattended --key "$keys/ops"
cat > several.md <<'R'
---
runbook: 1
title: Look at the load
roles: [operator, qa]
---

# Look at the load

## Look

```yaml record
errors: { prompt: Errors in percent, type: number }
latency: { prompt: Latency in milliseconds, type: integer }
```

## Release

```yaml signoff
role: qa
meaning: approval
statement: I release v1.2.
independent: true
```
R
printf 'steps:\n  look#1: { value: { errors: "0.02", latency: "180" } }\n' > answers.yaml
git add -A; git commit -qm Several
echo 5 several values, one corrected; run several.md --env vault --answers answers.yaml --key "$keys/ops"
hp 0 correct 5 latency 108 --reason 'Two digits were swapped'; sign 5
hp 0 resume 5 --unattended --key "$keys/ops"
for n in 1 2 3 4 5; do
    hp 0 verify "$n"
    hp 0 export "$n" -o "$later.tmp/$n.tar.zst" >/dev/null
    mkdir -p "$later.tmp/out" && tar -C "$later.tmp/out" --zstd -xf "$later.tmp/$n.tar.zst"
    # Beside the other scripts', where forge.py looks.
    for dir in "$later.tmp/out/00$(printf %02d "$n")"-*; do mv "$dir" "$shop/out/03${dir##*/00}"; done
done
