#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The name server does not answer for the first mirror: the second serves, and a miss does not
# wait for the look-ups of the first.
. "${srcdir:-..}/tests/lib.sh"
need python3 ip unshare
need_root
if [ "${1-}" != inside ]; then
	unshare -n -m true 2>/dev/null || skip "no namespaces here"
	rm -rf "$dir"
	exec unshare -n -m "$0" inside
fi
ip link set lo up
echo 'nameserver 127.0.0.1' >"$dir/resolv.conf"
echo 'hosts: files dns' >"$dir/nsswitch.conf"
for file in resolv.conf nsswitch.conf; do
	mount --bind "$dir/$file" "/etc/$file" || skip "cannot mount on /etc/$file"
done
python3 -c 'import socket, sys, time
s = socket.socket(type=socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
open(sys.argv[1], "w").close()
time.sleep(999)' "$dir/is-bound" &
remember $!
wait_until 10 "the silent name server is there" test -e "$dir/is-bound"

make_image image 32
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url=http://far.test/image url="$url1/image" roothash="$roothash" fill=no profile=none
read_is_right 0 4096 "$dir/image"
mib=1
while [ $mib -lt 31 ]; do
	began=$(now_ms)
	read_is_right $((mib << 20)) 4096 "$dir/image"
	took=$(($(now_ms) - began))
	[ $took -le "$(slack 2500)" ] || fail "a miss took $took ms"
	mib=$((mib + 1))
	sleep 0.4
done
