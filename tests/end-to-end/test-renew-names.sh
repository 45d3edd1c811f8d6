#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The engine that serves a root gets the name servers of the running system, but none that is
# on this machine, and keeps those that it has if there are no others.
. "${srcdir:-..}/tests/lib.sh"

root=$dir/root
copy=$root/run/farroot/etc/resolv.conf
renew() {
	"$srcdir/initramfs/root/renew-names" "$root" || fail "renew-names"
}

mkdir -p "$root/etc"
echo 'nameserver 192.0.2.1' >"$root/etc/resolv.conf"
renew
[ ! -e "$root/run" ] || fail "something was written although no engine serves this root"

mkdir -p "$root/run/farroot/etc" "$root/run/systemd/resolve"
echo 'nameserver 192.0.2.9' >"$copy"
renew
same "$(cat "$copy")" 'nameserver 192.0.2.1' "the name server of resolv.conf"

# As with systemd-resolved.
echo 'nameserver 127.0.0.53' >"$root/etc/resolv.conf"
renew
same "$(cat "$copy")" 'nameserver 192.0.2.1' "the name server, with only a local one"
printf '%s\n' '# by systemd-resolved' 'nameserver ::1' 'nameserver 2001:db8::1' 'nameserver 192.0.2.2' \
	'nameserver 192.0.2.3' 'nameserver 192.0.2.4' 'search example.org' >"$root/run/systemd/resolve/resolv.conf"
renew
same "$(tr '\n' , <"$copy")" 'nameserver 2001:db8::1,nameserver 192.0.2.2,nameserver 192.0.2.3,' "three name servers"

# Nothing is written without a change.
inode=$(stat -c %i "$copy")
renew
same "$(stat -c %i "$copy")" "$inode" "the file"
: >"$root/run/systemd/resolve/resolv.conf"
renew
same "$(stat -c %i "$copy")" "$inode" "the file, without name servers"
