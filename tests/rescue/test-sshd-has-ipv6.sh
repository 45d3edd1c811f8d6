#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The rescue system's ssh server of either flavour starts after IPv6 is there: a kernel may have it as a
# module, and a server listens only to what there is at its start.
. "${srcdir:-..}/tests/lib.sh"
RESCUE_STATE=$dir/state FARROOT_SYSTEM=$dir/system
export RESCUE_STATE FARROOT_SYSTEM
mkdir -p "$RESCUE_STATE/ssh" "$FARROOT_SYSTEM/proc/net" "$dir/rescue" "$dir/programs"
# Never the ssh server and the folders of the machine that runs the test.
sed -e "s,/usr/sbin/sshd,$dir/programs/sshd,; s,/run/sshd,$dir/run,; s,/root/,$dir/root/,g; s, /etc/farroot, $dir/etc,g" \
	"$srcdir/initramfs/rescue/ssh" >"$dir/rescue/ssh"
cp "$srcdir/initramfs/rescue/lib.sh" "$srcdir/initramfs/rescue/sshd_config" "$dir/rescue/"
mkdir -p "$dir/etc" "$dir/root"
: >"$dir/etc/authorized_keys"
printf '#!/bin/sh\n' >"$dir/rescue/host-keys"
for program in sshd dropbear modprobe; do
	# shellcheck disable=SC2016 # for the stand-in
	printf '#!/bin/sh\necho "${0##*/} $1 $2" >>"%s"\n' "$dir/calls" >"$dir/programs/$program"
done
chmod +x "$dir/rescue"/* "$dir/programs"/*
PATH=$dir/programs:$PATH

# begins: what is started, in this order.
begins() {
	: >"$dir/calls"
	timeout "$(slack 20)" "$dir/rescue/ssh" || fail "ssh: $?"
	cat "$dir/calls"
}
same "$(begins)" 'modprobe -q ipv6
sshd -D -e' "with IPv6 as a module"
: >"$FARROOT_SYSTEM/proc/net/if_inet6"
same "$(begins)" 'sshd -D -e' "with IPv6 in the kernel"
rm "$FARROOT_SYSTEM/proc/net/if_inet6" "$dir/programs/sshd"
same "$(begins)" 'modprobe -q ipv6
dropbear -F -E' "the small flavour"
