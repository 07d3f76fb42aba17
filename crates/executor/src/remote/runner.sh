# shellcheck shell=sh disable=SC2154
# Runs the block, as whom it is to run. Standard input: text that sets what must be known, to its end; nothing of it is
# on a command line or in a file. Standard output and error are the block's.

umask 077
whole=
if [ "$1" = same ] && [ -r /dev/stdin ]; then
  # A process less, where there is such a file. Where it breaks off within a word, the shell ends.
  # shellcheck source=/dev/null
  . /dev/stdin
else
  # Whose pipe this is, that cannot be opened once more by everybody.
  text=$(cat; echo .)
  eval "${text%.}"
  text=
fi
[ "$whole" = yes ] || exit 1
exec 6>&1 7>&2 8>"$events" 5<"$orders" </dev/null >/dev/null 2>&1

refuse() {
  echo "refused $*" >&8
  [ -z "$made" ] || rm -rf "$work"
  exit 0
}

made=
mkdir -m 700 "$work" || refuse work
made=yes
printf %s "$script" >"$work/$file" || refuse full

[ -e "$cwd" ] || refuse cwd missing
[ -d "$cwd" ] || refuse cwd file
CDPATH='' cd -L -- "$cwd" || refuse cwd denied
if [ -n "$within" ]; then
  inner=$(pwd -P) outer=$(CDPATH='' cd -P -- "$within" && pwd -P)
  case $inner/ in "${outer%/}"/*) ;; *) refuse within "$inner" ;; esac
fi

# The program's file, where the block would look, then where one looks who came here.
locate() {
  found=
  case $1 in
  */*) if [ -f "$1" ] && [ -x "$1" ]; then found=$1; fi ;;
  *)
    set -f
    # In one variable: only what comes out of one is taken apart.
    folders=$path:$PATH
    IFS=:
    for folder in $folders; do
      if [ -n "$folder" ] && [ -f "$folder/$1" ] && [ -x "$folder/$1" ]; then
        found=$folder/$1
        break
      fi
    done
    unset IFS
    set +f
    ;;
  esac
  [ -n "$found" ]
}
locate "$program" || refuse interpreter

# Where a program is, that one knows who came here: `tool`. No process is needed for it but where the shell has its own.
tool() {
  set -f
  IFS=:
  for folder in $PATH; do
    tool=${folder:-.}/$1
    if [ -f "$tool" ] && [ -x "$tool" ]; then break; fi
    tool=
  done
  unset IFS
  set +f
  [ -n "$tool" ] || tool=$(command -v "$1")
}

for name in setsid rm grep sleep; do
  tool $name || refuse tool $name
  eval "$name=\$tool"
done

# Signal $1 to what has left the group $2 but still carries the block's mark in its environment. What is in the group is
# sent it as such: a trap that cleans up must not be entered again.
strays() {
  found=
  for entry in $("$grep" -ls "HOLDPOINT_SECRETS=$secrets" /proc/[0-9]*/environ); do
    entry=${entry#/proc/}
    entry=${entry%/environ}
    { read -r stat <"/proc/$entry/stat"; } 2>/dev/null || continue
    stat=${stat##*) }
    # shellcheck disable=SC2086
    set -- "$1" "$2" $stat
    [ "$5" = "$2" ] || { kill -s "$1" "$entry" && found=yes; }
  done
  [ -n "$found" ]
}

orders() {
  while read -r order block; do
    case $order in
    stop)
      clock
      until=$((clock + grace)) told=
      while :; do
        # It may have begun without being the leader of its group yet.
        [ -n "$told" ] || { kill -TERM "-$block" && kill -CONT "-$block" && told=yes && strays TERM "$block"; }
        if [ -n "$told" ] || ! born "$block"; then lives "$block" || strays CONT "$block" || break; fi
        clock
        [ "$clock" -lt "$until" ] || break
        "$sleep" 0.03
      done
      kill -KILL "-$block"
      strays KILL "$block"
      while lives "$block"; do "$sleep" 0.03; done
      echo swept >&8
      ;;
    bye) exit ;;
    esac
  done
}

(orders) <&5 5<&- 6>&- 7>&- &
steward=$!
exec 5<&-

unset BASH_ENV BASH_XTRACEFD
case $(export -p) in
*HOLDPOINT_*)
  for name in $(env | sed -n 's/^\(HOLDPOINT_[A-Za-z0-9_]*\)=.*/\1/p'); do unset "$name"; done
  ;;
esac

if [ -n "$shell" ]; then
  {
    export -p
    printf '\000'
  } 1<>"$state"
fi

# In a shell of its own, which becomes the block: its environment, then "$@".
become() {
  unset OLDPWD
  export PWD
  umask "$umask"
  eval "$environment" || exit 125
  HOLDPOINT_PROGRAM=$found HOLDPOINT_LAUNCH=$launch
  export HOLDPOINT_PROGRAM HOLDPOINT_LAUNCH
  exec "$@"
}

# `$$` is the block's: nothing below forks.
launch="echo \"began \$\$\" >&8; exec >&6 2>&7 6>&- 7>&- 8>&-; set -- $setsid \"\$HOLDPOINT_PROGRAM\" $arguments
unset HOLDPOINT_PROGRAM HOLDPOINT_LAUNCH; HOLDPOINT_SECRETS=$mention; export HOLDPOINT_SECRETS; exec \"\$@\""

if [ "$how" = awk ]; then
  # It tells a signal from an exit code, as a shell does not.
  tool awk
  awk=$tool
  # shellcheck disable=SC2016 # for another shell
  result=$(printf %s "$beginning" | (become "$awk" 'BEGIN {
    status = system("eval \"$HOLDPOINT_LAUNCH\"")
    printf "%s %d\n", (status < 256 ? "exit" : "signal"), status % 256
  }'))
else
  # `time` says so where it is a program; a shell does for most signals. For the others the code is all there is.
  tool sh
  time= sh=$tool
  if [ "$how" = time ]; then tool time && time=$tool; fi
  # shellcheck disable=SC2016,SC2086
  said=$({
    printf %s "$beginning" | (become $time "$sh" -c 'eval "$HOLDPOINT_LAUNCH"')
    echo " $?"
  } 2>&1)
  code=${said##* }
  said=${said% "$code"}
  case $how:$said in
  time:*"by signal "*) said=${said#*by signal } result="signal ${said%%[!0-9]*}" ;;
  time:* | *:) result="exit $code" ;;
  *) if [ "$code" -gt 128 ]; then result="signal $((code - 128))"; else result="exit $code"; fi ;;
  esac
  case $how:$result in shell:"exit 130" | shell:"exit 141") result="either $code" ;; esac
fi
if [ -n "$result" ]; then echo "result $result" >&8; else echo "refused exec" >&8; fi
wait "$steward"
# Else the keeper does.
[ "$1" = same ] || "$rm" -rf "$work"
