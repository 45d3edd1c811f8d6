#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The interface of interface= is absent: libcurl does not look its name up as that of a host, which
# would block everything while a name server is silent.  The reads wait until the interface is there.
. "${srcdir:-..}/tests/end-to-end/names.sh"

use_names 127.0.0.1
name_server 127.0.0.1 "$dir/silent"

make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1

# ends_in_time: after SIGTERM.
ends_in_time() {
	began=$(now_ms)
	plugin_stop
	took=$(($(now_ms) - began))
	[ $took -le "$(slack 1500)" ] || fail "nbdkit ended after $took ms"
}

say "SIGTERM while the interface is absent"
# The dot is as in the name of a VLAN, and of a host.
plugin_start url="$url1/image" roothash="$roothash" profile=none interface=far0.5
read_in_background 0 4096
wait_until 5 "the log names the interface" logged 'interface .far0.5.'
ends_in_time

say "the interface comes"
plugin_start url="$url1/image" roothash="$roothash" profile=none interface=far0.5
read_in_background 0 4096
sleep 1
reader_waits || fail "the read does not wait"
ip link set lo down
ip link set lo name far0.5 || skip "cannot rename lo"
ip link set far0.5 up
wait_until 10 "the read has ended" reader_is_done
same "$(cat "$dir/read.code")" 0 "code of the read"
plugin_stop

for interface in if!far0.5 127.0.0.1 host!127.0.0.1; do
	say "$interface"
	plugin_start url="$url1/image" roothash="$roothash" profile=none interface="$interface"
	read_is_right 0 65536 "$dir/image"
	plugin_stop
done

say "a host name without host!"
plugin_launch url="$url1/image" roothash="$roothash" interface=server.example.org
wait_until 5 "nbdkit refuses it" is_gone "$nbdkit"
logged 'interface=server.example.org: no interface has a name of more than 15 bytes; a host name needs host!' ||
	fail "the log does not say why"
