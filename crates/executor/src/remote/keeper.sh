# shellcheck shell=sh disable=SC2154
# The keeper of one attempt: a session of its own, which outlives whoever started it. Decides that the block runs, takes
# its output out of pipes, keeps its time limit, and says in the end how it went.
#
# Standard input: what it must know, a line each; what follows is for the runner. No link from here to the block may be
# started by `&`: a shell makes such a process ignore SIGINT for ever, and all that it starts too.

umask 077
runner=$1 boot=$2
for name in dir mark limit run become known; do
  IFS= read -r "${name?}" || exit 1
done
exec >/dev/null 2>&1
cd "$dir" || exit 1

void() {
  ln -s "void.$1" go
  ring go
  exit 1
}

clock
begun=$clock
born $$
# Room for what is said in the end, taken while there is some.
printf '%1023s\n' '' >end.tmp || void full
if ! { : >run && : >out && : >err && : >log && echo "$known" >known; }; then void full; fi
if [ -n "$become" ]; then
  # Whom the block becomes cannot come in here. They get pipes under a name that nobody can list.
  mkdir -m 711 "$run" || void tmp
fi
mkfifo out.f err.f "$run/secrets" "$run/state.f" "$run/orders" "$run/events" || void full
[ -z "$become" ] || chmod 666 "$run/secrets" "$run/state.f" "$run/orders" "$run/events" out.f err.f
printf 'keeper %s %s\nboot %s\nmark %s\nrun %s\n.\n' $$ "$born" "$boot" "$mark" "$run" >pid || void full

# Where it is known that it was decided, and what ran, though the directory is removed.
trace=${dir%/*}/.begun.${dir##*/}
[ -f "$trace" ] && void begun
echo "$boot" >"$trace" || void full

# The one decision. Whoever comes back and finds none makes it too, the other way.
if ! ln -s run go; then
  rm -f "$trace"
  [ -z "$become" ] || rm -rf "$run"
  exit 0
fi
ring go

# No opening of a pipe may wait for its other side.
exec 4<>"$run/events" 5<>"$run/orders" 6<>out.f 7<>err.f 8<>"$run/secrets" 9<>"$run/state.f"

# How much dd wrote, from what it said: `wrote`. Fails at the end of the input.
wrote() {
  case $1 in 0+0*) return 1 ;; esac
  wrote=${1##*records out?}
  wrote=${wrote%% *}
  case $wrote in '' | *[!0-9]*) wrote= ;; esac
}

# Standard input to file $1, known as $2. What is written down of each piece goes through the pipe of secrets: so whoever
# reads there meets every secret before what was printed after it.
pump() {
  LC_ALL=C pieces=1 full=0 fast=0 size=0 before=0
  export LC_ALL
  while said=$(dd bs=65536 count=$pieces 2>&1 >>"$1"); do
    wrote "$said" || break
    [ -f end ] && exec cat >/dev/null
    clock
    [ -n "$wrote" ] && printf '\000%s %s %s %s\000' "$mark" "$2" "$wrote" "$clock" >&8
    size=${wrote:+${size:+$((size + wrote))}}
    # Each piece costs a process, and several more until somebody sees it. A block that prints much is read in larger
    # ones; for one that prints often, the pipe is let fill up for a moment.
    case $said in "$pieces+0"*) full=$((full + 1)) ;; *) full=0 ;; esac
    if [ $full -gt 7 ]; then pieces=16; else pieces=1; fi
    if [ $((clock - before)) -lt 20 ]; then fast=$((fast + 1)); else fast=0; fi
    before=$clock
    if [ $fast -gt 7 ] && [ $full = 0 ]; then sleep 0.05; fi
  done
  case $said in 0+0*) ;; *)
    echo "lost $1" >&4
    size=
    cat >/dev/null
    ;;
  esac
  echo "drained $1 $size" >&4
}

journal() {
  LC_ALL=C all=0
  export LC_ALL
  while said=$(dd bs=65536 count=1 2>&1 >>log); do
    wrote "$said" || break
    if [ -n "$wrote" ]; then all=$((all + wrote)); else all=; fi
    [ -h settle ] && echo logged >&4
    ring "${all:-more}"
  done
  case $said in 0+0*) ;; *)
    echo "lost log" >&4
    cat >/dev/null
    ;;
  esac
  echo "drained log" >&4
}

state() {
  cat >state || echo "lost state" >&4
  echo "drained state" >&4
}

# After so many seconds, says $2. Ends with its sleep.
after() {
  nap=
  trap 'kill $nap; exit' TERM
  sleep "$1" &
  nap=$!
  wait $nap && echo "$2" >&4
}

# Whether anything of the block lives of which nobody can say how it ended.
is_left() {
  case $kind in '' | lost) [ -n "$block" ] && remains "$block" "$began" ;; *) return 1 ;; esac
}

watch() {
  began= block= kind= code=0 why=none lost= held=no drained=0 timer= swept= t1=$begun t2= before= looks=0 still=0 logged=0 out= err=
  while read -r event x y <&4; do
    case $event in
    began)
      block=$x
      clock
      t1=$clock
      born "$x"
      began=$born
      echo "$x $began" >block
      echo "$x $began" >>"$trace"
      printf '\000%s s %s\000' "$mark" "$t1" 1<>"$run/secrets"
      if [ "$limit" != 0 ]; then
        (after "$limit" limit) &
        timer=$!
      fi
      [ "$why" = none ] || echo "stop $block" >&5
      ;;
    limit | stop)
      if [ "$why$kind" = none ]; then
        why=$event
        [ -z "$block" ] || echo "stop $block" >&5
      fi
      ;;
    result)
      kind=$x code=$y
      clock
      t2=$clock
      [ -z "$timer" ] || kill $timer
      # What was stopped is over when all that it started is.
      if [ -z "$block" ] || [ "$why" = none ] || [ -n "$swept" ]; then echo bye >&5; fi
      ;;
    swept)
      swept=yes
      [ -z "$kind" ] || echo bye >&5
      ;;
    refused)
      # After it began, that nobody can say how it ended.
      if [ -n "$block" ]; then kind=lost code=$x; else kind=refused code="$x $y"; fi
      echo look >&4
      ;;
    look)
      # What lives of it is kept, and can be stopped.
      if is_left; then (after 1 look) & else echo bye >&5; fi
      ;;
    lost) lost=$lost${lost:+,}$x ;;
    drained)
      drained=$((drained + 1))
      case $x in out) out=$y ;; err) err=$y ;; esac
      ;;
    gone)
      # Whoever ran the block may have been killed without it.
      if is_left; then (after 1 gone) & elif [ $drained != 4 ]; then (after 0.1 late) & fi
      ;;
    late)
      # A busy place takes a while to drain, or something that the block left behind keeps its output open. What itself
      # printed is through when nothing has moved for a while.
      looks=$((looks + 1))
      now=$(stat -c %s out err log)
      if [ "$now" = "$before" ]; then still=$((still + 1)); else still=0; fi
      if [ $drained = 4 ]; then
        :
      elif [ $still -lt 4 ] && [ $looks -lt 50 ]; then
        before=$now
        (after 0.1 late) &
      else
        held=yes
        ln -s now settle
        printf '\000%s z\000' "$mark" 1<>"$run/secrets"
      fi
      ;;
    logged)
      # The first may be of what stood before the mark; with the next the mark is through.
      logged=$((logged + 1))
      [ $logged = 2 ] && break
      printf '\000%s z\000' "$mark" 1<>"$run/secrets"
      ;;
    esac
    # The shell that keeps all this, and whoever runs the block, hold pipes open for as long as they live. One of them may
    # have been killed, and says nothing any more.
    [ $drained = 4 ] && ! is_left && break
  done
  [ -z "$timer" ] || kill $timer
  [ $drained = 4 ] && held=no
  clock
  [ -n "$t2" ] || t2=$clock
  if [ -z "$kind" ]; then
    if [ -n "$block" ]; then kind=lost; else kind=refused code=payload; fi
  fi
  # shellcheck disable=SC2046 # two numbers
  if [ -n "$out" ] && [ -n "$err" ]; then set -- "$out" "$err"; else set -- $(stat -c %s out err); fi
  kept=no
  case ,$lost, in *,state,*) kept=lost ;; *) [ -s state ] && kept=yes ;; esac
  printf 'end 1\nkind %s\ncode %s\nwhy %s\nafter %s\ntook %s\nsizes %s %s\nlost %s\nheld %s\nstate %s\n.\n' \
    "$kind" "$code" "$why" $((t1 - begun)) $((t2 - t1)) "$1" "$2" "${lost:-none}" $held $kept 1<>end.tmp
  sync out err log end.tmp
  mv end.tmp end
  ring end
  rm -rf out.f err.f work settle "$run/secrets" "$run/state.f" "$run/orders" "$run/events"
  [ -z "$become" ] || rm -rf "$run"
}

(pump out o) <out.f 4>&4 5>&- 6>&- 7>&- 9>&- &
(pump err e) <err.f 4>&4 5>&- 6>&- 7>&- 9>&- &
(journal) <"$run/secrets" 5>&- 6>&- 7>&- 8>&- 9>&- &
(state) <"$run/state.f" 5>&- 6>&- 7>&- 8>&- 9>&- &
(
  exec 6>&- 7>&- 8>&- 9>&-
  watch
) &
watcher=$!
# shellcheck disable=SC2086 # its words are ours
$become sh -c "$runner" runner "${become:-same}" >&6 2>&7 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
exec 6>&- 7>&- 8>&- 9>&-
# Nobody needs the script any more; and while it goes, the pumps mostly come to their end. Their pipes stay: one that has
# not got so far as to open its own would find none.
rm -rf work
echo gone >&4
exec 4>&- 5>&-
wait $watcher
