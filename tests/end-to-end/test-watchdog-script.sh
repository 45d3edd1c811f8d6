#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# scripts/init-top/farroot-watchdog starts the feeder at once if the machine boots by
# boot=farroot, unless farroot.watchdog=no; it returns although drivers or the feeder do not.
. "${srcdir:-..}/tests/lib.sh"
script=$srcdir/initramfs/scripts/init-top/farroot-watchdog

# The paths of an initramfs, below the test's folder.
mkdir "$dir/programs"
sed "s,^farroot_cmdline=/proc/cmdline$,farroot_cmdline=$dir/cmdline," "$srcdir/initramfs/scripts/farroot" >"$dir/farroot"
sed -e "s,/scripts/farroot$,$dir/farroot," -e "s,/usr/libexec/farroot/,$dir/programs/," \
	-e "s,^device=/dev/,device=$dir/," "$script" >"$dir/script"
cat >"$dir/programs/farroot-watchdog" <<-SCRIPT
	#!/bin/sh
	echo "feeder \$*" >>"$dir/commands"
	exec sleep 2
SCRIPT
cat >"$dir/programs/modprobe" <<-SCRIPT
	#!/bin/sh
	echo "modprobe \$* options=\$MODPROBE_OPTIONS" >>"$dir/commands"
SCRIPT
chmod +x "$dir/programs/"*

has_lines() {
	[ "$(wc -l <"$dir/commands")" -ge "$1" ]
}

# starts BOOT ARGUMENTS COMMAND...: the commands that the script runs.
starts() {
	: >"$dir/commands"
	printf '%s\n' "$2" >"$dir/cmdline"
	BOOT=$1 MODPROBE_OPTIONS=-qb PATH="$dir/programs:$PATH" timeout "$(slack 1)" sh "$dir/script" >"$dir/script.log" 2>&1 ||
		fail "the script ends with $?"
	shift 2
	if [ $# = 0 ]; then
		sleep 0.3
	else
		wait_until 10 "the feeder and the drivers are started" has_lines 3
	fi
	: >"$dir/expected"
	[ $# = 0 ] || printf '%s\n' "$@" 'modprobe -q bcm2835_wdt options=' 'modprobe -q i6300esb options=' >"$dir/expected"
	LC_ALL=C sort -o "$dir/commands" "$dir/commands"
	cmp "$dir/commands" "$dir/expected" || fail "commands: $(cat "$dir/commands")"
	same "$(cat "$dir/script.log")" "" "what the script says"
}

same "$(sh "$script" prereqs)" "" "what must run before"
good='boot=farroot farroot=http://a/x farroot.verify=none'
starts farroot "$good" 'feeder --seconds 60'
starts farroot "$good farroot.watchdog=15" 'feeder --seconds 15'
starts farroot "$good \"farroot.header=A: farroot.watchdog=no\"" 'feeder --seconds 60'
starts farroot "$good farroot.watchdog=no"
# What ends the boot with a message later.
starts farroot "$good farroot.watchdog=0" 'feeder --seconds 60'
starts farroot "boot=farroot" 'feeder --seconds 60'
starts farroot "boot=farroot farroot.watchdog=no"
same "$(ls "$dir/watchdog0" 2>/dev/null)" '' "a watchdog that is not there"

# One that the firmware has started would reset the machine.
: >"$dir/commands"
: >"$dir/watchdog0"
echo "$good farroot.watchdog=no watchdog.open_timeout=60" >"$dir/cmdline"
BOOT=farroot PATH="$dir/programs:$PATH" timeout "$(slack 1)" sh "$dir/script" || fail "the script ends with $?"
wait_until 10 "the watchdog is stopped" test -s "$dir/watchdog0"
same "$(cat "$dir/watchdog0")" V "what stops it"
grep -q '^modprobe' "$dir/commands" || fail "its driver is not loaded"
! grep -q '^feeder' "$dir/commands" || fail "it is fed"
# Other machines that have this initramfs.
starts local 'root=/dev/sda1 farroot.watchdog=15'
starts '' ''
