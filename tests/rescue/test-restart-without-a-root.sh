#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# After a failure the rescue system restarts the machine when panic= says so, but not while a
# user works, nor with farroot=rescue.  Without a shell on the serial line, panic=600 is the default.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot
. "$srcdir/initramfs/scripts/farroot"
farroot_rescue=$dir/state
mkdir "$farroot_rescue"
echo 1 >"$farroot_rescue/serve.pid"

# A second takes no time; after 50 of them a user gives an order.
sleep() {
	seconds=$((seconds + 1))
	[ $seconds != 50 ] || echo order >"$farroot_rescue/order"
}

reboot() {
	echo "restart after $seconds s"
	exit
}

farroot_has_sessions() {
	[ "$seconds" -lt "$logged_in" ]
}

# after_failure PANIC URL LOGGED-IN: what happens, where a user is logged in for that many seconds.
after_failure() {
	rm -f "$farroot_rescue/order"
	# shellcheck disable=SC2034 # for the script
	(panic=$1 farroot_url=$2 logged_in=$3 seconds=0 && ! farroot_fail "the image cannot be mounted" && echo 'an order') |
		tail -n 1
}

url=http://192.0.2.1/root.img
same "$(after_failure 3 $url 0)" 'restart after 3 s' "panic=3"
# Who comes back has as much time as at first.
same "$(after_failure 3 $url 10)" 'restart after 12 s' "panic=3, and a login for 10 s"
same "$(after_failure 3 $url 99)" 'an order' "panic=3, and a login"
same "$(after_failure 3 rescue 0)" 'an order' "panic=3 with farroot=rescue"
for panic in '' 0 -1 3x; do
	same "$(after_failure "$panic" $url 0)" 'an order' "panic=$panic"
done
same "$(cat "$farroot_rescue/doing")" 'the image cannot be mounted' "what the logins are told"

# One machine's own panic= counts more than that of the kernel's arguments, which init has read.
farroot_cmdline=$dir/cmdline
echo "boot=farroot farroot=$url farroot.verify=none panic=7" >"$farroot_cmdline"
panic=600
farroot_parse || fail "farroot_parse: $farroot_why"
same "$panic" 7 "panic= of this machine"

# The default.
mkdir -p "$dir/conf" "$dir/etc/farroot" "$dir/programs"
: >"$dir/rescue.squashfs"
printf "#!/bin/sh\n" >"$dir/programs/start"
chmod +x "$dir/programs/start"
sed -e "s,/rescue.squashfs,$dir&,; s,/etc/farroot,$dir&,; s,/conf/param.conf,$dir&,; s,/run/rescue,$dir/run,; s,>/dev/kmsg,," \
	-e "s,/usr/libexec/farroot/rescue,$dir/programs," "$srcdir/initramfs/scripts/init-top/farroot-rescue" >"$dir/farroot-rescue"
# begins MODE PANIC: the parameters that the script adds to those of init.
begins() {
	: >"$dir/conf/param.conf"
	echo "serial=$1" >"$dir/etc/farroot/rescue.conf"
	panic=$2 sh "$dir/farroot-rescue" || fail "init-top/farroot-rescue: $?"
	cat "$dir/conf/param.conf"
}
same "$(begins none '')" 'panic=600' "the default with serial=none"
same "$(begins password '')" 'panic=600' "the default with serial=password"
same "$(begins shell '')" '' "the default with serial=shell"
same "$(begins none 30)" '' "the default with panic=30"
