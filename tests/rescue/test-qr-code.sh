#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot.qr=yes: each console of the kernel shows a QR code of name, addresses and fingerprint, again when they
# change, and not otherwise; off without the argument; the small flavour says that it has none.
. "${srcdir:-..}/tests/rescue/reach-lib.sh"
need qrencode
reach_small_tools
reach_machine full 9ffefdef
reach_machine small 1badcafe small
at=$dir/full
mkdir -p "$at/system/dev"
printf '%s\n' 'tty0                 -WU (EC p  )    4:1' 'ttyS1                -W- (E  p a)    4:65' 'ttyS9 -W- (E) 4:73' >"$at/system/proc/consoles"

# begins MACHINE ARGUMENT...
begins() {
	at=$dir/$1
	shift
	printf '%s\n' "$@" >"$at/state/arguments"
	: >"$at/system/dev/tty0"
	: >"$at/system/dev/ttyS1"
	"$at/env" qr 2>"$at/err" &
	service=$!
	remember $service
}
# shows FILE TEXT: the last code there is that of TEXT, and TEXT stands below.
shows() {
	tail -n "$(printf '%s\n' "$2" | wc -l)" "$1" | cmp -s - "$dir/text" && grep -qF -e "$(head -n 6 "$dir/code" | tail -n 1)" "$1"
}
expect() {
	printf '%s\n' "$1" >"$dir/text"
	qrencode -l L -m 2 -t ANSIUTF8 -o "$dir/code" <"$dir/text"
	for console in tty0 ttyS1; do
		wait_until 20 "$console shows: $1" shows "$at/system/dev/$console" "$1"
	done
}

begins full quiet
wait_until 10 "it ends without its argument" is_gone $service
[ -e "$at/state/released.qr" ] || fail "it would run again"
[ ! -s "$at/system/dev/tty0" ] || fail "a code, though it is off"

printf '192.0.2.7/24 2001:db8::7/64 2001:db8::8/64 ' >"$at/state/address.eth0"
begins full farroot.qr=yes
expect "rescue 9ffefdef
192.0.2.7
2001:db8::7
$(reach_fingerprint full)"
[ "$(wc -l <"$dir/code")" -le 25 ] || fail "$(wc -l <"$dir/code") lines are too many for a screen"
size=$(stat -c %s "$at/system/dev/tty0")
sleep 1
same "$(stat -c %s "$at/system/dev/tty0")" "$size" "what is shown without a change"
printf 192.0.2.9/24 >"$at/state/address.eth0"
: >"$at/state/ephemeral"
expect "rescue 9ffefdef
192.0.2.9
$(reach_fingerprint full) this boot only"
: >"$at/state/handed-over"
wait_until 10 "it ends" is_gone $service

mkdir -p "$dir/small/system/dev"
begins small farroot.qr=yes
wait_until 10 "it ends in the small flavour" is_gone $service
grep -q 'farroot.qr=yes: this image has no qrencode' "$at/log" || fail "the log: $(cat "$at/log")"
