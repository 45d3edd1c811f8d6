#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A root file system with sysvinit or OpenRC takes port 22, the network and the serial line from the
# rescue system for services that it starts; reboot in the rescue system is then its own.
. "${srcdir:-..}/tests/lib.sh"
need_root
mkdir -p "$dir/here" "$dir/rescue/state" "$dir/etc/init.d" "$dir/etc/rc2.d" "$dir/programs" "$dir/system/proc/1/root"
for program in here/host-keys-of-rescue here/keep-identity rescue/release programs/chroot programs/busybox programs/sync; do
	# shellcheck disable=SC2016 # for the stand-ins
	printf '#!/bin/sh\necho "${0##*/} $*" >>"%s"\n' "$dir/calls" >"$dir/$program"
	chmod +x "$dir/$program"
done
: >"$dir/rescue/state/terminal.ttyS0.pid"
# Its own folders, for those of the machine that runs the test.
sed -e "s,^here=.*,here=$dir/here," -e "s,^rescue=.*,rescue=$dir/rescue," -e "s,^etc=.*,etc=$dir/etc," -e "s,/run/farroot,$dir/none," \
	-e "s,/usr/sbin/sshd,/bin/sh," "$srcdir/initramfs/root/init-script" >"$dir/init-script"
chmod +x "$dir/init-script"

# starts: what its script calls, at the start.
starts() {
	: >"$dir/calls"
	"$dir/init-script" start || fail "init-script: $?"
	cat "$dir/calls"
}
has_call() {
	grep -qx -e "$1" "$dir/calls"
}

same "$(starts)" 'host-keys-of-rescue 
keep-identity ' "a root that starts no service"
for name in ssh dhcpcd; do
	: >"$dir/etc/init.d/$name"
done
ln -s ../init.d/ssh "$dir/etc/rc2.d/S02ssh"
same "$(starts)" 'host-keys-of-rescue 
release ssh
keep-identity ' "sshd alone"
ln -s ../init.d/dhcpcd "$dir/etc/rc2.d/K01dhcpcd"
same "$(starts)" 'host-keys-of-rescue 
release ssh
keep-identity ' "a network manager that is not started"
ln -s ../init.d/dhcpcd "$dir/etc/rc2.d/S03dhcpcd"
same "$(starts)" 'host-keys-of-rescue 
release ssh
release network
keep-identity ' "sshd and a network manager"
echo 'co:2345:respawn:/sbin/agetty --keep-baud 115200 console linux' >"$dir/etc/inittab"
starts >/dev/null
wait_until 10 "the serial line is released" has_call 'release serial ttyS0'
# OpenRC.
rm -r "$dir/etc/rc2.d" "$dir/etc/inittab"
mkdir -p "$dir/etc/runlevels/default"
ln -s ../../init.d/ssh "$dir/etc/runlevels/default/ssh"
same "$(starts)" 'host-keys-of-rescue 
release ssh
keep-identity ' "sshd by OpenRC"
# ifupdown, before an interface.
: >"$dir/calls"
IFACE=lo "$dir/init-script" || fail "init-script of ifupdown: $?"
same "$(cat "$dir/calls")" '' "lo of ifupdown"
IFACE=eth0 "$dir/init-script" || fail "init-script of ifupdown: $?"
same "$(cat "$dir/calls")" 'release network' "an interface of ifupdown"
: >"$dir/rescue/state/released.network"
IFACE=eth1 "$dir/init-script" || fail "init-script of ifupdown: $?"
same "$(cat "$dir/calls")" 'release network' "its second interface"
rm "$dir/rescue/release"
same "$(starts)" 'host-keys-of-rescue 
keep-identity ' "no rescue system"
grep -q '^# X-Start-Before: .* ssh dropbear dhcpcd connman$' "$dir/init-script" || fail "it does not start before the services"

# --- reboot ------------------------------------------------------------------
RESCUE_STATE=$dir/rescue/state FARROOT_SYSTEM=$dir/system
export RESCUE_STATE FARROOT_SYSTEM
# Never that of the machine that runs the test.
sed -e "s,>.*sysrq-trigger[^ ]*,>>$dir/calls," "$srcdir/initramfs/rescue/shutdown" >"$dir/reboot"
! grep -q sysrq "$dir/reboot" || fail "sysrq-trigger is in: $(cat "$dir/reboot")"
chmod +x "$dir/reboot"
# reboots ARGUMENT...
reboots() {
	: >"$dir/calls"
	PATH=$dir/programs:$PATH "$dir/reboot" "$@" || fail "reboot: $?"
	grep -v '^sync' "$dir/calls"
}
for comm in init systemd; do
	echo $comm >"$FARROOT_SYSTEM/proc/1/comm"
	rm -f "$RESCUE_STATE/handed-over"
	same "$(reboots)" 'busybox reboot -n -f
b' "reboot before a root file system has started"
	: >"$RESCUE_STATE/handed-over"
	same "$(reboots -d)" "chroot $FARROOT_SYSTEM/proc/1/root /usr/bin/env PATH=/usr/sbin:/sbin:/usr/bin:/bin reboot -d" "reboot under $comm"
	same "$(reboots -f)" 'busybox reboot -n -f
b' "reboot -f under $comm"
done
