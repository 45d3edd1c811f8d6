#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A serial console whose driver is loaded late gets a login, once; after switch_root no line does.
. "${srcdir:-..}/tests/lib.sh"
RESCUE_STATE=$dir/state FARROOT_SYSTEM=$dir/system RESCUE_PAUSE=0.1
export RESCUE_STATE FARROOT_SYSTEM RESCUE_PAUSE
mkdir -p "$RESCUE_STATE" "$FARROOT_SYSTEM/proc" "$FARROOT_SYSTEM/etc/farroot" "$FARROOT_SYSTEM/sys/class/tty/ttyS0" "$dir/rescue"
cp "$srcdir/initramfs/rescue/serial" "$srcdir/initramfs/rescue/lib.sh" "$srcdir/initramfs/rescue/words" "$dir/rescue/"
# shellcheck disable=SC2016 # for the stand-in
printf '#!/bin/sh\necho "$*" >>"%s"\necho $$ >>"%s"\nexec sleep 300\n' "$dir/logins" "$dir/begun" >"$dir/rescue/terminal"
chmod +x "$dir/rescue/terminal"
echo serial=shell >"$FARROOT_SYSTEM/etc/farroot/rescue.conf"
echo 'tty0                 -WU (EC    )    4:7' >"$FARROOT_SYSTEM/proc/consoles"
echo 0 >"$FARROOT_SYSTEM/sys/class/tty/ttyS0/type"
: >"$dir/logins"

has_logins() {
	[ "$(sort "$dir/logins" | tr '\n' ' ')" = "$1" ]
}
console() {
	echo "$1             -W- (EC p a)    4:64" >>"$FARROOT_SYSTEM/proc/consoles"
}

setsid "$dir/rescue/serial" &
serial=$!
at_exit() {
	kill -TERM "-$serial"
	# These have sessions of their own.
	while read -r pid; do
		kill -TERM "$pid"
	done <"$dir/begun"
}
sleep 0.5
has_logins '' || fail "a login without a line: $(cat "$dir/logins")"
console ttyAMA0
wait_until 10 "a login on the first console" has_logins "ttyAMA0 $dir/rescue/shell "
console ttyUSB0
wait_until 10 "a login on the second console" has_logins "ttyAMA0 $dir/rescue/shell ttyUSB0 $dir/rescue/shell "
: >"$RESCUE_STATE/handed-over"
sleep 0.5
console ttyS1
sleep 0.5
has_logins "ttyAMA0 $dir/rescue/shell ttyUSB0 $dir/rescue/shell " || fail "the logins: $(cat "$dir/logins")"
