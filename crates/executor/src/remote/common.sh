# shellcheck shell=sh disable=SC2034
# What every part on a place uses. Nothing here starts a process but `boot`, once.

# When process $1 was started, in ticks since the kernel was: `born`. Fails where it is gone, or only waits to be reaped.
born() {
  born=
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # The name of a program may hold anything, blanks and brackets too.
  stat=${stat##*) }
  # shellcheck disable=SC2086 # the fields are wanted apart
  set -- $stat
  case $1 in Z | X) return 1 ;; esac
  shift 19
  born=$1
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
