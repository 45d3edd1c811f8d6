#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# systemd gets the watchdog when the root file system is complete and systemd wants it with a
# time-out that the hardware takes, and not before.
. "${srcdir:-..}/tests/lib.sh"
root=$dir/root
mkdir -p "$root/sys/class/watchdog/watchdog0" "$root/run/farroot" "$dir/programs"
echo 15 >"$root/sys/class/watchdog/watchdog0/timeout"
cp "$srcdir/initramfs/root/hand-over-watchdog" "$srcdir/initramfs/root/await" "$dir/programs/"

# program NAME LINE...: a stand-in that notes how it was called.
program() {
	name=$1
	shift
	printf '%s\n' '#!/bin/sh' "echo \"$name \$*\" >>'$dir/commands'" "$@" >"$dir/programs/$name"
	chmod +x "$dir/programs/$name"
}

state=$root/sys/class/watchdog/watchdog0/state
program farroot-watchdog "echo inactive >'$state'"
program farroot "[ -e '$dir/complete' ]"
program sleep "touch '$dir/complete'"
program busctl "case \$1 in" "get-property) echo t \$(cat '$dir/usec') ;;" "set-property) [ ! -e '$dir/opens' ] || echo active >'$state' ;;" 'esac'

# hands_over USEC CODE MESSAGE COMMAND...: commands without those that only ask.
hands_over() {
	echo "$1" >"$dir/usec"
	echo active >"$state"
	: >"$dir/commands"
	wanted=$2 message=$3
	shift 3
	code=0
	PATH="$dir/programs:$PATH" "$dir/programs/hand-over-watchdog" "$root" >"$dir/hand-over.log" 2>&1 || code=$?
	same $code "$wanted" "exit code"
	grep -qF "$message" "$dir/hand-over.log" || fail "no message: $message"
	same "$(grep -v -e get-property -e '^farroot status' "$dir/commands" | sed 's,org[^ ]* /org[^ ]* org[^ ]* ,,')" "$*" "commands"
}

touch "$dir/opens"
hands_over 0 0 'RuntimeWatchdogSec= is not set'
hands_over 15000001 1 'is longer than the 15 s'
hands_over 15000000 0 'systemd feeds the watchdog' "sleep 30
farroot-watchdog --release
busctl set-property RuntimeWatchdogUSec t 15000000"
# It is complete now.
hands_over 18446744073709551615 0 'systemd feeds the watchdog' "farroot-watchdog --release
busctl set-property RuntimeWatchdogUSec t 18446744073709551615"
rm "$dir/opens"
hands_over 15000000 1 'systemd has not opened the watchdog' "farroot-watchdog --release
busctl set-property RuntimeWatchdogUSec t 15000000"
# Without an engine.
rm -r "$root/run/farroot"
rm "$dir/complete"
touch "$dir/opens"
hands_over 10000000 0 'systemd feeds the watchdog' "farroot-watchdog --release
busctl set-property RuntimeWatchdogUSec t 10000000"
program farroot-watchdog 'echo no feeder; exit 1'
hands_over 10000000 1 'no feeder' 'farroot-watchdog --release'
