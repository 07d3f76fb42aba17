#!/bin/bash
# Makes one record of each kind with the program HOLDPOINT, in a scratch repository WORK.
# Usage: HOLDPOINT=/path/to/holdpoint [KEYS_FROM=20200101 KEYS_UNTIL=20400101] records.sh WORK
. "$(dirname "$0")/ends.sh"
from=${KEYS_FROM:-20200101} until=${KEYS_UNTIL:-20400101}
work=$1
rm -rf "$work"; mkdir -p "$work/keys" "$work/site"; cd "$work" || exit 1
mkdir -p "$work.tmp"; export TMPDIR=$work.tmp SSH_AUTH_SOCK='' HOME=$work
for who in ops qa lead other; do ssh-keygen -q -t ed25519 -N '' -C "$who" -f "keys/$who"; done
git init -q .; git config user.email ops@example.org; git config user.name Ops
mkdir -p runbooks .holdpoint
{
    for who in ops qa lead; do
        echo "$who@example.org namespaces=\"signoff@holdpoint,approval@holdpoint,expunge@holdpoint,review@holdpoint\",valid-after=\"$from\",valid-before=\"$until\" $(cut -d' ' -f1,2 "keys/$who.pub")"
    done
} > .holdpoint/allowed_signers
cut -d' ' -f1,2 keys/other.pub > .holdpoint/revoked
printf '/.holdpoint/runs/\n/keys/\n/site/\n/*.yaml\n/*.zst\n/out/\n/.ssh/\n/.config/\n' > .gitignore
cat > holdpoint.toml <<'T'
[signers]
file = ".holdpoint/allowed_signers"
revoked = ".holdpoint/revoked"

[people."ops@example.org"]
name = "Olive Operator"
[people."qa@example.org"]
name = "Quinn Auditor"
[people."lead@example.org"]
name = "Lea Lead"

[roles]
operator = ["ops@example.org", "qa@example.org", "lead@example.org"]
qa = ["qa@example.org"]
lead = ["lead@example.org"]

[environments.local]
vars = { SITE = "site" }

[environments.staging]
rehearsal = true
vars = { SITE = "site" }

[environments.keys]
signature = "ssh"
vars = { SITE = "site" }

[environments.production]
signature = "ssh"
protected = true
override = ["lead"]
requires = { clean_commit = true, approved_document = true, rehearsal = "staging", max_age = "7d", same = ["RELEASE"] }
vars = { SITE = "site" }
T
cat > runbooks/switch.md <<'R'
---
runbook: 1
title: Switch the web site
approvers: [qa@example.org]
inputs:
  RELEASE: { pattern: '^v\d+\.\d+$', prompt: Release }
roles: [operator, qa]
environments: [local, staging, keys, production]
---

# Switch the web site

## Preflight

```sh check
echo ready for "$RELEASE", "ü€𝄞" '"\/'
```

## Switch

```sh run
echo "$RELEASE" >"$SITE/current"
```

```sh check
cat "$SITE/current"
```

```yaml expect
stdout: [ { equals: "{{ RELEASE }}" } ]
```

```sh rollback
rm "$SITE/current"
```

## Look at it

- [ ] The start page shows {{ RELEASE }}

```yaml record
error_rate: { prompt: Errors in percent, type: number, min: 0, max: 0.1 }
```

## Release

```yaml signoff
role: qa
meaning: approval
statement: I looked at {{ RELEASE }} and release it.
independent: true
```
R
cat > runbooks/fail.md <<'R'
---
runbook: 1
title: Fails
---

# Fails

## Change

```sh run
echo done >"$SITE/change"
```

```sh check
test -f "$SITE/change"
```

```sh rollback
rm "$SITE/change"
```

## Break

```yaml step
on_failure: rollback
```

```sh check
exit 3
```
R
sed 's/on_failure: rollback/on_failure: stop/; s/title: Fails/title: Stops/' runbooks/fail.md > runbooks/stop.md
cat > answers.yaml <<'A'
inputs: { RELEASE: v1.1 }
steps:
  look-at-it: { confirm: true, value: { error_rate: "0.02" } }
A
cp answers.yaml rehearse.yaml; echo '  release: { sign: { as: qa@example.org, name: Quinn Auditor } }' >> rehearse.yaml
git add -A; git commit -qm First
run() { hp "$1" run "${@:2}" --unattended; }
sign() { hp 0 sign "$1" --as qa@example.org --key keys/qa --yes; }
hp 0 approve runbooks/switch.md --as qa@example.org --key keys/qa --yes
git add -A; git commit -qm Approved
echo 1 passed, rehearsed; run 0 runbooks/switch.md --env staging --answers rehearse.yaml
echo 2 production by key; run 3 runbooks/switch.md --env production --answers answers.yaml; sign 2
hp 0 resume 2 --unattended
hp 0 review 2 --kind audit-trail --text "I went through it." --as qa@example.org --key keys/qa --yes
hp 0 review 2 --kind late-note --text "All went well." --as lead@example.org --key keys/lead --yes
echo 3 rolled back; run 1 runbooks/fail.md --env local
echo 4 failed; run 1 runbooks/stop.md --env local
echo 5 open, rejected, noted, corrected, handed over; run 3 runbooks/switch.md --env keys --answers answers.yaml
hp 0 note 5 "A note" --step switch
hp 0 sign 5 --as qa@example.org --key keys/qa --reject --reason "The footer is old"
hp 0 correct 5 error_rate 0.03 --reason "a digit"
hp 0 note 5 "Another" --corrects 11
hp 0 handover 5 --to lead@example.org --note "Look at it"
sign 5
echo 6 overridden by key; sed -i 's/Switch the web site/Switch it/' runbooks/switch.md
git commit -qam Changed; run 3 runbooks/switch.md --env production --answers answers.yaml --override "the mill is down" --override-by lead@example.org --override-key keys/lead
echo 7 expunged; run 3 runbooks/switch.md --env keys --answers answers.yaml; sign 7; hp 0 resume 7 --unattended
printed() { jq -rn 'first(inputs | select(.type == "action.finished") | .output.stdout | select(.bytes > 0) | .sha256)' .holdpoint/runs/"$1"-*/run.jsonl; }
blob=$(printed 0007)
hp 0 expunge 7 --blob "$blob" --reason "it shows the token" --key keys/qa --operator qa@example.org
echo 8 open; run 3 runbooks/switch.md --env keys --answers answers.yaml
git rm -q --cached holdpoint.toml; sed -i '/^\[signers\]/,/^$/d; s/signature = "ssh"//' holdpoint.toml
echo 9 without signers, expunged by nobody; run 0 runbooks/switch.md --env staging --answers rehearse.yaml
blob=$(printed 0009)
hp 0 expunge 9 --blob "$blob" --reason "it shows the token"
git checkout -q HEAD -- holdpoint.toml
echo 10 thirty-two places or many waits are made by hand; run 1 runbooks/stop.md --env local
mkdir -p out
for n in 1 2 3 4 5 6 7 8 9 10; do
    # What was expunged is told.
    case $n in 7 | 9) want=6 ;; *) want=0 ;; esac
    hp "$want" verify "$n" > "out/$n.verdict" 2> "out/$n.why"; echo "$n: $(cat "out/$n.verdict")"
    hp "$want" export "$n" -o "out/$n.tar.zst" >/dev/null 2>&1
    tar -C out --zstd -xf "out/$n.tar.zst"
done
