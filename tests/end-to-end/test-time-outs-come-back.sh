#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# While the root file system needs an origin, watchdogs of services do not count, also after a
# reload of systemd; when it is materialized, the time-outs of systemd come back, unless the kernel's
# command line says that they must not.
. "${srcdir:-..}/tests/lib.sh"
root=$dir/root
mkdir -p "$root/run/systemd/system.conf.d" "$root/run/farroot" "$root/proc" "$dir/programs"
cp "$srcdir/initramfs/root/time-outs" "$srcdir/initramfs/root/await" "$dir/programs/"

# program NAME LINE...: a stand-in that notes how it was called.
program() {
	name=$1
	shift
	printf '%s\n' '#!/bin/sh' "echo \"$name \$*\" >>'$dir/commands'" "$@" >"$dir/programs/$name"
	chmod +x "$dir/programs/$name"
}

# keeps CMDLINE COMMAND...: commands without those that only ask.
keeps() {
	echo "$1" >"$root/proc/cmdline"
	shift
	: >"$dir/commands"
	rm -f "$dir/complete"
	: >"$root/run/systemd/system.conf.d/50-farroot.conf"
	PATH="$dir/programs:$PATH" timeout "$(slack 20)" "$dir/programs/time-outs" keep "$root" >"$dir/keep.log" 2>&1 || fail "keep"
	same "$(grep -v -e 'service-watchdogs $' -e '^farroot' -e '^sleep' -e '^systemctl service-watchdogs$' "$dir/commands")" "$*" "commands"
	[ ! -e "$root/run/systemd/system.conf.d/50-farroot.conf" ] || fail "the start time-outs stay"
}

# The second look of keep comes after a reload, and the third finds the root materialized.
# shellcheck disable=SC2016 # for the stand-ins
program systemctl '[ $# != 1 ] || cat "'"$dir"'/watchdogs"' '[ $# != 2 ] || echo "$2" >"'"$dir"'/watchdogs"'
# shellcheck disable=SC2016 # for the stand-in
program sleep 'case $(grep -c ^sleep "'"$dir"'/commands") in' "1) echo yes >'$dir/watchdogs' ;;" \
	"*) touch '$dir/complete'; while [ ! -e '$dir/seen' ]; do /bin/sleep 0.05; done ;;" 'esac'
program farroot "while [ ! -e '$dir/complete' ]; do /bin/sleep 0.05; done; touch '$dir/seen'"

echo no >"$dir/watchdogs"
keeps 'boot=farroot' 'systemctl service-watchdogs no
systemctl daemon-reload
systemctl service-watchdogs yes'
grep -q 'count again' "$dir/keep.log" || fail "nothing is said"
echo no >"$dir/watchdogs"
rm "$dir/seen"
keeps 'boot=farroot systemd.service_watchdogs=no' 'systemctl service-watchdogs no
systemctl daemon-reload'
: >"$dir/commands"
PATH="$dir/programs:$PATH" "$dir/programs/time-outs" hold
same "$(cat "$dir/commands")" 'systemctl service-watchdogs no' hold
