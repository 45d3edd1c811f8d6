#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The status socket answers a client that sends nothing at once, tells the profile to one
# that asks for it, and nothing more to one that sends something else.
. "${srcdir:-..}/tests/lib.sh"
need nginx python3

make_image image 1
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=yes status="$dir/status.sock"
read_is_right 8192 4096 "$dir/image"
wait_until 30 "all is here" status_is state materialized

# A client that asks for nothing has its answer at once, as has farroot status;
# one that asks for something else gets nothing more.
python3 - "$dir/status.sock" "$FARROOT_TEST_SLACK" <<-'END' || fail "the socket"
	import socket, sys, time
	slack = int(sys.argv[2])
	def ask(request, hang_on):
	    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
	    s.sendall(request)
	    if not hang_on: s.shutdown(socket.SHUT_WR)
	    start = time.monotonic()
	    answer = s.makefile("rb")
	    line = answer.readline()
	    first = time.monotonic() - start
	    assert line.startswith(b'{"state":'), line
	    rest = b""
	    try: rest = answer.read()
	    except ConnectionResetError: pass # it did not read all of that
	    return first, time.monotonic() - start, rest
	first, whole, rest = min(ask(b"", True) for i in range(5))
	assert first < 0.1 * slack and whole < 1 * slack and not rest, (first, whole, rest)
	first, whole, rest = min(ask(b"", False) for i in range(5))
	assert whole < 0.1 * slack and not rest, (first, whole, rest)
	for request in b"profile", b"profile\nprofile\n", b"PROFILE\n", b"\n" * 5000:
	    first, whole, rest = ask(request, True)
	    assert not rest, request
	assert ask(b"profile\n", True)[2].startswith(b"# farroot profile\n")
END
