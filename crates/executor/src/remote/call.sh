# shellcheck shell=sh disable=SC2154
# What a place is asked. This stands before `{ token=…; …; call OPERATION; }`, which a shell runs when it has read all of it,
# or not at all; another such command may follow over the same line, when the first is over. Every line of an answer begins
# with the token, made for this one call: anything else is the noise of a login shell.

# Asked of the place itself, whatever its environment has by that name.
boot=

say() { printf '%s %s\n' "$token" "$*"; }

# Bytes $3 to $4 of what descriptor $2 stands at, as frames called $1.
ship() {
  at=$3
  while [ "$at" -lt "$4" ]; do
    length=$(($4 - at))
    [ "$length" -gt 1048576 ] && length=1048576
    say "$1" "$at" "$length"
    dd bs="$length" count=1 <&"$2" 2>/dev/null || exit 1
    at=$((at + length))
  done
}

# Moves descriptor $1 on by $2 bytes.
seek() {
  if [ $(($2 / 1048576)) -gt 0 ]; then dd bs=1048576 skip=$(($2 / 1048576)) count=0 <&"$1" 2>/dev/null; fi
  if [ $(($2 % 1048576)) -gt 0 ]; then dd bs=$(($2 % 1048576)) skip=1 count=0 <&"$1" 2>/dev/null; fi
}

# A pipe to be woken through, and a beat on it.
listen() {
  heard=0 turn=$((turn + 1))
  mkfifo "wake.$token.$turn" || { say error wake; exit 1; }
  exec 9<>"wake.$token.$turn"
  (beat) >&9 &
  beating=$!
}

deafen() {
  kill "$beating"
  rm -f "wake.$token.$turn"
}

beat() {
  nap=
  trap 'kill $nap; exit' TERM
  while [ -d "/proc/$$" ]; do
    sleep 2 >/dev/null &
    nap=$!
    wait $nap
    echo beat
  done
}

# The next word through the pipe: `word`. Says on a beat that this side lives.
wait_word() {
  [ "$heard" -lt 150 ] || { deafen; listen; }
  heard=$((heard + 1))
  read -r word <&9
  if [ "$word" = beat ]; then
    clock
    say beat "$clock"
  fi
}

# Waits until it is decided whether the block runs. After a time without a decision, decides that it never will.
decided() {
  # A restart may have taken a decision with it that was on no disk yet.
  if [ ! -h go ] && [ "$boot" != "$expected" ]; then say doubt rebooted unknown; return 1; fi
  clock
  since=$clock
  until [ -h go ]; do
    [ $((clock - since)) -lt "$fence" ] || ln -s void.fence go 2>/dev/null
    [ -h go ] && break
    wait_word
    clock
  done
  # What it leads to is there only where it is to run: no process is needed to see that.
  [ -e go ] && return
  go=$(readlink go)
  [ "$go" = run ] && return
  if [ "$go" = void.begun ]; then removed; else say void "${go#void.}"; fi
  return 1
}

# Of a block that was begun, and whose directory somebody has removed since.
removed() {
  x=unknown child=
  { read -r began_under && read -r child ticks; } <"$base/.begun.$id"
  if [ "$boot" = "$began_under" ] && [ -n "$child" ] && remains "$child" "$ticks"; then x=running; fi
  say doubt removed $x
}

# What is kept of the end: words of ours, each byte a character.
say_end() {
  x=
  while read -r y; do
    x="$x$y
"
    [ "$y" = . ] && break
  done <end
  say end 0 ${#x}
  printf %s "$x"
}

# Whether anything of the block lives that `block` names.
is_left() { read -r child ticks <block && remains "$child" "$ticks"; }

# Whether it does though `end` is there, for whoever wrote that did not see how the block ended.
is_left_behind() {
  { read -r word && read -r word x; } <end
  [ "$x" = lost ] && is_left
}

# In an attempt's directory: hands on what is there and what comes, until the end, or until that is in doubt.
follow() {
  if [ ! -f pid ]; then say doubt rebooted unknown; return; fi
  { read -r word keeper ticks; read -r word began_under; read -r word mark; read -r word run; } <pid
  if [ ! -f out ]; then
    # Everything was handed on before, and cleared away.
    if [ -f end ]; then say_end; else say doubt gone unknown; fi
    return
  fi
  doubt=
  [ "$boot" = "$began_under" ] || doubt=rebooted
  # By which secrets what it printed is to be masked.
  if [ -z "$fresh" ] && [ -f known ]; then
    read -r words <known
    # shellcheck disable=SC2086 # one by one
    for word in $words; do say known "$word"; done
  fi
  exec 5<out 6<err 7<log
  seek 5 "$from_out"
  seek 6 "$from_err"
  seek 7 "$from_log"
  o=$from_out e=$from_err l=$from_log marked= word=first
  # Who started it has heard everything since.
  [ -z "$fresh" ] || wait_word
  while :; do
    over=
    [ -f end ] && over=yes
    if [ -z "$over$doubt" ] && { ! born "$keeper" || [ "$born" != "$ticks" ]; }; then
      if [ -f end ]; then over=yes; else doubt=gone; fi
    fi
    if [ -n "$over" ]; then
      # What comes later is of something that the block left behind.
      while read -r name x y; do [ "$name" = sizes ] && break; done <end
      # shellcheck disable=SC2046
      set -- "$x" "$y" $(stat -c %s log state)
    else
      # shellcheck disable=SC2046
      set -- $(stat -c %s out err log)
    fi
    ship l 7 "$l" "$3"
    l=$3
    # In turns, so that neither waits for all of the other.
    x=$1 y=$2
    [ $((x - o)) -gt 4194304 ] && x=$((o + 4194304))
    [ $((y - e)) -gt 4194304 ] && y=$((e + 4194304))
    ship o 5 "$o" "$x"
    ship e 6 "$e" "$y"
    o=$x e=$y
    if [ "$o $e" != "$1 $2" ]; then continue; fi
    if [ -n "$over" ]; then
      if [ -z "$doubt" ] && is_left_behind; then say doubt gone running; return; fi
      if [ "${4:-0}" -gt 0 ]; then say s 0 "$4"; cat state; fi
      say_end
      return
    fi
    if [ -n "$doubt" ]; then
      x=unknown
      if [ $doubt = gone ] && [ -f block ]; then
        x=ended
        is_left && x=running
      fi
      say doubt $doubt $x
      return
    fi
    # How much is there is written down behind all that went through the pipe of secrets before. A piece that a pump has
    # not finished is covered by that.
    if [ "$word" = beat ] && [ "$o $e" != "$marked" ] && [ -p "$run/secrets" ]; then
      marked="$o $e"
      printf '\000%s b %s %s %s\000' "$mark" "$o" "$e" "$clock" 1<>"$run/secrets"
    fi
    while wait_word; do
      # Woken for something that was handed on already.
      case $word in *[!0-9]*) break ;; *) [ "$word" -gt "$l" ] && break ;; esac
    done
  done
}

# Whether this is the disk that was meant. No process is needed to see that, where one has ever said hello.
same_store() { [ -f "$base/.store.$store" ] || [ "$(readlink "$base/.store")" = "$store" ]; }

start() {
  # A shell that has been asked before knows: no restart outlives it.
  [ -n "$boot" ] || boot
  same_store || { say error store; return; }
  [ "$boot" = "$expected" ] || [ -d "$base/$id" ] || { say error boot; return; }
  if mkdir "$base/$id" 2>/dev/null; then
    cd "$base/$id" || return
    turn=0 fresh=yes
    listen
    (
      say started
      decided && follow
      # The pipe goes with everything else, when this is reaped.
      kill "$beating"
    ) </dev/null &
    following=$!
    printf '%s\n%s' "$head" "$payload" | setsid sh -c "$keeper" keeper "$runner" "$boot" >/dev/null 2>&1 9>&-
    wait "$following"
    # Whoever followed may have ended for want of a reader, before it came to that.
    kill "$beating"
    wait
  elif [ -d "$base/$id" ]; then attach
  else say error directory; fi
}

attach() {
  [ -n "$boot" ] || boot
  if [ ! -d "$base/$id" ] && [ -f "$base/.begun.$id" ] && same_store; then removed; return; fi
  if [ ! -d "$base/$id" ]; then
    # Whatever was sent may still be on its way. Under the same start and store, what is made now is what it will find.
    same_store || { say error store; return; }
    [ "$boot" = "$expected" ] || { say error boot; return; }
    if mkdir "$base/$id"; then ln -s void.fence "$base/$id/go"; fi
  fi
  cd "$base/$id" || { say error directory; return; }
  turn=0 fresh=
  listen
  say attached
  # Apart from what the shell knows for the next block.
  (
    decided && follow
    deafen
  )
}

stop() {
  cd "$base/$id" 2>/dev/null || { say none; return; }
  # Before that, nobody is there who could be told.
  [ -h go ] || { say error undecided; return; }
  { read -r word keeper ticks; read -r word began_under; read -r word mark; read -r word run; } <pid
  if [ -f end ]; then :
  elif born "$keeper" && [ "$born" = "$ticks" ]; then echo stop 1<>"$run/events"
  elif read -r child ticks <block && born "$child" && [ "$born" = "$ticks" ]; then
    # Nobody keeps it any more.
    kill -TERM "-$child"
    sleep "$grace"
    kill -KILL "-$child"
  fi 2>/dev/null
  say stopping
}

# The caller has all of it, for good: what stays says that it ran, and how it ended.
reap() {
  cd "$base/$id" 2>/dev/null || { say none; return; }
  if [ ! -f end ]; then say error runs; return; fi
  # The keeper may be clearing up its pipes at this moment.
  rm -rf run out err log state block known work settle wake.* out.f err.f secrets state.f orders events "$base/.begun.$id"
  say reaped
}

clean() {
  cd "$base" 2>/dev/null || { say none; return; }
  [ -d "$id" ] || { say none; return; }
  if [ -f "$id/end" ] || [ "$(readlink "$id/go")" != run ] || [ -n "$force" ]; then
    if mv "$id" ".gone.$id" && rm -rf ".gone.$id" ".begun.$id"; then say cleaned; else say error clean; fi
  else say error runs; fi
}

# As clean, of several; says which are left.
clean_all() {
  cd "$base" 2>/dev/null || { say complete; return; }
  for id in $ids; do
    if [ -d "$id" ]; then
      if [ -f "$id/end" ] || [ "$(readlink "$id/go")" != run ]; then
        mv "$id" ".gone.$id" && rm -rf ".gone.$id" ".begun.$id"
      fi
    fi
    if [ -d "$id" ]; then say left "$id"; fi
  done
  say complete
}

list() {
  for entry in "$base"/*; do
    [ -d "$entry" ] || continue
    go=$(readlink "$entry/go" || echo undecided)
    if [ -f "$entry/end" ]; then go=ended; fi
    say item "${entry##*/}" "$go"
  done
  say complete
}

# That somebody is there; nothing is made for that.
answers() { say complete; }

# Which place this is, and what is there.
hello() {
  for name in setsid mkfifo dd stat readlink sync; do
    command -v $name >/dev/null || { say error tool $name; return; }
  done
  base=$HOME/.holdpoint/attempts
  if ! mkdir -p "$base" || ! chmod 700 "$HOME/.holdpoint" "$base"; then say error home; return; fi
  [ -h "$base/.store" ] || ln -s "$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')" "$base/.store" 2>/dev/null
  # Who tells a signal from an exit code here.
  if [ "$(awk 'BEGIN { print system("kill -9 $$") }' 2>/dev/null)" = 265 ]; then how="awk"
  elif sh -c "$(command -v time) sh -c 'kill -13 \$\$'" 2>&1 | grep -q 'by signal 13'; then how="time"
  else how=shell; fi
  boot
  clock
  say boot "$boot"
  store=$(readlink "$base/.store")
  : >"$base/.store.$store"
  say store "$store"
  say how $how
  say clock "$clock"
  say home "$HOME"
  say base "$base"
  say host "$(uname -n)"
  say user "$(id -un 2>/dev/null || id -u)"
  say temporary "${TMPDIR:-/tmp}"
  say complete
}

probe() {
  say now "$(date +%s)"
  say system "$(uname -sr)"
  [ -z "$SHELL" ] || say login "$SHELL"
  for name in sh bash dash ash python3 perl ruby node sudo docker; do
    if found=$(command -v $name); then say program "$name" "$found"; fi
  done
  free=$(df -Pk "$base" | { read -r word; read -r word word word free word; echo "$free"; })
  say free "$free"
  if [ -n "$become" ]; then
    # shellcheck disable=SC2086 # several words
    if refused=$($become sh -c : 2>&1 >/dev/null </dev/null); then
      say became
    else
      say refused "$(printf %s "$refused" | tr -s '\n' ' ')"
    fi
  fi
  say complete
}

call() {
  umask 077
  exec 2>/dev/null
  printf '\n'
  "$1"
  # More may be asked over the same line, or it is closed.
  say over
}
