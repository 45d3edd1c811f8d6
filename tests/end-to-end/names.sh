# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Name servers of our own, in a network and a mount namespace; sourced instead of tests/lib.sh.
. "${srcdir:-..}/tests/lib.sh"
need python3 ip unshare
need_root
if [ "${1-}" != inside ]; then
	unshare -n -m true 2>/dev/null || skip "no namespaces here"
	rm -rf "$dir"
	exec unshare -n -m "$0" inside
fi
ip link set lo up

# use_names ADDRESS...: these are the name servers from now on.
use_names() {
	for address; do echo "nameserver $address"; done >"$dir/resolv.conf"
	echo 'hosts: files dns' >"$dir/nsswitch.conf"
	for file in resolv.conf nsswitch.conf; do
		mount --bind "$dir/$file" "/etc/$file" || skip "cannot mount on /etc/$file"
	done
}

# name_server ADDRESS FILE: it tells the address that FILE has; without FILE it is silent.
name_server() {
	rm -f "$2.ready"
	python3 "$srcdir/tests/end-to-end/name-server.py" "$1" "$2" &
	remember $!
	wait_until 10 "the name server is there" test -e "$2.ready"
}
