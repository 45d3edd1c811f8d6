#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-watchdog, as a process: what it refuses, that it waits for a device without
# holding up what started it, that its memory is locked, that only --release ends it, and
# that it still finds /dev when that is mounted elsewhere.  tests/unit/watchdog-feeder.c has
# what it does with a watchdog, tests/boot/test-watchdog.sh a real one.
. "${srcdir:-..}/tests/lib.sh"
need_root
need mkfifo unshare mknod
watchdog=$top_builddir/farroot-watchdog
pid_file=$dir/pid

# refuses CODE MESSAGE ARGUMENT...: at once.
refuses() {
	wanted=$1 message=$2
	shift 2
	code=0
	timeout "$(slack 10)" "$watchdog" --pid-file "$pid_file" "$@" >"$dir/refuses.log" 2>&1 || code=$?
	same $code "$wanted" "exit code of farroot-watchdog $*"
	grep -qF -e "$message" "$dir/refuses.log" || fail "farroot-watchdog $* does not say: $message"
}

# The field of /proc/PID/status.
state() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$feeder/status"
}

start() {
	"$watchdog" --pid-file "$pid_file" "$@" >"$dir/feeder.log" 2>&1 &
	feeder=$!
	remember $feeder
	# In the order of its start: its standard error is the last that it gives up.
	wait_until 10 "the feeder is ready" is_ready
}

is_ready() {
	is_alive "$feeder" || fail "the feeder has ended"
	[ "$(readlink "/proc/$feeder/fd/2")" = /dev/null ]
}

echo data >"$dir/file"
mkfifo "$dir/fifo"
refuses 1 "$dir/file is not a watchdog" --device "$dir/file"
same "$(cat "$dir/file")" data "a file that is not a watchdog"
refuses 1 "$dir/fifo is not a watchdog" --device "$dir/fifo"
refuses 1 "$dir is not a watchdog" --device "$dir"
refuses 1 "/dev/null is not a watchdog" --device /dev/null
refuses 1 "$dir/none: No such file or directory" --device "$dir/none/watchdog0"
refuses 1 "$dir/ is not the path of a device" --device "$dir/"
refuses 1 "$dir/none/pid: No such file or directory" --device "$dir/watchdog0" --pid-file "$dir/none/pid"
for seconds in 0 -1 3601 15s '' 99999999999999999999; do
	refuses 2 "--seconds $seconds: not a number from 1 to 3600" --seconds "$seconds"
done
refuses 2 "Try 'farroot-watchdog --help'" --no-such-option
refuses 2 'x: no such argument' x
refuses 1 "no farroot-watchdog feeds: no process has locked $dir/none" --release --pid-file "$dir/none"
# A number that a crash has left in the file is the number of some other process by now.
sleep 60 &
other=$!
remember $other
echo $other >"$pid_file"
refuses 1 "no farroot-watchdog feeds" --release
is_alive $other || fail "--release has ended another process"
"$watchdog" --help | grep -q -e --release || fail "no --help"

# No device, yet.
start --device "$dir/watchdog0"
tr '\0' ' ' <"/proc/$feeder/cmdline" | grep -q '^@' || fail "systemd would kill it: $(tr '\0' ' ' <"/proc/$feeder/cmdline")"
# A container may not allow this.
if (echo -1000 >/proc/self/oom_score_adj) 2>/dev/null; then
	same "$(cat "/proc/$feeder/oom_score_adj")" -1000 oom_score_adj
fi
same "$(cat "$pid_file")" $feeder "the number in the file"
same "$(readlink "/proc/$feeder/cwd")" / "its folder"
same "$(cut -d ' ' -f 6 "/proc/$feeder/stat")" $feeder "its session"
same "$(cut -d ' ' -f 41 "/proc/$feeder/stat")" 0 "its scheduling policy"
same "$(cut -d ' ' -f 19 "/proc/$feeder/stat")" 0 "its nice value"
same "$(state Threads)" 1 "its threads"
# All pages that belong to files are in memory and locked.
awk '/^[0-9a-f]+-/ { name = $6 } /^Size:/ { size = $2 } /^Rss:/ { present = $2 }
	/^VmFlags:/ && name ~ /^\// {
		files++
		if (present != size || !/ lo( |$)/) {
			print name ": " present " of " size " kB are in memory, " $0
			bad = 1
		}
	}
	END { exit bad || files < 5 }' "/proc/$feeder/smaps" >"$dir/smaps.log" || fail "not all of its memory is locked"
for fd in 0 1 2; do
	same "$(readlink "/proc/$feeder/fd/$fd")" /dev/null "its descriptor $fd"
done
refuses 1 "$pid_file is locked: another farroot-watchdog feeds" --device "$dir/watchdog1"
for signal in HUP INT QUIT USR1 USR2 PIPE ALRM; do
	kill -$signal $feeder
done
sleep 0.3
is_alive $feeder || fail "a signal has ended it"
timeout "$(slack 20)" "$watchdog" --release --pid-file "$pid_file" || fail "not released"
wait_until 10 "the feeder ends" is_gone $feeder
wait $feeder || fail "it ended with $?"
[ ! -s "$pid_file" ] || fail "a number is left in its file"

# As the kernel starts init if there is no console.
start_closed() {
	"$watchdog" --pid-file "$pid_file" --device "$dir/dev2/watchdog0" <&- >&- 2>&- &
	feeder=$!
	remember $feeder
}
mkdir "$dir/dev2"
start_closed
wait_until 10 "the feeder is ready" is_ready
same "$(find "/proc/$feeder/fd" -lname "$dir/dev2" | wc -l)" 1 "folders of the device"
end $feeder

# As after switch_root: its /dev is elsewhere, and the device appears there.  It is opened
# (and is not a watchdog, but /dev/null).
cat >"$dir/namespace" <<-SCRIPT
	mkdir "$dir/dev" "$dir/root"
	mount -t tmpfs dev "$dir/dev" || exit 77
	"$watchdog" --pid-file "$pid_file" --device "$dir/dev/watchdog0" 2>/dev/null &
	feeder=\$!
	trap 'kill \$feeder' EXIT
	trap 'exit 4' TERM
	until [ "\$(readlink "/proc/\$feeder/fd/2")" = /dev/null ]; do sleep 0.1; done
	mount --move "$dir/dev" "$dir/root" || exit 77
	sleep 1.5
	kill -0 \$feeder || exit 3
	mknod "$dir/root/watchdog0" c 1 3 || exit 77
	wait \$feeder
	[ \$? = 1 ]
SCRIPT
code=0
timeout "$(slack 30)" unshare --mount --propagation private sh "$dir/namespace" >"$dir/namespace.log" 2>&1 || code=$?
[ $code != 77 ] || skip "no mounts here"
same $code 0 "the feeder whose /dev has moved"
