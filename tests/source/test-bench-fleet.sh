#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# bench/fleet: its light clients take only what they have asked for, go on where an answer has broken off, wait for
# Retry-After, and count right; it refuses wrong input at once; bench/fleet-report makes the table.
. "${srcdir:-..}/tests/lib.sh"
need python3 nginx nbdkit cc pkg-config
pkg-config --exists libnbd || skip "libnbd's headers are not installed"
export FARROOT_VM_DIR="$dir/vm" PYTHONDONTWRITEBYTECODE=1

PYTHONPATH=$srcdir/bench python3 - "$dir" <<'END_OF_PYTHON' || fail "bench/fleet_clients.py, see above"
import socketserver, sys, threading, time
from fleet_clients import Client, Loop, Wrong, read_trace

def is_same(found, wanted):
    assert found == wanted, f"{found} instead of {wanted}"

trace_path = sys.argv[1] + "/trace"

def trace(text):
    with open(trace_path, "w") as file:
        file.write(text)
    return read_trace(trace_path)

is_same(trace("# a comment\n1 /a 0-9\n2 /b whole\n1 /a 10-19\n"), [[("/a", 0, 9), ("/a", 10, 19)], [("/b", None, None)]])
for text in "", "1 /a 9-0\n", "1 a 0-9\n", "/a 0-9\n", "1 /a 0-9 x\n", "1 /a -9\n":
    try:
        trace(text)
    except Wrong:
        continue
    raise AssertionError(f"{text!r} passes for a trace")

DATA = bytes(range(200))
asked = []

class Server(socketserver.StreamRequestHandler):
    """Answers by what is next in the list: an answer to the range, or what is wrong with it."""
    def handle(self):
        while True:
            lines = []
            while (line := self.rfile.readline().strip()):
                lines.append(line.decode())
            if not lines:
                return
            wish = [line for line in lines if line.startswith("Range: ")]
            asked.append((time.monotonic(), wish[0][13:] if wish else "whole"))
            first, last = (wish[0][13:].split("-") if wish else (0, 199))
            first, last = int(first), int(last or 199)
            body = DATA[first:last + 1]
            how = plan.pop(0) if plan else "good"
            head = f"HTTP/1.1 206 P\r\nContent-Range: bytes {first}-{last}/200\r\n" if wish else "HTTP/1.1 200 OK\r\n"
            if how == "busy":
                head, body = "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\n", b"busy"
            elif how == "whole":
                head, body = "HTTP/1.1 200 OK\r\n", DATA
            elif how == "another":
                head = f"HTTP/1.1 206 P\r\nContent-Range: bytes {first + 1}-{last + 1}/200\r\n"
            self.wfile.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + (body[:3] if how == "breaks" else body))
            if how == "breaks":
                return

server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Server)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()

def boot(answers, limit_s=30):
    global plan
    plan = list(answers)
    asked.clear()
    loop = Loop()
    clients = loop.run([lambda loop: Client(loop, 7, server.server_address, ["/sig"], [[("/a", 0, 9), ("/a", 10, 19)]])], 1, limit_s)
    return loop.counts, clients[0]

counts, client = boot([])
is_same([what for _, what in asked], ["whole", "0-9", "10-19"])
is_same((counts.requests, counts.body_bytes, counts.connections, counts.refused, counts.faults), (3, 220, 2, 0, 0))
assert client.ended
# What has broken off goes on, and counts once.
counts, client = boot(["good", "breaks"])
is_same([what for _, what in asked], ["whole", "0-9", "3-9", "10-19"])
is_same((counts.requests, counts.body_bytes, counts.connections, counts.faults), (4, 220, 3, 1))
# Retry-After is kept, with a little more.
counts, client = boot(["good", "busy"])
is_same([what for _, what in asked], ["whole", "0-9", "0-9", "10-19"])
is_same((counts.requests, counts.body_bytes, counts.refused, counts.faults), (4, 220, 1, 0))
assert asked[2][0] - asked[1][0] >= 1, "the client did not wait for Retry-After"
# Neither the whole file nor another range is an answer to a range.
for how in "whole", "another":
    counts, client = boot(["good", how])
    is_same((counts.body_bytes, counts.faults, len(counts.wrong)), (220, 1, 1))
# A client that does not end has no end.
assert boot(["busy"] * 1000, 1.5)[1].ended is None
END_OF_PYTHON

bench() {
	timeout "$(slack 300)" "$srcdir/bench/fleet" "$@" >"$dir/bench.log" 2>&1
}
refuses() {
	text=$1
	shift
	! bench "$@" || fail "$* passes"
	grep -qF -e "$text" "$dir/bench.log" || fail "$*: no '$text': $(cat "$dir/bench.log")"
	[ ! -e "$dir/vm/bench-fleet" ] || fail "$*: begins anyway"
}
refuses 'must be a number from 1 to 5000' --clients 0
refuses 'must be a number from 1 to 5000' --clients ten
refuses 'bees: must be of nginx' --scenarios nginx,bees
refuses 'must come directly after tree' --scenarios nginx,again
refuses 'need each other' --image "$0"
refuses 'is no file' --trace "$dir/nothing"
refuses 'must be CONNECTION PATH FIRST-LAST' --trace "$0"

# Two scenarios, with few small boots: the bench itself compares its counts with the log of nginx.
bench --clients 5 --scenarios nginx,herd --image-mib 8 --boot-img-mib 1 --herd-s 3 --csv "$dir/fleet.csv" ||
	fail "bench/fleet: $(cat "$dir/bench.log")"
"$srcdir/bench/fleet-report" --csv "$dir/fleet.csv" >"$dir/report" || fail "bench/fleet-report"
grep -q '^| one nginx | 5 | 0 |' "$dir/report" || fail "no row for one nginx: $(cat "$dir/report")"
# 5 boots of 1 MiB of boot.img; per thousand of them 200 times that.
same "$(sed -n 's/^| one nginx |//p' "$dir/report" | cut -d '|' -f 5 | tr -d ' ')" 5.2 "MB of boot.img"
