#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# While a server takes its time with the first answer, a profile whose server refuses
# connections is not asked for again and again.
. "${srcdir:-..}/tests/lib.sh"
need python3

make_image image 1
# It accepts connections and says nothing.
python3 -c '
import socket, sys, time
s = socket.create_server(("127.0.0.1", 0), backlog=64)
print(s.getsockname()[1], flush=True)
time.sleep(600)' >"$dir/port" &
remember $!
wait_until 10 "the server listens" test -s "$dir/port"
plugin_start url="http://127.0.0.1:$(cat "$dir/port")/image" roothash="$roothash" profile=http://127.0.0.1:1/x \
	status="$dir/status.sock"
sleep 2
requests=$("$farroot" status --json --socket="$dir/status.sock" | sed -n 's/.*"requests":\([0-9]*\).*/\1/p')
[ "$requests" -ge 2 ] || fail "only $requests requests: this judges nothing"
[ "$requests" -le 8 ] || fail "$requests requests in 2 s"
