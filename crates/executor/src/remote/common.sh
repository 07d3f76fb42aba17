# shellcheck shell=sh disable=SC2034
# What every part on a place uses. Nothing here starts a process but `boot`, once.

# When process $1 was started, in ticks since the kernel was: `born`. Fails where it is gone, or only waits to be reaped.
born() {
  born= process=$1
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # The name of a program may hold anything, blanks and brackets too.
  stat=${stat##*) }
  # shellcheck disable=SC2086 # the fields are wanted apart
  set -- $stat
  case $1 in Z | X) works "$process" || return 1 ;; esac
  shift 19
  born=$1
}

# Whether a thread of process $1 works whose first one has ended: it looks as if it only waited to be reaped.
works() {
  for entry in /proc/"$1"/task/*/stat; do
    { read -r stat <"$entry"; } 2>/dev/null || continue
    stat=${stat##*) }
    case $stat in Z* | X*) ;; *) return 0 ;; esac
  done
  return 1
}

# Whether anything in process group $1 lives; a zombie that nobody reaps does not.
lives() {
  for member in /proc/[0-9]*; do
    { read -r stat <"$member/stat"; } 2>/dev/null || continue
    stat=${stat##*) }
    # shellcheck disable=SC2086
    set -- "$1" $stat
    [ "$4" = "$1" ] || continue
    case $2 in Z | X) works "${member#/proc/}" && return 0 ;; *) return 0 ;; esac
  done
  return 1
}

# Whether anything of the block lives whose first process was $1, started at $2.
remains() {
  if born "$1"; then
    # No other process gets the number of a group while anything of that lives.
    [ "$born" = "$2" ]
  else
    lives "$1"
  fi
}

# Which start of which machine or container this is: `boot`.
boot() {
  boot=none
  { read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
  born 1
  boot=$boot/${born:-none}/$(readlink /proc/self/ns/pid || echo none)
}

# Hundredths of a second since the machine started, which nobody sets: `clock`.
clock() {
  read -r clock stat </proc/uptime
  clock=${clock%.*}${clock#*.}
  # Digits that begin with 0 would be octal.
  while :; do case $clock in 0?*) clock=${clock#0} ;; *) break ;; esac; done
}

# Wakes whoever follows, in the attempt's directory. A follower that hangs on a line that is cut reads no more, and a pipe
# that is full would hold up whoever writes: nobody is woken more often than fits, and who lives on comes with a new pipe.
rung='' rings=0
ring() {
  word=$1
  set -- wake.*
  [ "$*" = "$rung" ] || rings=0
  rung=$* rings=$((rings + 1))
  [ "$rings" -gt 300 ] && return
  for wake; do [ -p "$wake" ] && echo "$word" 1<>"$wake"; done
}
