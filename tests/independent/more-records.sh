#!/bin/bash
# Makes the kinds of records that records.sh does not, in a scratch repository WORKS, beside that script's SHOP.
# Usage: HOLDPOINT=/path/to/holdpoint more-records.sh WORKS SHOP
. "$(dirname "$0")/ends.sh"
works=$1 shop=$2
rm -rf "$works"; mkdir -p "$works" "$works.sshd"; cd "$works" || exit 1
mkdir -p "$works.tmp"; export TMPDIR=$works.tmp SSH_AUTH_SOCK='' GIT_CONFIG_GLOBAL=/dev/null
keys=$shop/keys from=${KEYS_FROM:-20200101} until=${KEYS_UNTIL:-20400101}
spaces='namespaces="signoff@holdpoint,approval@holdpoint,expunge@holdpoint,review@holdpoint,git"'
ssh-keygen -q -t ed25519 -N '' -C authority -f "$keys/authority"
ssh-keygen -q -t ecdsa -N '' -C cert -f "$keys/cert"
ssh-keygen -q -s "$keys/authority" -I cert -n cert@example.org -V "${from%Z}Z:${until%Z}Z" "$keys/cert.pub"
git init -q -b main .; git config user.email ops@example.org; git config user.name 'Olive Operator'
{
    for who in ops qa lead; do
        echo "$who@example.org $spaces,valid-after=\"$from\",valid-before=\"$until\" $(cut -d' ' -f1,2 "$keys/$who.pub")"
    done
    echo "cert@example.org cert-authority,$spaces $(cut -d' ' -f1,2 "$keys/authority.pub")"
} > allowed_signers
: > revoked
printf '/.holdpoint/\n/site/\n/answers\n/once\n' > .gitignore
mkdir site answers
cat > holdpoint.toml <<'T'
[signers]
file = "allowed_signers"
revoked = "revoked"

[people."ops@example.org"]
name = "Olive Operator"
[people."qa@example.org"]
name = "Quinn Auditor"
[people."lead@example.org"]
name = "Lea Lead"
[people."cert@example.org"]
name = "Carla Certified"

[roles]
operator = ["ops@example.org"]
qa = ["qa@example.org", "lead@example.org", "cert@example.org", "ops@example.org"]

[environments.keys]
signature = "ssh"

[environments.strict]
signature = "ssh"
protected = true
four_eyes = true
requires = { clean_commit = true }

[environments.local]

[environments.hosts]
targets = { web = ["local", "ssh://web1"] }
T
book() { printf -- '---\nrunbook: 1\ntitle: %s\nroles: [operator, qa]\nenvironments: [%s]\n---\n\n# %s\n\n' "$1" "${2:-local, keys, strict}" "$1"; cat; }
book 'Make and use' > ask.md <<'R'
## Make

```sh run
echo made >> site/log
```

```sh rollback
echo unmade >> site/log
```

## Use

```sh run
exit 3
```
R
book Elsewhere > nothing.md <<'R'
## Look

```sh check
#| when: environment.name == "keys"
true
```
R
hold='```yaml signoff
role: qa
meaning: approval
statement: I release it.
independent: true
'
{ printf '## Look\n\n```sh check\n#| retry: { every: 1s, for: 20s }\ntest -e once || { touch once; exit 1; }\n```\n\n## Release\n\n%scount: 2\n```\n' "$hold"; } | book 'Two release it' > two.md
{ printf '## Look\n\n```sh check\necho well\n```\n\n## Release\n\n%s```\n' "$hold"; } | book 'One releases it' > one.md
book 'Ask without a shell' > probes.md <<'R'
## The work tree is ready

```yaml check
git: { clean: true }
capture: { COMMIT: { json: $.head } }
```

```yaml check
file: { path: allowed_signers, contains: "qa@example.org" }
```
R
book 'On all hosts' hosts > places.md <<'R'
## Greet

```yaml step
target: web
```

```sh run
echo "hello" > /tmp/greeting && cat /tmp/greeting
```

```sh check
test -s /tmp/greeting
```
R
cat > checklist.md <<'R'
# Friday check-list

## Before lunch

- [ ] The on-call phone is charged
- [ ] {{ braces }} mean nothing here

## Before leaving

Close the tickets that are done.
R
book 'Takes long' > long.md <<'R'
## Wait

```sh run
echo begun; sleep 60
```
R
git add -A; git commit -qm First
steps() { printf 'steps:\n%s\n' "$2" > "answers/$1.yaml"; }
steps abort '  use: { choice: abort, reason: it fails }'
steps skip '  use: { choice: skip, reason: not today }'
steps friday "  before-lunch#1: { confirm: true }
  before-lunch#2: { choice: skip, reason: nobody knows them }
  before-leaving: { confirm: true }"
run() { hp "$1" run "${@:2}" --unattended; }
sign() { hp 0 sign "$1" --as "$2@example.org" --key "$keys/$2" --yes; }
resume() { hp 0 resume "$@" --unattended; }
echo 1 aborted; run 4 ask.md --env local --answers answers/abort.yaml
echo 2 skipped; run 0 ask.md --env local --answers answers/skip.yaml
echo 3 nothing done; run 1 nothing.md --env local
echo 4 retried, four eyes; run 3 two.md --env strict; sign 4 qa; sign 4 lead; resume 4
echo 5 by a certificate; run 3 one.md --env keys
hp 0 sign 5 --as cert@example.org --key "$keys/cert-cert.pub" --yes; resume 5
echo 6 anchored; run 3 one.md --env keys; sign 6 qa; resume 6
echo 7 anchored while open; run 3 one.md --env keys
cat > "$works.sshd/cnf" <<'C'
[req]
distinguished_name=dn
[dn]
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
[tsa]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
[t]
serial=serial
signer_cert=tsa.pem
signer_key=tsa.key
certs=ca.pem
signer_digest=sha256
default_policy=1.2.3.4.1
digests=sha256
C
(
    cd "$works.sshd" && echo 01 > serial
    new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config cnf'
    openssl req -x509 $new -keyout ca.key -out ca.pem -days 30 -extensions ca -subj /CN=Authority
    openssl req -new $new -keyout tsa.key -out tsa.csr -subj /CN=Stamps
    openssl x509 -req -in tsa.csr -out tsa.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile cnf -extensions tsa
) 2>/dev/null
cat > "$works.sshd/authority.py" <<'P'
import http.server, subprocess, sys
class Stamp(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        open("query", "wb").write(self.rfile.read(int(self.headers["Content-Length"])))
        subprocess.run("openssl ts -reply -config cnf -section t -queryfile query -out reply".split(), check=True)
        body = open("reply", "rb").read()
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
server = http.server.HTTPServer(("127.0.0.1", 0), Stamp)
print(server.server_port, flush=True)
server.serve_forever()
P
mkfifo "$works.sshd/port"
(cd "$works.sshd" && exec python3 authority.py > port 2> said) &
authority=$!
read -r port < "$works.sshd/port"
tsa=(--tsa "http://127.0.0.1:$port/stamp" --tsa-ca "$works.sshd/ca.pem")
hp 0 anchor 6 "${tsa[@]}"
hp 0 anchor 6 --git-tag --key "$keys/ops"
hp 0 anchor 7 "${tsa[@]}"
sign 7 qa; resume 7
kill "$authority"
echo 8 probes; run 0 probes.md --env local
echo 9 places
(
    cd "$works.sshd" && mkdir home && for name in host client; do ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$name"; done
    printf '%s\n' 'ListenAddress 127.0.0.1' 'Port 2222' "HostKey $works.sshd/host" "AuthorizedKeysFile $works.sshd/client.pub" \
        'UsePAM no' 'StrictModes no' 'PidFile none' > sshd_config
    echo "[127.0.0.1]:2222 $(cat host.pub)" > known_hosts
    printf '%s\n' 'Host web1' 'HostName 127.0.0.1' 'Port 2222' "IdentityFile $works.sshd/client" 'IdentitiesOnly yes' \
        "UserKnownHostsFile $works.sshd/known_hosts" > ssh_config
    mkdir bin; printf '#!/bin/sh\nexec /usr/bin/ssh -F %s/ssh_config "$@"\n' "$works.sshd" > bin/ssh; chmod 755 bin/ssh
)
mkfifo "$works.sshd/log"
# Kept open, so that the server can go on writing.
exec 3<> "$works.sshd/log"
/usr/sbin/sshd -D -e -f "$works.sshd/sshd_config" 2> "$works.sshd/log" &
sshd=$!
grep -m 1 -q 'Server listening' <&3
PATH=$works.sshd/bin:$PATH run 0 places.md --env hosts
kill "$sshd"
echo 10 a check-list of somebody else; run 0 checklist.md --env local --answers answers/friday.yaml
echo 11 taken up after a torn write; run 3 one.md --env keys
printf '{"n":11,"prev":"0' >> "$(echo .holdpoint/runs/0011-*)/run.jsonl"
hp 0 note 11 "The power was gone"
echo 12 killed in the middle of a block
"$hp" run long.md --env local --unattended </dev/null >/dev/null 2>&1 &
driver=$!
until grep -qs action.started .holdpoint/runs/0012-*/run.jsonl; do kill -0 "$driver" || exit 1; done
kill -9 "$driver"; wait "$driver" 2>/dev/null || true
kill -9 -- "-$(grep -o '[0-9]*$' .holdpoint/runs/0012-*/lock | tail -n 1)" 2>/dev/null || true
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
    hp 0 verify "$n" 2> "$works.tmp/why"
    hp 0 export "$n" -o "$works.tmp/$n.tar.zst" >/dev/null
    mkdir -p "$works.tmp/out" && tar -C "$works.tmp/out" --zstd -xf "$works.tmp/$n.tar.zst"
    # Beside the other script's, where forge.py looks.
    for dir in "$works.tmp/out/00$(printf %02d "$n")"-*; do mv "$dir" "$shop/out/01${dir##*/00}"; done
done
# What a reader may trust.
mkdir -p "$shop/trusted"
cp allowed_signers holdpoint.toml revoked "$works.sshd/ca.pem" "$shop/trusted"
mv "$shop/trusted/ca.pem" "$shop/trusted/tsa.pem"
