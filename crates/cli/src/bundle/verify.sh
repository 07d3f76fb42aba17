#!/bin/sh
# Checks a holdpoint record (format 2.0) with sha256sum, jq and ssh-keygen (OpenSSH 9.1 or newer) alone, beside awk,
# cat, cut, dirname, find, grep, head, mktemp, rm, sed, tail, tr and wc; and openssl, where anchors/ holds time-stamps. `sh verify.sh` in the unpacked bundle, or from anywhere.
#
# `sh verify.sh --trust DIR` (or a file of allowed signers) holds each signature as well against the files that
# DIR/holdpoint.toml names under [signers], or allowed_signers and revoked (or revoked_keys, not both) of DIR, which whoever wrote the
# record did not choose: a key that they do not vouch for, or that is revoked today, is told, and the verdict says whose word it is. Roles, rules and the run-book are not held against
# it: `holdpoint verify --trust` does that. Time-stamps are held against the certificates in DIR/tsa.pem, where it is there.
#
#   1. lines     each line's number, its `prev`: the digest of all bytes before it, and where each write ends: a line
#                without `more`; what follows the last of these is a torn write
#   2. blobs     each one that a line names is there, with its length and digest, or has a tombstone:
#                signed by whom it names, or by nobody where event 0 names nobody who may sign
#   3. sign-offs the files in signoffs/, also those of overrides and of signed sessions, have the digests that their events name
#   4. seal      number of events, length, digest, verdict and run are those of run.jsonl
#      run.opened   says of signatures and sessions what the recorded configuration asks for
#   5. sign-offs each signed statement is of this run, step, moment, role, text and signer, says by its digest which text
#                its signer was shown (a blob, see 2) and where they sat as the event does, and ssh-keygen finds the
#                signature good, by the recorded key, at the time of signing and at the time of recording; where sessions are
#                signed, each one is by whoever operates, from where it was opened, before anything else happens in it
#   6. approvals each one in run.opened, and where the document was exchanged for another, is of its bytes, path, title, revision and date, and ssh-keygen finds it good
#   7. rehearsal the seal that is kept of it is over the events that are, and says that it passed; these begin with the
#                run that run.opened names, in that environment, with the bytes of this run-book
#   8. reviews   those beside the sealed record are numbered without gaps, each over this seal and over the one before it,
#                and ssh-keygen finds each signature good; whose key it is, the record's own signers say, or do not
#   9. anchors   those beside the record are numbered without gaps, each over this seal or over what this record begins with;
#                openssl finds each time-stamp good by the certificate that came with it, and ssh-keygen each git tag's
#                signature; which authority it was, only `--trust` tells. Where the environment asks for anchors, those that
#                the run relied on are there, and one over the seal, unless somebody answered for going without
#
# Not checked: whether the text that a signer was shown tells what the record tells (the program makes it again), whether one key stands for two people in the file that says who may sign, or two spellings for one person (`holdpoint
# verify` refuses such a record); keys of events and types of their values, whether they may follow one another as they do, what was expected of outputs, whether the signer
# had the role and was independent, whether a document that had to be approved was, and by all whom it names, whether a rehearsal was asked for and this one meets the rule, whether a security key was touched: `holdpoint verify`
# does that. A power cut may leave a last write of which whole sectors are zeros: where more than its last line lacks
# some, this script says altered, and `holdpoint verify` says what it is. Nor are reports/, README.txt, allowed_signers and revoked_keys: they are copies, for people.
#
# The verdict is on standard output, the reason on standard error. Exit code 0: intact; 6: not; 2: cannot be checked.
# All bytes before a line are hashed for each line: some seconds for a thousand lines, minutes for ten thousand.
set -u
LC_ALL=C
export LC_ALL
tab=$(printf '\t')

break='
'
# What people read: nothing in it acts on a terminal, whatever the record holds, and lines that stand in what it holds, or in
# what others say of it, pass for none of ours.
plainly() {
    as=$1
    shift
    for one in "$@"; do
        shift
        case $one in *"$break"*) one=$(printf '%s' "$one" | sed '2,$s/^/    | /') ;; esac
        set -- "$@" "$one"
    done
    # shellcheck disable=SC2059 # formats of our own
    printf "$as" "$@" | tr -cd '\n\t -~'
}
tell() { plainly "$@" >&2; }
cannot() { tell 'verify.sh: %s\n' "$1"; exit 2; }
wrong() { printf '%s\n' "$1"; tell '  %s\n' "$2"; exit 6; }
altered() { wrong "altered at event $1" "$2"; }
digest() { sum=$(sha256sum); printf '%s' "${sum%% *}"; }
# A file, and no link to one.
file() { [ -f "$1" ] && [ ! -L "$1" ]; }
# The same, of no more than so many bytes: what is longer is not read at all.
small() { file "$1" && [ "$(wc -c <"$1")" -le "$2" ]; }
# Something of that name, whatever it is.
there() { [ -e "$1" ] || [ -L "$1" ]; }
# JSON as records hold it is narrower than what jq reads: UTF-8 and no mark before it, numbers that are whole, of 64 bits
# and written in one way, no key twice, no more than 127 levels. Texts are cut out first, line by line, so that a `"`
# stands for each: escapes, then what UTF-8 allows beside ASCII, then whatever holds no control character.
cr=$(printf '\r')
bare() {
    tr '\000' '\001' <"$1" | sed \
        -e 's/\\\\/_/g' -e 's/\\["/bfnrt]/_/g' \
        -e 's/\\u[dD][89abAB][0-9a-fA-F]\{2\}\\u[dD][c-fC-F][0-9a-fA-F]\{2\}/_/g' \
        -e 's/\\u[0-9abcefABCEF][0-9a-fA-F]\{3\}/_/g' -e 's/\\u[dD][0-7][0-9a-fA-F]\{2\}/_/g' \
        -e "$(printf 's/\360[\220-\277][\200-\277]\\{2\\}/_/g;s/[\361-\363][\200-\277]\\{3\\}/_/g;s/\364[\200-\217][\200-\277]\\{2\\}/_/g')" \
        -e "$(printf 's/\340[\240-\277][\200-\277]/_/g;s/\355[\200-\237][\200-\277]/_/g;s/[\341-\354\356\357][\200-\277]\\{2\\}/_/g')" \
        -e "$(printf 's/[\302-\337][\200-\277]/_/g')" \
        -e "$(printf 's/"[^"\\\\\001-\011\013-\037\200-\377]*"/"/g')"
}
# Numbers of the lines that are anything else than such texts, marks, words and numbers: odd FILE BLANKS NUMBERS.
odd() { grep -nEv "^([][{},:\"$2]|(true|false|null|$3)([],}$2]|\$))*\$" "$1" | cut -d : -f 1; }
plain='0|[1-9][0-9]{0,18}|1[0-7][0-9]{18}|18446744073709551615|-[1-9][0-9]{0,17}|-[1-8][0-9]{18}'
# How many keys a value has, of which a reader keeps one of those given twice; how deep it is.
shape='def named: [.. | objects | length] | add // 0;
    def depth: if type == "array" or type == "object" then 1 + ([.[] | depth] | max // 0) else 0 end;'
# What a filter gives of the one value of such JSON in a file, and nothing where there is none: of FILE FILTER [jq's
# options]. jq takes longer to start than for all that it is asked here, so it is asked once a file.
of() {
    json=$1 filter=$2
    shift 2
    bare "$json" >"$tmp/bare"
    [ -z "$(odd "$tmp/bare" " $tab$cr" "$plain")" ] &&
        jq -sr "$@" --argjson named "$(tr -cd : <"$tmp/bare" | wc -c)" "$shape
            if length == 1 and (.[0] | named == \$named and depth <= 127) then .[0] | $filter else empty end" \
            "$json" 2>"$tmp/why"
}
# What jq writes of a file is the one form that statements, approvals, reviews and anchors have, but for U+007F; what holds
# numbers of more than 53 bits jq may not write again, and is passed.
written() {
    jq --indent 2 'if any(.. | numbers; . > 9007199254740991 or . < -9007199254740991) then empty else . end' "$1" \
        2>"$tmp/why" >"$tmp/again" || return 1
    [ -s "$tmp/again" ] || return 0
    sed -e "$(printf 's/\\\\\\\\/\001/g;s/\\\\u007f/\177/g;s/\001/\\\\\\\\/g')" "$tmp/again" | digest >"$tmp/form"
    [ "$(cat "$tmp/form")" = "$(digest <"$1")" ]
}
# Times as records write them, and whether a text says anything: what Unicode calls white space does not.
# shellcheck disable=SC2016 # jq's variables
texts='def real: (.[0:10] | split("-") | map(tonumber)) as [$y, $m, $d] | $m >= 1 and $m <= 12 and $d >= 1
        and $d <= [31, (if ($y % 4 == 0 and $y % 100 != 0) or $y % 400 == 0 then 29 else 28 end), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][$m - 1];
    def clock($zone): type == "string" and real and test("\\A[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(" + $zone + ")\\z");
    def utc: clock("Z") and .[0:19] <= "9999-12-30T22:00:00";
    def zoned: clock("Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]");
    def says: type == "string" and test("[^\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]");'
# The keys of an object are some of these, in this order, and none is null.
# shellcheck disable=SC2016 # jq's variables
ordered=$texts'def ordered($all): type == "object" and keys_unsorted == ($all - ($all - keys_unsorted)) and ([.[]] | all(. != null));
    def person: ordered(["principal", "name"]); def moment: ordered(["time", "zone"])
        and (.time | zoned);'
# Whether a file holds one value of such JSON, and a condition holds of it: holds FILE CONDITION [jq's options].
holds() { [ "$(of "$@")" = true ]; }

trust='' home_zone=${TZ-}
case $#:${1-} in
0:) ;;
2:--trust) trust=$2 ;;
*) cannot "it takes nothing, or --trust and a directory or file" ;;
esac
case $trust in '' | /*) ;; *) trust=$PWD/$trust ;; esac
# A key at the front of a text of TOML, parts set apart; what is behind it in `rest`. Nothing where there is none.
# shellcheck disable=SC2016 # fields of awk
dotted='function dotted(text,   parts, part, mark, end) {
    for (parts = "";; text = substr(text, 2)) {
        sub(/^[ \t]+/, "", text)
        mark = substr(text, 1, 1)
        if (mark == "\"" || mark == "\047") {
            text = substr(text, 2)
            end = index(text, mark)
            if (!end) return ""
            part = substr(text, 1, end - 1)
            if (mark == "\"" && part ~ /\\/) { unread = 1; return "" }
            text = substr(text, end + 1)
        } else if (match(text, /^[A-Za-z0-9_-]+/)) {
            part = substr(text, 1, RLENGTH)
            text = substr(text, RLENGTH + 1)
        } else return ""
        parts = parts SUBSEP part
        sub(/^[ \t]+/, "", text)
        if (substr(text, 1, 1) != ".") { rest = text; return parts }
    }
}
'
# Which files the reader's holdpoint.toml names under [signers], as plain texts of one line: `read` and the two names.
# Whatever else may name them is `unread`.
# shellcheck disable=SC2016 # fields of awk
signers_of='BEGIN { ours = SUBSEP "signers" }
/"""|\047\047\047/ { unread = 1 }
NR == 1 { sub(/^\357\273\277/, "") }
{ sub(/\r$/, ""); sub(/^[ \t]+/, "") }
/^#/ || /^$/ { next }
/^\[/ {
    list = substr($0, 2, 1) == "["
    key = dotted(substr($0, 2 + list))
    if (key != "" && substr(rest, 1, 1) == "]") {
        table = key
        if (key == ours && (list || seen++) || index(key, ours SUBSEP) == 1) unread = 1
    } else if (table == ours || /signers/) unread = 1
    next
}
{
    key = dotted($0)
    if (key == "" || substr(rest, 1, 1) != "=") { if (table == ours || /signers/) unread = 1; next }
    key = table key
    if (key == ours) unread = 1
    if (index(key, ours SUBSEP) != 1) next
    if (table != ours) seen++
    name = substr(key, length(ours SUBSEP) + 1)
    value = substr(rest, 2)
    sub(/^[ \t]+/, "", value)
    mark = substr(value, 1, 1)
    value = substr(value, 2)
    end = index(value, mark)
    if ((name != "file" && name != "revoked") || name in named || (mark != "\"" && mark != "\047") || end < 2) unread = 1
    if (substr(value, end + 1) !~ /^[ \t]*(#.*)?$/ || mark == "\"" && substr(value, 1, end - 1) ~ /\\/) unread = 1
    named[name] = substr(value, 1, end - 1)
}
END {
    if (seen && !("file" in named)) unread = 1
    print unread ? "unread" : "read"
    print named["file"]
    print named["revoked"]
}'
trusted_signers=$trust trusted_revoked=
if [ -n "$trust" ] && [ -d "$trust" ]; then
    toml=$trust/holdpoint.toml told=read
    if there "$toml"; then
        { [ -f "$toml" ] && [ -r "$toml" ]; } || cannot "$toml cannot be trusted: it is no file that can be read"
        if grep -q -e signers -e '\\[uU]' "$toml"; then told=$(awk "$dotted$signers_of" "$toml"); fi
    fi
    { IFS= read -r what; IFS= read -r its_signers; IFS= read -r its_revoked; } <<E
$told


E
    [ "$what" = read ] || cannot "this script cannot read which files $toml names under [signers]: name the file of allowed signers itself, or a directory that has it as allowed_signers, revoked keys as revoked, and no holdpoint.toml"
    # In $found, the file that is configured, else the one of these that is there: of two, one would hide the other.
    first() {
        found='' configured=$1
        shift
        [ -z "$configured" ] || set -- "$configured"
        for name in "$@"; do
            case $name in /*) ;; *) name=$trust/$name ;; esac
            there "$name" || continue
            [ -z "$found" ] || cannot "$trust cannot be trusted: $found and $name both lie there, and no holdpoint.toml names one of them"
            found=$name
        done
        [ -n "$found" ] || [ -z "$configured" ] ||
            cannot "$trust cannot be trusted: its holdpoint.toml names $configured, which is not there"
    }
    first "$its_signers" allowed_signers
    trusted_signers=$found
    [ -n "$trusted_signers" ] ||
        cannot "$trust has no allowed_signers: name the file that says whom you trust, or a directory that has it under that name"
    first "$its_revoked" revoked revoked_keys
    trusted_revoked=$found
fi
# A file of keys has no characters that nobody sees: no control characters but tabs and line ends, no mark (BOM), and among
# principals no blanks that people do not type.
seen() {
    tr '\000' '\001' <"$1" | awk '{ sub(/^[ \t\r]+/, ""); sub(/[ \t\r]+$/, "") }
        /^#/ { next }
        /[\001-\010\013-\037\177]|\302[\200-\237]|\357\273\277/ { exit 1 }
        {
            who = $0
            if (sub(/^"/, "", who)) sub(/".*/, "", who)
            else sub(/[ \t].*/, "", who)
        }
        who ~ /\302\240|\341\232\200|\342\200[\200-\212\250\251\257]|\342\201\237|\343\200\200/ { exit 1 }'
}
for name in "$trusted_signers" "$trusted_revoked"; do
    [ -z "$name" ] || { [ -f "$name" ] && [ -r "$name" ]; } || cannot "$name cannot be trusted: it is no file that can be read"
    [ -z "$name" ] || seen "$name" || cannot "$name cannot be trusted: it has characters that nobody sees"
done
for tool in sha256sum jq ssh-keygen; do
    command -v "$tool" >/dev/null || cannot "$tool is needed"
done
# jq 1.6 takes an hour off times in the summer of its zone, which is the run's for ssh-keygen alone.
jq() { TZ=UTC command jq "$@"; }
cd "$(dirname "$0")" || cannot "cannot enter the directory of this script"
there run.jsonl || cannot "there is no run.jsonl beside this script"
file run.jsonl || altered 0 "run.jsonl is not a file, or a link to one"
for part in blobs blobs/sha256 signoffs; do
    if [ -L "$part" ] || { [ -e "$part" ] && [ ! -d "$part" ]; }; then
        altered 0 "$part is not a directory, or a link to one"
    fi
done
tmp=$(mktemp -d) || cannot "no temporary directory"
trap 'rm -rf "$tmp"' EXIT
: >"$tmp/untrusted"

# Whole lines; what follows the last LF is a torn write, and no longer than a line may be.
whole=$(wc -c <run.jsonl)
if [ "$whole" -gt 33554432 ] && [ "$(tail -c 33554432 run.jsonl | wc -l)" = 0 ]; then
    altered "$(head -c 1073741824 run.jsonl | wc -l)" "the line is longer than 16777216 bytes"
fi
lines=$(wc -l <run.jsonl)
[ "$lines" -gt 0 ] || wrong truncated "there is no complete first event"
# Lines that are no JSON at all, as a torn write may leave them; and of the others, those that no record holds.
head -n "$lines" run.jsonl >"$tmp/lines"
bare "$tmp/lines" >"$tmp/log"
list() {
    printf '{'
    sed 's/.*/"&":true,/'
    printf '"":true}'
}
odd "$tmp/log" " $tab$cr" '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?' | list >"$tmp/unread"
odd "$tmp/log" " $tab" "$plain" | list >"$tmp/odd"
tr -cd ':\n' <"$tmp/log" | awk '{ print length($0) }' >"$tmp/named"
# As many characters as the line has bytes.
tr '\000\200-\377' x <"$tmp/lines" | awk '{ print length($0) + 1 }' >"$tmp/lengths"
# A line and its number from 0: null where it is no JSON, else an array of what it is.
# shellcheck disable=SC2016 # jq's variables
event="$shape"'def line($i; $raw): if $unread[0]["\($i + 1)"] then null else
        $raw | try [fromjson] catch null | if depth > 127 then null else . end end;
    def odd($i): $odd[0]["\($i + 1)"] or (.[0] | named) != $named[$i];'
# jq over the raw lines, by a filter that knows these: over FILTER [jq's options].
over() {
    filter=$1
    shift
    jq -nRr --slurpfile unread "$tmp/unread" --slurpfile odd "$tmp/odd" --slurpfile named "$tmp/named" \
        --slurpfile lengths "$tmp/lengths" "$@" "$event $filter" <"$tmp/lines"
}
head -n 1 run.jsonl | head -c 16777217 >"$tmp/opened"
# Who may sign is told by the files that event 0 names, not by their copies. Times in allowed_signers are of the zone
# that the run was opened in, where they do not say.
# shellcheck disable=SC2016 # jq's variables
over 'line(0; input) | if . == null then "none" elif odd(0) or (.[0] | type) != "object" then "odd" else .[0] |
    .type, (.format | if . == "2.0" then "known" elif type == "string" and test("\\A(0|[1-9][0-9]{0,8})[.](0|[1-9][0-9]{0,8})\\z")
        and (split(".") | map(tonumber)) > [2, 0] then "newer" else "none" end), .id, (.signers.sha256 // "none"), (.revoked.sha256 // "none"), .session.time_zone,
    .environment.four_eyes == true, (.policy.approvals // [] | length), (.config.sha256 // "none"), .environment.signature, (.dry // false | tostring), (.environment.sessions // "typed"), (.environment.name | tostring) end | [tostring] | @tsv' >"$tmp/told" 2>"$tmp/why"
{
    IFS= read -r what; IFS= read -r format; IFS= read -r id
    IFS= read -r allowed; IFS= read -r revoked; IFS= read -r zone
    IFS= read -r four_eyes; IFS= read -r approvals; IFS= read -r config; IFS= read -r asked; IFS= read -r dry; IFS= read -r sessions
    IFS= read -r environment
} <"$tmp/told"
case $what in
none)
    [ "$lines" = 1 ] && wrong truncated "there is no complete first event"
    altered 0 "it is no event"
    ;;
odd) altered 0 "it is no event as records hold them" ;;
run.opened) [ -n "$approvals" ] || altered 0 "it is no event as records hold them" ;;
*) altered 0 "it is not run.opened" ;;
esac
case $format in
known) ;;
newer) cannot "the record is of a newer format than 2.0: read it with a newer holdpoint" ;;
*) altered 0 "its format is not 2.0" ;;
esac
signers=blobs/sha256/$allowed
revoked=blobs/sha256/$revoked
# An offset, which POSIX writes the other way round, and no colon in its name.
name=$(printf '%s' "$zone" | tr -d :)
case $zone in
-*) TZ="<$name>+${zone#-}" ;;
+*) TZ="<$name>-${zone#+}" ;;
*) TZ=$zone ;;
esac
export TZ
# Why no signature counts, where the zone is none that a record names, or the files of keys are none.
unusable=
case $zone in
[+-][01][0-9] | [+-]2[0-3] | [+-][01][0-9]:[0-5][0-9] | [+-]2[0-3]:[0-5][0-9]) ;;
'' | /* | *..* | posix/* | right/* | localtime | posixrules | *[!A-Za-z0-9_+/-]*) unusable="the time zone $zone is not known" ;;
*)
    zones=${TZDIR:-/usr/share/zoneinfo}
    [ ! -f "$zones/UTC" ] || [ -f "$zones/$zone" ] || unusable="the time zone $zone is not known"
    ;;
esac
for name in "$signers" "$revoked"; do
    [ ! -f "$name" ] || seen "$name" || unusable="a file of keys has characters that nobody sees"
done
# What ssh-keygen says of a signature, in $said: vouched NAMESPACE WHO FILE SIGNATURE TIME.
vouched() {
    of=$3 said=$unusable
    [ -z "$said" ] || return 1
    set -- -Y verify -n "$1" -I "$2" -f "$signers" -s "$4" -O "verify-time=$5"
    [ -s "$revoked" ] && set -- "$@" -r "$revoked"
    said=$(ssh-keygen "$@" <"$of" 2>&1)
}
# Whether what ssh-keygen said last is of such a key as an assurance takes: assured ASSURANCE WHAT. The kind of key stands
# behind the name of whoever signed, which may look like one.
assured() {
    kind=${said##* with }
    case $1:${kind%% key *} in
    ssh:*) ;;
    fido-uv:*-SK | fido-uv:*-SK-CERT) tell '  %s: not checked here: whether the security key verified its user\n' "$2" ;;
    *) return 1 ;;
    esac
}
# Tells at the end what is not trusted: distrust FORMAT [WORD].
distrust() { plainly "$@" >>"$tmp/untrusted"; }
# The same by what the reader trusts, in the reader's zone: trusted NAMESPACE WHO FILE SIGNATURE TIME WHAT.
trusted() {
    [ -n "$trust" ] || return 0
    of=$3 whose=$2 which=$6
    set -- -Y verify -n "$1" -I "$2" -f "$trusted_signers" -s "$4" -O "verify-time=$5"
    [ -n "$trusted_revoked" ] && [ -s "$trusted_revoked" ] && set -- "$@" -r "$trusted_revoked"
    doubt=$(
        if [ -n "$home_zone" ]; then TZ=$home_zone; else unset TZ; fi
        ssh-keygen "$@" <"$of" 2>&1
    ) || distrust '  %s by %s is not by a trusted key: %s\n' "$which" "$whose" "$doubt"
}
signed_for="signed for by nobody"
# A tombstone is signed, by whom it names, when it says so; unsigned only where nobody at all may sign.
buried() {
    if [ "$allowed" = none ]; then
        [ -z "$trust" ] || distrust '  event %s: %s is signed by nobody\n' "$i" "$1"
        return
    fi
    { small "$signers" 67108864 && [ "$(digest <"$signers")" = "$allowed" ]; } ||
        altered "$i" "$1 cannot be checked: the file that says who may sign is not there, or altered"
    grep -qv "^[ $tab$cr]*\\(#.*\\)\\{0,1\\}\$" "$signers" || return
    small "$1.sig" 65536 || altered "$i" "$1 is not signed"
    who=$(jq -r .who "$1")
    at=$(jq -r '.at[0:19] | gsub("[-:]"; "") | sub("T"; "") + "Z"' "$1")
    vouched expunge@holdpoint "$who" "$1" "$1.sig" "$at" ||
        altered "$i" "the signature of $1 does not count: $said"
    trusted expunge@holdpoint "$who" "$1" "$1.sig" "$at" "event $i: the tombstone"
    signed_for="signed for"
    tell '  event %s: %s\n' "$i" "$said"
}

# What there is to check, one thing a line, in the order of events, and where a write ends: with a line without `more`.
# shellcheck disable=SC2016 # jq's variables
over "$texts"'
    def hex: if type == "string" and test("\\A[0-9a-f]{64}\\z") then . else "none" end;
    foreach inputs as $raw (-1; . + 1; . as $i | line($i; $raw) |
        if . == null then ["noevent", $i] elif odd($i) or (.[0] | type) != "object" then ["refused", $i] else .[0] |
            ["line", $i, "\(.n)", (.prev | hex), $lengths[$i], has("more")],
            (if (keys_unsorted - ["more"])[0:4] != ["n", "prev", "at", "type"]
                or has("more") and (.more != true or keys_unsorted[3] != "more") then ["odd", $i] else empty end),
            (if .at | utc then empty else ["untimed", $i] end),
            (if .type | IN("run.opened", "document.exchanged", "session.opened", "session.signed", "rules.checked", "log.recovered", "step.not_applicable",
                "action.started", "action.finished", "rollback.opened", "rollback.started", "rollback.finished",
                "item.confirmed", "value.recorded", "value.corrected", "signoff.requested", "signoff.given",
                "signoff.rejected", "signoff.refused", "signoff.lapsed", "deviation", "decision", "note", "handover",
                "handover.accepted", "handover.withdrawn", "run.closed") then empty else ["unknown", $i] end),
            if .more == true then empty else ["ended", $i + 1] end,
            if .type == "run.closed" then ["closed", $i, .verdict] else empty end,
            (.. | objects | select(keys == ["bytes", "sha256"] and (.bytes | type) == "number") |
                ["blob", $i, (.sha256 | hex), .bytes]),
            (select((.type == "signoff.given" and .signature == null and .by.via? != "answers"
                    and ([.assurance, $asked] | any(IN("ssh", "fido-uv"))))
                or (.type == "signoff.rejected" and .signed? == null and .by.via? != "answers"
                    and ($asked | IN("ssh", "fido-uv")))
                or (.type == "signoff.rejected" and .signed? != null and .signed.signature == null)
                or (.type == "session.signed"
                    and (.signature == null or (.assurance | IN("ssh", "fido-uv") | not)))
                or (.type == "deviation" and .overridden? != null and .overridden.signature == null
                    and ([.overridden.assurance, $asked] | any(IN("ssh", "fido-uv"))))) | ["unsigned", $i]),
            (select((.type == "signoff.given" or .type == "session.signed") and .signature != null) | .signature |
                ["signed", $i, (.statement | hex), (.signature | hex)]),
            (select(.type == "signoff.rejected" and .signed? != null) | .signed.signature |
                ["signed", $i, (.statement | hex), (.signature | hex)]),
            (select(.type == "deviation" and .overridden.signature? != null) | .overridden.signature |
                ["signed", $i, (.statement | hex), (.signature | hex)])
        end) | @tsv' --arg asked "$asked" >"$tmp/facts" || cannot "jq cannot read run.jsonl"

# How many lines are of whole writes: all up to the last end of one, but for half a line at the end. Nothing counts that
# a torn write names.
ended=$(grep "^ended$tab" "$tmp/facts" | tail -n 1 | cut -f 2)
[ "${ended:=0}" -gt 0 ] || wrong truncated "there is no complete first event"

# Lines, blobs, and files of sign-offs.
events=0 bytes=0 start=0 next=0 gone=0 first='' written=0 from=0 closed='' unsigned=''
: >"$tmp/settled"
: >"$tmp/signed"
while IFS=$tab read -r what i a b c more; do
    case $what in
    noevent)
        # The last line may be what a crash left.
        [ "$i" = $((lines - 1)) ] || altered "$i" "it is no event"
        ;;
    refused)
        altered "$i" "it is JSON that no record holds: a number not whole or not written so, a key twice, a carriage return"
        ;;
    line)
        start=$next next=$((next + c))
        [ "$a" = "$i" ] || altered "$i" "it has the number $a"
        [ "$b" = "$(head -c "$start" run.jsonl | digest)" ] ||
            altered "$i" "its prev is not the digest of the $start bytes before it"
        # A write of so many lines, which begins there.
        [ "$written" -gt 0 ] || from=$start
        written=$((written + 1))
        { [ "$written" -le 1000 ] && { [ "$written" = 1 ] || [ $((next - from)) -le 33554432 ]; }; } ||
            altered "$i" "its write has more than 1000 events or 33554432 bytes"
        [ "$more" = true ] || written=0
        [ "$i" -ge "$ended" ] || { events=$((i + 1)) bytes=$next closed=''; }
        ;;
    closed) [ "$i" -ge "$ended" ] || closed=$a ;;
    odd)
        altered "$i" "it does not begin with n, prev, at, more where it has one, and type"
        ;;
    untimed) altered "$i" "its time is none in UTC as records write it" ;;
    unknown) altered "$i" "its type is unknown" ;;
    blob)
        [ "$i" -lt "$ended" ] || continue
        grep -qx "$a $b" "$tmp/settled" && continue
        path=blobs/sha256/$a
        if there "$path"; then
            file "$path" || altered "$i" "the blob $a is not a file, or a link to one"
            [ "$(wc -c <"$path")" = "$b" ] || altered "$i" "the blob $a is not $b bytes long"
            [ "$(digest <"$path")" = "$a" ] || altered "$i" "the blob $a has another digest"
        fi
        if there "$path.expunged"; then
            # shellcheck disable=SC2016 # jq's variables
            small "$path.expunged" 65536 && holds "$path.expunged" "$texts"'keys == ["at", "blob", "format", "id", "reason", "who"]
                and ([.at, .format | type] | all(. == "string")) and .format == "2.0" and (.at | zoned)
                and .id == $id and .blob == {$sha256, $bytes}
                and (.who | says) and (.reason | says)' \
                --arg id "$id" --arg sha256 "$a" --argjson bytes "$b" ||
                altered "$i" "the tombstone of the blob $a is none"
            buried "$path.expunged"
            gone=$((gone + 1)) first=${first:-$i}
            tell '  event %s: the blob %s was expunged\n' "$i" "$a"
        else
            file "$path" || altered "$i" "the blob $a is missing"
        fi
        printf '%s %s\n' "$a" "$b" >>"$tmp/settled"
        ;;
    unsigned) [ "$i" -ge "$ended" ] || unsigned=${unsigned:-$i} ;;
    signed)
        [ "$i" -lt "$ended" ] || continue
        path=signoffs/$(printf %04d "$i").json
        { file "$path" && file "$path.sig"; } || altered "$i" "$path or $path.sig is missing"
        { small "$path" 16777216 && small "$path.sig" 16777216; } || altered "$i" "$path or $path.sig is too long"
        [ "$(digest <"$path")" = "$a" ] || altered "$i" "$path is altered"
        [ "$(digest <"$path.sig")" = "$b" ] || altered "$i" "$path.sig is altered"
        printf '%s\t%s\t%s\n' "$i" "$start" "$path" >>"$tmp/signed"
        ;;
    esac
done <"$tmp/facts"
last=$((events - 1))
torn=$((whole - bytes))
[ "$torn" -le 33554432 ] || altered "$events" "$torn bytes are no whole write, and longer than one may be"

# The seal.
if there seal.json; then
    # How many events and bytes it is over, and whether it is of what is here.
    # shellcheck disable=SC2016 # jq's variables
    told=$(small seal.json 65536 && of seal.json 'if keys == ["bytes", "events", "format", "id", "number", "sha256", "verdict"]
        and ([.bytes, .events, .number | type == "number" and . == floor and . >= 0] | all) then
            .events, .bytes, (.bytes == $bytes and .events == $events and .sha256 == $sha256
                and .verdict == $closed and .id == $opened[0].id and .number == $opened[0].number
                and .format == $opened[0].format) else empty end' \
        --slurpfile opened "$tmp/opened" --arg sha256 "$(digest <run.jsonl)" --arg closed "$closed" \
        --argjson bytes "$bytes" --argjson events "$events")
    # shellcheck disable=SC2086 # three words
    set -- $told
    [ $# = 3 ] || altered "$last" "seal.json is no seal"
    sealed=$1
    if [ "$whole" -lt "$2" ] && [ "$events" -lt "$sealed" ]; then
        wrong truncated "$events events in $whole bytes are left of $sealed that were sealed"
    fi
    [ "$torn" -gt 0 ] && [ "$events" -lt "$sealed" ] && altered "$events" "it is no whole write, and was when sealed"
    { [ "$torn" -gt 0 ] || [ "$events" -gt "$sealed" ]; } && altered "$sealed" "it was added after the record was sealed"
    [ "$3" = true ] || altered "$last" "the seal is over something else"
    state="intact and complete" rest=complete
else
    [ "$torn" -gt 0 ] && [ -n "$closed" ] && altered "$events" "bytes follow run.closed"
    [ "$torn" -gt 0 ] && tell '  the last %s bytes are a torn write\n' "$torn"
    state="intact, open" rest=open
fi

[ "$dry" = false ] || wrong "does not conform at event 0" "a dry run is never stored"

# What the environment asks of whoever signs and operates is what the recorded configuration says, not event 0 alone. Of TOML
# this reads tables, keys and texts as people write them; what else may hold it (a table in one line, texts of many lines,
# escapes) is told as not read.
printf '%s' "$dotted" >"$tmp/asked.awk"
cat >>"$tmp/asked.awk" <<'A'
BEGIN { ours = SUBSEP "environments" SUBSEP ENVIRON["NAME"] }
/"""|\047\047\047/ { unread = 1 }
NR == 1 { sub(/^\357\273\277/, "") }
{
    sub(/\r$/, ""); sub(/^[ \t]+/, "")
    # Whether it is TOML at all is told where there is a line that this does not know: of no text in UTF-8, or of none of these forms.
    plain = $0
    gsub(/[\302-\337][\200-\277]|[\340-\357][\200-\277][\200-\277]|[\360-\364][\200-\277][\200-\277][\200-\277]/, "", plain)
    if (!odd && plain ~ /[\001-\010\013-\037\177-\377]/) odd = NR
    # A list may go on over lines.
    inside = open
    gsub(/"([^"\\]|\\.)*"|\047[^\047]*\047/, "", plain)
    sub(/#.*/, "", plain)
    open += gsub(/\[/, "", plain) - gsub(/\]/, "", plain)
    if (!odd && open < 0) odd = NR
}
/^#/ || /^$/ { next }
/^\[\[/ { skip = lists = 1; next }
/^\[/ {
    key = dotted(substr($0, 2))
    # Or a list that goes on from the line before.
    if (key != "" && substr(rest, 1, 1) == "]") {
        table = key; skip = 0
        if (!odd && !lists && !inside && tables[key]++) odd = NR
    } else if (!odd && !inside) odd = NR
    next
}
{
    key = dotted($0)
    if (key == "" || substr(rest, 1, 1) != "=") { if (!odd && !inside) odd = NR; next }
    if (!odd && !inside && substr(rest, 2) ~ /^[ \t]*(#.*)?$/) odd = NR
    if (skip) next
    key = table key
    if (!odd && !lists && keys[key]++) odd = NR
    if (key == SUBSEP "environments" || key == ours) unread = 1
    if (key != ours SUBSEP "signature" && key != ours SUBSEP "sessions") next
    value = substr(rest, 2)
    sub(/^[ \t]+/, "", value)
    mark = substr(value, 1, 1)
    value = substr(value, 2)
    if ((mark != "\"" && mark != "\047") || !index(value, mark)) { unread = 1; next }
    asked[substr(key, length(ours SUBSEP) + 1)] = substr(value, 1, index(value, mark) - 1)
}
END {
    print unread + 0
    print ("signature" in asked) ? asked["signature"] : "typed"
    print ("sessions" in asked) ? asked["sessions"] : "typed"
    print (!odd && open) ? NR : odd + 0
}
A
configured=blobs/sha256/$config
: >"$tmp/configured"
[ "$config" = none ] || [ ! -f "$configured" ] || cat "$configured" >"$tmp/configured"
NAME=$environment awk -f "$tmp/asked.awk" "$tmp/configured" >"$tmp/told"
{ IFS= read -r unread; IFS= read -r due; IFS= read -r due_sessions; IFS= read -r odd_line; } <"$tmp/told"
[ "$odd_line" = 0 ] || tell '  not checked: whether the recorded holdpoint.toml can be read: its line %s is none that this script knows\n' "$odd_line"
if [ "$config" != none ] && [ ! -f "$configured" ]; then
    tell '  not checked: what the recorded holdpoint.toml asked for, which was expunged\n'
elif [ "$unread" = 1 ]; then
    tell '  not checked: what the recorded holdpoint.toml asks for is written in a way that this script does not read\n'
elif [ "$due" != "$asked" ] || [ "$due_sessions" != "$sessions" ]; then
    wrong "does not conform at event 0" "it says that signatures are $asked and sessions $sessions, and the recorded configuration says $due and $due_sessions"
fi

# Seconds since 1970 of a time with an offset, or in UTC, and nothing of what is no time; such a number as ssh-keygen
# takes it.
seconds='def seconds: try ((.[0:19] | strptime("%Y-%m-%dT%H:%M:%S") | mktime)
    - (capture("(?<s>[+-])(?<h>[0-9]{2}):(?<m>[0-9]{2})$") // {s: "+", h: "0", m: "0"} |
        ((.h | tonumber) * 3600 + (.m | tonumber) * 60) * (if .s == "-" then -1 else 1 end))) catch empty;
    def stamped: strftime("%Y%m%d%H%M%SZ");'

# Event 0, and what it would be with each document that took the place of another.
# shellcheck disable=SC2016 # jq's variables
head -n "$events" run.jsonl | jq -cn '[inputs | select(.type == "run.opened" or .type == "document.exchanged")] as $all | $all[0] as $first |
    $all[] | if .type == "run.opened" then . else $first + {n, at, runbook, policy: (.policy // {})} end' >"$tmp/openings"

# Approvals of the document that the run relied on, and its rehearsal.
approvals=0 anchored=
while IFS= read -r opening; do
    printf '%s\n' "$opening" >"$tmp/book"
    # Where it stands, how many approved it, whether the run asks for anchors, and what is kept of its rehearsal.
    jq -r '.n, (.policy.approvals // [] | length), (.policy.kept // [] | index(["anchor"]) != null),
        (.policy.rehearsed // empty | [.seal.sha256, .log.sha256] |
            map(tostring | if test("\\A[0-9a-f]{64}\\z") then . else "none" end)[])' "$tmp/book" >"$tmp/told" 2>"$tmp/why" ||
        wrong "does not conform at event $(head -n 1 "$tmp/told")" "what it says of its approvals and its rehearsal is none"
    {
        IFS= read -r here; IFS= read -r approved; IFS= read -r anchors_asked
        IFS= read -r rehearsed_seal; IFS= read -r rehearsed_log
    } <"$tmp/told" || :
    approvals=$((approvals + approved)) anchored=${anchored:-$anchors_asked}
    : >"$tmp/approvals"
    [ "$approved" = 0 ] ||
        jq -c '.policy.approvals[] | [.who, .key, .statement.sha256, .signature.sha256, .]' "$tmp/book" >"$tmp/approvals" 2>"$tmp/why" ||
        wrong "does not conform at event $here" "what it says of its approvals is none"
    while read -r approval; do
        printf '%s\n' "$approval" | jq -r '.[0:4][] | [tostring] | @tsv' >"$tmp/told"
        {
            IFS= read -r who; IFS= read -r key; IFS= read -r path
            IFS= read -r signature
        } <"$tmp/told"
        bad() { wrong "does not conform at event $here" "the approval by $who is not proved: $1"; }
        path=blobs/sha256/$path signature=blobs/sha256/$signature
        { file "$path" && file "$signature"; } || bad "its bytes are gone"
        # shellcheck disable=SC2016 # jq's variables
        of "$path" "$seconds $ordered"'
            $opened[0].runbook as $r | $approval[0][4] as $a |
            ordered(["holdpoint", "meaning", "document", "approvers", "approver", "at"])
            and (.document | ordered(["path", "sha256", "includes", "title", "document_id", "revision", "effective_date"]))
            and (.document.includes != []) and ([.document.includes[]? | ordered(["path", "sha256"])] | all)
            and (.document.includes // []) == [$r.includes[]? | {path, sha256: .blob.sha256}]
            and (.approver | person) and (.at | moment) and ($a.assurance | IN("ssh", "fido-uv"))
            and ([$r.claims.approvers // [] | .[] | $opened[0].aliases[.]? // .] | sort) == (.approvers | sort)
            and .holdpoint == "approval/1.0" and .meaning == "approval"
            and .document.path == $r.path and .document.sha256 == $r.blob.sha256 and .document.title == $r.title
            and .document.document_id == $r.document_id and .document.revision == $r.revision
            and .document.effective_date == $r.claims.effective_date
            and .approver == {principal: $a.who, name: $a.name} and .at.time == $a.time
            and (.approvers | index([$a.who]) != null),
            ([.at.time | seconds] + ["none"])[0], ([.at.time | seconds | stamped] + ["none"])[0],
            ([$opened[0].at | seconds] + ["none"])[0], $approval[0][4].assurance
            ' --slurpfile opened "$tmp/book" --argjson approval "[$approval]" >"$tmp/told"
        {
            IFS= read -r same; IFS= read -r signed_at; IFS= read -r stamp
            IFS= read -r opened_at; IFS= read -r assurance
        } <"$tmp/told"
        [ "$same" = true ] || bad "it is of another document, person or time"
        written "$path" || bad "it is not written as approvals are"
        [ "$signed_at" != none ] || bad "it has no time"
        [ "$opened_at" != none ] || bad "the run has no time"
        [ "$signed_at" -le $((opened_at + 900)) ] || bad "it was signed after the run was opened"
        file "$signers" || bad "there is no file that says who may sign"
        vouched approval@holdpoint "$who" "$path" "$signature" "$stamp" || bad "$said"
        case $said in
        *" key $key") ;;
        *) bad "the record says another key: $said" ;;
        esac
        trusted approval@holdpoint "$who" "$path" "$signature" "$stamp" "event $here: the approval"
        assured "$assurance" "event $here: the approval" || bad "the record says another assurance than the signature has: $said"
        tell '  approved by %s: %s\n' "$who" "$said"
    done <"$tmp/approvals"

    # The rehearsal that the run relied on: what is kept of it is of one run, which passed with these bytes.
    if [ -n "$rehearsed_seal" ]; then
        seal=blobs/sha256/$rehearsed_seal log=blobs/sha256/$rehearsed_log
        bad() { wrong "does not conform at event $here" "the rehearsal is not proved: $1"; }
        # What was expunged proves nothing, and was told above.
        if file "$seal" && file "$log"; then
            head -n 1 "$log" | head -c 16777217 >"$tmp/there"
            # shellcheck disable=SC2016 # jq's variables
            {
                holds "$seal" '$opened[0].policy.rehearsed as $r | .number == $r.number and .id == $r.id
                    and .verdict == "passed" and .sha256 == $r.log.sha256 and .bytes == $r.log.bytes' \
                    --slurpfile opened "$tmp/book" || bad "its seal is of another run, record or verdict"
                holds "$tmp/there" '$opened[0] as $o | $o.policy.rehearsed as $r | .type == "run.opened"
                    and .number == $r.number and .id == $r.id and .environment.name == $r.environment
                    and .environment.rehearsal == true and .config == $r.config and .format == "2.0"
                    and .runbook.blob.sha256 == $o.runbook.blob.sha256
                    and (.runbook.includes // []) == ($o.runbook.includes // [])' \
                    --slurpfile opened "$tmp/book" || bad "it is of another run, environment or document"
                [ "$(jq -rn '[inputs | select(.type == "document.exchanged")] | length' <"$log" 2>/dev/null)" = 0 ] ||
                     bad "its document was exchanged on the way"
                # What blocks of the run are to capture too is what its blocks captured last.
                [ "$(jq -n '[inputs.policy.rehearsed.captured // {} | length] | add' "$tmp/book")" = 0 ] ||
                    [ "$(jq -n 'reduce (inputs | select(.type == "action.finished" and .outcome == "passed" and .probe != true)
                        | .captures // {}) as $captured ({}; . + $captured)
                        | . as $all | $opened[0].policy.rehearsed.captured | . == with_entries(.value = $all[.key])' \
                        --slurpfile opened "$tmp/book" "$log" 2>"$tmp/why")" = true ] ||
                    bad "it captured other values than the run says"
                tail -n 1 "$log" | head -c 16777217 >"$tmp/there"
                # How many zeros end the fraction of a second is no other time, nor is an offset.
                holds "$tmp/there" "$seconds $texts"'def instant: [seconds, ((capture("[.](?<f>[0-9]*?)0*(Z|[+-].*)$") | .f) // "")];
                    $opened[0].policy.rehearsed.ended as $ended | .type == "run.closed" and .verdict == "passed"
                    and ($ended | zoned) and (.at | instant) == ($ended | instant) and (.at | seconds) <= ($opened[0].at | seconds) + 60' \
                    --slurpfile opened "$tmp/book" || bad "it did not end as passed, at the time that is told, before this run"
            }
            tell '  rehearsed: %s\n' "$(jq -r '.policy.rehearsed | "run \(.number) in \(.environment), \(.id)"' "$tmp/book")"
        elif ! there "$seal.expunged" && ! there "$log.expunged"; then
            bad "its bytes are gone"
        fi
    fi
done <"$tmp/openings"

# Events that a signer is told as they stand in the record; of an attempt that did not pass, without what was kept of it.
# shellcheck disable=SC2016 # jq's variables
history='select(.type as $type |
        (["session.opened", "session.signed", "log.recovered", "value.recorded", "value.corrected", "signoff.given", "signoff.rejected", "signoff.refused",
            "signoff.lapsed", "deviation", "document.exchanged", "decision", "rollback.opened", "note", "handover",
            "handover.accepted", "handover.withdrawn"] | index($type) != null)
        or ($type == "rules.checked" and (.unmet // []) != [])
        or (($type == "action.finished" or $type == "rollback.finished") and .outcome != "passed")) |
    del(.prev, .at, .more, .output, .files, .state, .masked) |
    walk(if type == "object" then with_entries(select(.value != null)) else . end)'

# Sessions that are not signed by whoever operates where the environment asks for that, and what happened in them all the
# same; signed ones where it does not.
# shellcheck disable=SC2016 # jq's variables
head -n "$events" run.jsonl | jq -rn "$texts"'$opened[0] as $o |
    def person: . as $who | ([$o.aliases // {} | to_entries[] | select((.key | ascii_downcase) == ($who | ascii_downcase)) | .value][0] // $who)
        | gsub("^[[:space:]]+|[[:space:]]+$"; "") | ascii_downcase;
    def seat: {os_user, host, tty};
    # What it says of the account that is not so, or of the printed name.
    def untrue($users): if .type == "signoff.given" or .type == "signoff.rejected" or .type == "session.signed" then
            (.by.who | person) as $who | (.signed.name? // .name) as $name
            | ([$o.people // {} | to_entries[] | select((.key | person) == $who) | .value][0] // "") as $printed
            | .presence? as $there | if $printed != "" and $name != null and $name != $printed then "the printed name is another than event 0 has"
            elif $there != null and $there.other_account != ($users | index($there.os_user) == null) then "`other_account` is not so"
            else null end else null end;
    ($o.environment.sessions == "ssh") as $asked |
    foreach inputs as $e ({i: -1, due: false}; .i += 1 | .bad = null |
        if $e.type == "run.opened" then . + {due: $asked, who: $e.session.operator, seat: ($e.session | seat)}
        elif $e.type == "session.opened" then . + {due: $asked, who: $e.operator, seat: ($e | seat)}
        elif $e.type == "session.signed" then
            if .due and ($e.by.who | person) == (.who | person) and ($e.by.via | IN("terminal", "command"))
                and (.seat == null or .seat == ($e.seat | seat)) then .due = false
            else .bad = "it signs a session that is not asked for, or of somebody or somewhere else" end
        elif .due and $e.type == "decision" and $e.choice == "abort" and ($e.by.who | person) == (.who | person)
            and ($e.reason | says) then .aborted = true
        elif .due and .aborted and $e.type == "run.closed" and $e.verdict == "aborted" then .
        elif .due and ($e.type | IN("note", "log.recovered", "signoff.lapsed") | not) then
            .bad = "it takes a session that its operator signed, and this one is not"
        elif $e.type == "decision" and $e.choice == "abort" then .aborted = true
        elif $e.type == "handover.accepted" then . + {due: $asked, who: $e.by.who, seat: null}
        else . end |
        (if $e.type == "run.opened" then .users = [$e.session.os_user] elif $e.type == "session.opened" then .users += [$e.os_user] else . end)
        | .bad = (.bad // (.users as $users | $e | untrue($users)));
        select(.bad) | "\(.i)\t\(.bad)")' --slurpfile opened "$tmp/opened" >"$tmp/sessions" 2>/dev/null ||
    wrong "does not conform at event 0" "its sessions cannot be read"
why="it takes a signature by key, and has none"
if [ -s "$tmp/sessions" ]; then
    IFS=$tab read -r i told <"$tmp/sessions"
    [ -n "$unsigned" ] && [ "$unsigned" -le "$i" ] || unsigned=$i why=$told
fi

# Sign-offs by key.
while IFS=$tab read -r i start path; do
    bad() { wrong "does not conform at event $i" "$1"; }
    [ -z "$unsigned" ] || [ "$unsigned" -gt "$i" ] || break
    sed -n "$((i + 1))p" run.jsonl >"$tmp/event"
    # What its signer was told beside the outcome of each action.
    head -n "$i" run.jsonl | jq -c "$history" >"$tmp/history"
    # The document that the run went by then.
    # shellcheck disable=SC2016 # jq's variables
    jq -c --argjson n "$i" 'select(.n < $n)' "$tmp/openings" | tail -n 1 >"$tmp/book"
    # A rejection is signed as a sign-off with the reason why it is none; an override of rules as a sign-off of no hold
    # point, but of the run.
    # shellcheck disable=SC2016 # jq's variables
    of "$path" "$seconds $ordered"'
        $opened[0] as $o | ($event[0] | if .type == "deviation" then . + {step: "", action: "override",
            role: .overridden.role, meaning: "responsibility", name: .overridden.name,
            assurance: .overridden.assurance, signature: .overridden.signature,
            statement: "I override \(.overridden.rules | join(", ")) for this run: \(.reason)"}
            elif .type == "session.signed" then . + {step: "", action: "session", role: "operator",
                meaning: "responsibility", statement: "I operate this run from here on: account \(.seat.os_user) on \(.seat.host)\(
                    if .seat.tty then ", terminal \(.seat.tty)" else "" end)"}
            elif .type == "signoff.rejected" then . + .signed + {rejected: .reason} else . end) as $e |
        .holdpoint == "statement/1.0"
        and .run == {number: $o.number, id: $o.id}
        and .record == {events: $e.n, bytes: $start, sha256: $e.prev}
        and .step == $e.step and .action == $e.action and .role == $e.role
        and .meaning == $e.meaning and .statement == $e.statement and .rejected == $e.rejected
        and .signer == {principal: $e.by.who, name: $e.name}
        and ordered(["holdpoint", "run", "step", "action", "role", "meaning", "statement", "rejected", "signer", "at",
            "record", "runbook", "environment", "presence", "seen"])
        and (.run | ordered(["number", "id"])) and (.signer | person) and (.at | moment)
        and (.record | ordered(["events", "bytes", "sha256"]))
        and (.runbook | ordered(["path", "sha256", "title", "revision", "commit"]))
        and (.presence | . == null or ordered(["shown", "program", "os_user", "host", "tty", "other_account"])
            and (.shown | ordered(["sha256", "bytes"])) and (.program | ordered(["version", "sha256"])))
        and (.seen | ordered(["inputs", "values", "artefacts", "actions", "deviations", "history"]))
        and .runbook == ($book[0].runbook | {path, sha256: .blob.sha256, title, revision, commit} | with_entries(select(.value != null)))
        and .seen.inputs == ([$o.inputs[] | {key: .name, value: (if .secret then null else .value end)}] | from_entries)
        and .environment == $o.environment.name,
        .presence == $e.presence and (($e.type | IN("deviation", "session.signed"))
            or ($e.by.via | IN("terminal", "command")) and ($e.presence.shown | type == "object" and keys == ["bytes", "sha256"] and (.bytes | type) == "number")),
        .seen.history == $history,
        ([.at.time | seconds] + ["none"])[0], ([$e.at | seconds] + ["none"])[0],
        ([.at.time | seconds | stamped] + ["none"])[0], ([$e.at | seconds | stamped] + ["none"])[0],
        ($e.by.who, $e.signature.key, $e.assurance, (if $e.type == "session.signed" then "session" else "signoff" end) | [tostring] | @tsv)
        ' --slurpfile opened "$tmp/opened" --slurpfile event "$tmp/event" --slurpfile history "$tmp/history" --slurpfile book "$tmp/book" --argjson start "$start" >"$tmp/told"
    {
        IFS= read -r same; IFS= read -r shown; IFS= read -r told
        IFS= read -r signed_at; IFS= read -r given_at; IFS= read -r signed; IFS= read -r given; IFS= read -r who
        IFS= read -r key; IFS= read -r assurance; IFS= read -r space
    } <"$tmp/told"
    [ "$same" = true ] || bad "$path is of another run, moment, step, role, text, document or signer, or has other keys"
    written "$path" || bad "$path is not written as statements are"
    [ "$shown" = true ] || bad "$path is by somebody who was shown something else, or sat elsewhere"
    [ "$told" = true ] || bad "$path tells of other events than the record"
    # When it was signed, when it was recorded.
    [ "$signed_at" != none ] || bad "$path has no time"
    [ "$given_at" != none ] || bad "the event has no time"
    apart=$((signed_at - given_at))
    [ "${apart#-}" -le 900 ] || bad "it was signed and recorded more than 15 minutes apart"
    file "$signers" || bad "there is no file that says who may sign"
    for at in "$signed" "$given"; do
        vouched "$space@holdpoint" "$who" "$path" "$path.sig" "$at" ||
            bad "the sign-off by $who is not proved: $said"
        case $said in
        *" key $key") ;;
        *) bad "the record says the key $key: $said" ;;
        esac
        trusted "$space@holdpoint" "$who" "$path" "$path.sig" "$at" "event $i: the $space"
    done
    assured "$assurance" "event $i" || bad "the record says another assurance than the signature has: $said"
    tell '  event %s: %s\n' "$i" "$said"
done <"$tmp/signed"
[ -z "$unsigned" ] || wrong "does not conform at event $unsigned" "$why"

# Whoever only typed a name may be anybody. Hold points that ask for somebody else on their own are in the run-book.
if [ "$four_eyes" = true ]; then
    signers() {
        head -n "$events" run.jsonl |
            jq -rn "[inputs | select(.type == \"signoff.given\" and (.signature == null) == $1) | .by.who] | unique | join(\", \")"
    }
    typed=$(signers true) keyed=$(signers false)
    # Where sessions are signed: who performed something beside one, or in somebody else's.
    # shellcheck disable=SC2016 # jq's variables
    performed=$(head -n "$events" run.jsonl | jq -rn '[foreach inputs as $e ({};
        .who = (if $e.type == "run.opened" then $e.session.operator elif $e.type == "session.opened" then $e.operator
            elif $e.type == "handover.accepted" then $e.by.who else .who end);
        .who as $who | $e | select(.type == "item.confirmed" or .type == "value.recorded" or .type == "value.corrected"
            or (.type == "decision" and .choice == "happened")
            or (.type == "deviation" and (.kind | IN("skipped", "edited", "shell")))) |
        select(.by.via == "command" or .by.who != $who) | .by.who)] | unique | join(", ")')
    kind=${typed:+typed}${keyed:+keyed}
    if [ "$sessions" = ssh ]; then
        what=${typed:+signed off ($typed)}
        what=$what${performed:+${typed:+ or who }performed something beside that ($performed)}
        [ -z "$kind" ] || [ -z "$what" ] ||
            tell '  independence rests on typed names: keys prove who operated, none proves who %s\n' "$what"
        kind=
    fi
    case $kind in
    typed) tell '  independence rests on typed names only: no key proves who signed off (%s) or who operated\n' "$typed" ;;
    keyed) tell '  independence rests on a typed name: keys prove who signed off (%s), and none proves who operated\n' "$keyed" ;;
    typedkeyed)
        tell '  independence rests on typed names: a key proves that %s signed off, none proves it of %s, or who operated\n' \
            "$keyed" "$typed"
        ;;
    esac
fi

# Reviews of the sealed record. Their keys need not be among the signers whom the run knew: reviewers come and go.
unreviewed=
if there reviews; then
    bad() { [ -n "$unreviewed" ] || { unreviewed=1; tell '  the reviews do not hold: %s\n' "$1"; }; }
    if [ -L reviews ] || [ ! -d reviews ]; then
        bad "reviews is not a directory, or a link to one"
    else
        number=0 former=none before=none
        sed -n "${events}p" run.jsonl >"$tmp/event"
        over_at=$(jq -r "$seconds [.at | seconds][0] // 0" "$tmp/event")
        while there "reviews/$(printf %04d $((number + 1))).json"; do
            number=$((number + 1))
            path=reviews/$(printf %04d "$number").json
            file seal.json || { bad "the record is not sealed"; break; }
            { small "$path" 1048576 && small "$path.sig" 1048576; } || { bad "review $number is no file, too long, or not signed"; break; }
            # shellcheck disable=SC2016 # jq's variables
            of "$path" "$seconds $ordered"'
                $opened[0] as $o | .holdpoint == "review/1.0"
                and ordered(["holdpoint", "run", "seal", "number", "former", "kind", "text", "verdict", "reviewer", "at"])
                and (.run | ordered(["number", "id"])) and (.reviewer | person) and (.at | moment) and .run == {number: $o.number, id: $o.id}
                and .seal == $seal and .number == $number and (.former // "none") == $former
                and (.kind | IN("audit-trail", "late-note", "post-release")) and (.text | says)
                and (.verdict | . == "intact and complete" or startswith("expunged: "))
                and ([.reviewer[], .at[], .text, .verdict | type] | all(. == "string")),
                ([.at.time | seconds] + ["none"])[0], ([.at.time | seconds | stamped] + ["none"])[0],
                (.reviewer.principal | [tostring] | @tsv), (.kind | tostring)' \
                --slurpfile opened "$tmp/opened" --arg seal "$(digest <seal.json)" --argjson number "$number" \
                --arg former "$former" >"$tmp/told"
            {
                IFS= read -r same; IFS= read -r signed_at; IFS= read -r stamp
                IFS= read -r who; IFS= read -r kind
            } <"$tmp/told"
            [ "$same" = true ] || { bad "review $number is of another run, seal or number, or does not follow the one before it"; break; }
            written "$path" || { bad "review $number is not written as reviews are"; break; }
            [ "$signed_at" != none ] || { bad "review $number has no time"; break; }
            [ "$signed_at" -ge $((over_at - 900)) ] || { bad "review $number was signed before the run ended"; break; }
            [ "$before" = none ] || [ "$signed_at" -ge $((before - 60)) ] || { bad "review $number is older than the one before it"; break; }
            said=$(ssh-keygen -Y check-novalidate -n review@holdpoint -s "$path.sig" <"$path" 2>&1) ||
                { bad "the signature of review $number does not count: $said"; break; }
            listed=', whom its own signers do not list'
            if file "$signers"; then
                key=$said
                vouched review@holdpoint "$who" "$path" "$path.sig" "$stamp" && listed=
                said=$key
            fi
            trusted review@holdpoint "$who" "$path" "$path.sig" "$stamp" "review $number"
            tell '  review %s, %s by %s: %s%s\n' "$number" "$kind" "$who" "$said" "$listed"
            former=$(digest <"$path") before=$signed_at
        done
        # One more signature is what a crash leaves; nothing else may be there.
        next=$(printf %04d $((number + 1)))
        [ -n "$unreviewed" ] ||
            [ "$(find reviews -mindepth 1 -maxdepth 1 ! -name "$next.json.sig" | wc -l)" = $((2 * number)) ] ||
            bad "one is missing and later ones are there, or something else is"
    fi
fi

# Anchors: what each is over is of this record, and it is good by the key that made it.
unanchored='' over_seal=''
: >"$tmp/anchors"
if there anchors; then
    bad() { [ -n "$unanchored" ] || { unanchored=1; tell '  the anchors do not hold: %s\n' "$1"; }; }
    # Whether openssl finds the token good by the certificates in a file, as of the time that it tells.
    stamped() {
        doubt=$(openssl ts -verify -partial_chain -attime "$seconds_at" -in "$path.tsr" -digest "$over" -CAfile "$1" 2>&1)
    }
    if [ -L anchors ] || [ ! -d anchors ]; then
        bad "anchors is not a directory, or a link to one"
    else
        OPENSSL_CONF=/dev/null
        export OPENSSL_CONF
        number=0
        while there "anchors/$(printf %04d $((number + 1))).json"; do
            number=$((number + 1))
            path=anchors/$(printf %04d "$number")
            small "$path.json" 1048576 || { bad "anchor $number is no file, or too long"; break; }
            # shellcheck disable=SC2016 # jq's variables
            of "$path.json" "$seconds $ordered"'
                def hex: if type == "string" and test("\\A[0-9a-f]{64}\\z") then . else "none" end;
                ($opened[0] as $o | .holdpoint == "anchor/1.0" and .run == {number: $o.number, id: $o.id}
                and .number == $number and (.kind | IN("rfc3161", "git-tag"))
                and (.over | type == "object" and (keys == ["seal"]
                    or keys == ["head"] and (.head | type == "object" and keys == ["bytes", "events", "sha256"]
                        and ([.bytes, .events | type == "number" and . > 0] | all))))
                and ordered(["holdpoint", "run", "number", "kind", "over", "time", "file"]) and (.run | ordered(["number", "id"]))
                and (.over.head? // {} | ordered(["events", "bytes", "sha256"]))),
                .kind, (.time | [tostring] | @tsv), ([.time | seconds] + ["none"])[0],
                ([.time | seconds | stamped] + ["none"])[0], (.file | hex),
                (.over.seal? | hex), (.over.head?.sha256? | hex), .over.head?.events? // 0, .over.head?.bytes? // 0' \
                --slurpfile opened "$tmp/opened" --argjson number "$number" >"$tmp/told"
            {
                IFS= read -r same; IFS= read -r kind; IFS= read -r time; IFS= read -r seconds_at; IFS= read -r stamp
                IFS= read -r kept; IFS= read -r seal; IFS= read -r head; IFS= read -r of_events; IFS= read -r of_bytes
            } <"$tmp/told"
            [ "$same" = true ] || { bad "anchor $number is of another run or number, or none"; break; }
            written "$path.json" || { bad "anchor $number is not written as anchors are"; break; }
            [ "$seconds_at" != none ] || { bad "anchor $number has no time"; break; }
            if [ "$seal" != none ]; then
                over=$seal what="the seal"
                { file seal.json && [ "$(digest <seal.json)" = "$seal" ]; } || { bad "anchor $number is over another seal"; break; }
                printf 'seal: %s\n' "$seal" >"$tmp/over"
            else
                over=$head what="its first $of_events events"
                [ "$of_events" != 1 ] || what="its first event"
                { [ "$of_bytes" -le "$bytes" ] && [ "$(head -c "$of_bytes" run.jsonl | digest)" = "$head" ] &&
                    [ "$(head -c "$of_bytes" run.jsonl | wc -l)" = "$of_events" ] &&
                    [ "$(head -c "$of_bytes" run.jsonl | tail -c 1 | wc -l)" = 1 ]; } 2>"$tmp/why" ||
                    { bad "anchor $number: the record does not begin with the $of_events events that it is over"; break; }
                printf 'events: %s\nbytes: %s\nhead: %s\n' "$of_events" "$of_bytes" "$head" >"$tmp/over"
            fi
            if [ "$kind" = rfc3161 ]; then
                { small "$path.tsr" 1048576 && [ "$(digest <"$path.tsr")" = "$kept" ]; } ||
                    { bad "anchor $number: its token is another file, or not there"; break; }
                command -v openssl >/dev/null || cannot "openssl is needed for the time-stamps in anchors"
                # What stands around the token nobody signed, so the time is read from the token alone.
                openssl ts -reply -token_out -in "$path.tsr" -out "$tmp/token" 2>"$tmp/why" &&
                    openssl ts -reply -token_in -text -in "$tmp/token" >"$tmp/text" 2>"$tmp/why" &&
                    openssl pkcs7 -inform DER -print_certs -in "$tmp/token" -out "$tmp/own.pem" 2>"$tmp/why" ||
                    { bad "anchor $number: its token is none: $(cat "$tmp/why")"; break; }
                told=$(awk '/^Time stamp: / {
                    month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $3) + 2) / 3
                    printf "%s-%02d-%02dT%sZ", $6, month, $4, $5
                    exit
                }' "$tmp/text")
                [ "$told" = "$time" ] || { bad "anchor $number: its token tells another time, $told"; break; }
                stamped "$tmp/own.pem" || { bad "anchor $number: its token does not hold: $doubt"; break; }
                by="by an authority that nobody here trusts"
                if [ -n "$trust" ] && [ -d "$trust" ] && there "$trust/tsa.pem"; then
                    by="by a trusted authority"
                    stamped "$trust/tsa.pem" || {
                        by="by an authority that is NOT TRUSTED"
                        distrust '  anchor %s is not by a trusted authority: %s\n' "$number" "$doubt"
                    }
                fi
                tell '  anchor %s, time-stamp over %s, %s, %s\n' "$number" "$what" "$time" "$by"
                listed=
            else
                { small "$path.tag" 1048576 && [ "$(digest <"$path.tag")" = "$kept" ]; } ||
                    { bad "anchor $number: its tag is another file, or not there"; break; }
                sed '/^-----BEGIN SSH SIGNATURE-----$/,$d' "$path.tag" >"$tmp/payload"
                sed -n '/^-----BEGIN SSH SIGNATURE-----$/,$p' "$path.tag" >"$tmp/payload.sig"
                sed '1,/^$/d' "$tmp/payload" >"$tmp/message"
                jq -r '"holdpoint anchor of run \(.number)\n\nrun: \(.number)\nid: \(.id)"' "$tmp/opened" |
                    cat - "$tmp/over" >"$tmp/wanted"
                [ "$(digest <"$tmp/message")" = "$(digest <"$tmp/wanted")" ] ||
                    { bad "anchor $number: its tag says something else"; break; }
                heads='1s/^object .*/object/;2s/^type .*/type/;3s/^tag .*/tag/;4s/^tagger .*<.*> [0-9]* [^ ]*$/tagger/;5q'
                [ "$(sed "$heads" "$tmp/payload" | tr '\n' ' ')" = "object type tag tagger  " ] ||
                    { bad "anchor $number: it is no tag of git"; break; }
                who=$(sed -n '4s/^tagger .*<\(.*\)> [0-9]* [^ ]*$/\1/p' "$tmp/payload")
                { [ "$(sed -n '4s/^tagger .*> \([0-9]*\) [^ ]*$/\1/p' "$tmp/payload")" = "$seconds_at" ] &&
                    [ "$(jq -nr "$seconds_at | todate")" = "$time" ]; } ||
                    { bad "anchor $number: its tag tells another time"; break; }
                said=$(ssh-keygen -Y check-novalidate -n git -s "$tmp/payload.sig" <"$tmp/payload" 2>&1) ||
                    { bad "anchor $number: the signature of its tag does not count: $said"; break; }
                listed=', whom its own signers do not list'
                if file "$signers"; then
                    key=$said
                    vouched git "$who" "$tmp/payload" "$tmp/payload.sig" "$stamp" && listed=
                    said=$key
                fi
                trusted git "$who" "$tmp/payload" "$tmp/payload.sig" "$stamp" "anchor $number, a tag"
                tell '  anchor %s, git tag over %s, %s, by %s: %s%s\n' "$number" "$what" "$time" "$who" "$said" "$listed"
            fi
            printf '%s %s %s\n' "$number" "$(digest <"$path.json")" "$of_events" >>"$tmp/anchors"
            # A tag by a key that nobody vouches for does not count where an anchor is asked for.
            if [ "$seal" != none ] && [ -z "$listed" ]; then over_seal=1; fi
        done
        # A token or tag more is what a crash leaves; nothing else may be there.
        next=$(printf %04d $((number + 1)))
        [ -n "$unanchored" ] ||
            [ "$(find anchors -mindepth 1 -maxdepth 1 ! -name "$next.tsr" ! -name "$next.tag" | wc -l)" = $((2 * number)) ] ||
            bad "one is missing and later ones are there, or something else is"
    fi
fi

# Where the environment asks for anchors: those that the run relied on, and one over its seal.
lacking=
if [ "$anchored" = true ]; then
    head -n "$events" run.jsonl | jq -r 'select(.type == "session.opened" or .type == "rules.checked") | .n as $n |
        .anchor // empty | [$n, .number, .statement, .events] | map(tostring) | join(" ")' >"$tmp/relied"
    while IFS=' ' read -r i told; do
        [ -n "$unanchored" ] || grep -qxF "$told" "$tmp/anchors" || {
            unanchored=1
            tell '  the anchors do not hold: event %s relies on anchor %s, which is not there as it was then\n' "$i" "${told%% *}"
        }
    done <"$tmp/relied"
    overridden=$(head -n "$events" run.jsonl |
        jq -rn '[inputs | select(.type == "deviation") | .overridden.rules? // [] | .[]] | index(["anchor"]) != null')
    if [ "$rest" = complete ] && [ "$overridden" = false ] && [ -z "$over_seal$unanchored" ]; then
        lacking=1
        tell '  it has no anchor over its seal, and %s asks for one\n' "$(jq -r .environment.name "$tmp/opened")"
    fi
fi

if [ "$events" = 1 ]; then of_events="1 event"; else of_events="$events events"; fi
tell '  %s, %s bytes, sha256 %s\n' "$of_events" "$bytes" "$(head -c "$bytes" run.jsonl | digest)"
[ -f seal.json ] && tell '  sha256 of seal.json: %s\n' "$(digest <seal.json)"
tell '  conformity is not checked by this script, nor that each key is of one person: holdpoint verify does that\n'
code=0 doubted=
if [ "$gone" -gt 0 ]; then
    state="expunged: $gone blob(s), $signed_for, the first at event $first; otherwise $rest" code=6
    tell '  what was expunged cannot be looked at any more: see the tombstones\n'
fi
if [ -n "$trust" ]; then
    if [ "$config" != none ] && [ -f "$trust/holdpoint.toml" ] && [ "$(digest <"$trust/holdpoint.toml")" != "$config" ]; then
        tell '  the recorded holdpoint.toml is not that of %s: holdpoint verify --trust says in what they differ\n' "$trust"
    fi
    tell '  not held against %s by this script: roles, rules and the run-book\n' "$trust"
    [ -n "$trusted_revoked" ] || tell '  no list of revoked keys was looked at that tells what is revoked today\n'
    if [ -s "$tmp/untrusted" ]; then
        state="$state, but not as trusted" code=6 doubted=1
        cat "$tmp/untrusted" >&2
    fi
fi
# Whose word it is that the signatures are of the right people.
if [ -n "$trust" ]; then whose_word=trusted; else whose_word="its own"; fi
if [ "$gone" = 0 ] && [ -z "$doubted" ] && { [ -s "$tmp/signed" ] || [ "$approvals" != 0 ]; }; then
    state="$state, by $whose_word signers"
fi
[ -z "$unreviewed" ] || state="$state, but its reviews do not hold" code=6
[ -z "$unanchored" ] || state="$state, but its anchors do not hold" code=6
[ -z "$lacking" ] || state="$state, but it has no anchor" code=6
printf '%s\n' "$state"
exit "$code"
