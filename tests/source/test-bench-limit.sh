#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The limit of a benchmark's boot counts each byte that was read until the boot was
# complete once, and nothing else; bench/boot-report fails if a boot is faster than its
# limit, and computes no limit for a boot without a trace.  bench/rescue-report fails if a download
# is faster than its link.
. "${srcdir:-..}/tests/lib.sh"
need python3

PYTHONPATH=$srcdir/bench PYTHONDONTWRITEBYTECODE=1 python3 - <<'END' || fail "bench/limit.py, see above"
from limit import bytes_read, download_limit_s, limit_s

def is_same(found, wanted):
    assert found == wanted, f"{found} instead of {wanted}"

HEAD = "# tracer: nop\n#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n"

def line(at, device, kind, start, count, error=0):
    return (f"    kworker/0:1H-39      [000] d.h1. {at:11.6f}: block_rq_complete: "
            f"{device} {kind} () {start} + {count} none,0,0 [{error}]\n")

trace = HEAD + line(1, "43,0", "R", 0, 8) + line(2, "43,0", "RA", 8, 248) + line(3, "43,0", "RSM", 1000, 8)
is_same(bytes_read(trace, 10), (8 + 248 + 8) * 512)
# A block that is read again is no second transfer; half of these blocks are new.
is_same(bytes_read(trace + line(4, "43,0", "R", 200, 112), 10), (8 + 248 + 8 + 56) * 512)
# A read that ended after the milestone did not have to be over.
is_same(bytes_read(trace, 2.5), 256 * 512)
is_same(bytes_read(trace, 0.5), 0)
# Neither writes, flushes nor failed reads brought bytes; another device is not the root.
is_same(bytes_read(trace + line(4, "43,0", "W", 5000, 8) + line(4, "43,0", "FF", 6000, 0) +
                   line(4, "43,0", "R", 7000, 8, -5) + line(4, "7,0", "R", 8000, 16), 10), 264 * 512)
is_same(bytes_read(HEAD, 10), 0)
# A line as Linux 6.12 writes it.
is_same(bytes_read("          <idle>-0       [001] d.h2.     4.205178: block_rq_complete: 254,0 R () 293080 + 256 "
                   "none,0,0 [0]\n", 5), 131072)
# 5 s to the first packet, 0.1 s of round trip, 12.5 MB at 10 Mbit/s.
assert abs(limit_s(5, 100, 12500000, 10) - 15.1) < 1e-9
# Two round trips of 0.3 s, 12.5 MB at 2 Mbit/s.
assert abs(download_limit_s(300, 12500000, 2) - 50.6) < 1e-9
END

row() {
	echo "2026-01-01T00:00:00,abc,amd64,$1,farroot,1,4,5,6,$2,$3,$4,$5,9,1,1,1,k,n,c,u,q,p,0"
}

# report LINK LOGIN READY FIRST-PACKET READ-BYTES
report() {
	sed -n 's/^/ /;1s/^ //p' "$srcdir/bench/results/boot.csv" >"$dir/boot.csv"
	row "$@" >>"$dir/boot.csv"
	PYTHONDONTWRITEBYTECODE=1 python3 "$srcdir/bench/boot-report" --csv "$dir/boot.csv" >"$dir/report.log" 2>&1
}

report 10mbit-100ms 14 16 5 12500000 || fail "a boot after its limit"
grep -q '| 15\.1 | 1\.06 | 12\.5 |' "$dir/report.log" || fail "no limit of 15.1 s"
! report 10mbit-100ms 14 15 5 12500000 || fail "no error for a boot before its limit"
grep -q 'before its limit of 15\.1 s' "$dir/report.log" || fail "no message"
report 10mbit-100ms 14 '' '' '' || fail "a boot without a trace"
grep -q '| – | – | – |' "$dir/report.log" || fail "a limit without a trace"

# rescue_report FETCH-SECONDS: of 12,500,000 bytes at 10 Mbit/s and 100 ms, and 20 s to boot.
rescue_report() {
	{
		echo date,commit,flavour,link,run,bytes,fetch_s,boot_s,available_kb,kernel,qemu,cpu,load
		echo 2026-01-01T00:00:00,abc,small,1000mbit-0ms,1,12500000,0.2,20,716800,k,q,p,0
		echo "2026-01-01T00:00:00,abc,small,10mbit-100ms,1,12500000,$1,25,716800,k,q,p,0"
	} >"$dir/rescue.csv"
	PYTHONDONTWRITEBYTECODE=1 python3 "$srcdir/bench/rescue-report" --csv "$dir/rescue.csv" >"$dir/report.log" 2>&1
}

rescue_report 11 || fail "a download after its limit: $(cat "$dir/report.log")"
grep -qF '| small | 10 Mbit/s, 100 ms | 12,500,000 | 11 | 25 | **36** | 30 |' "$dir/report.log" || fail "wrong sums: $(cat "$dir/report.log")"
! rescue_report 10.1 || fail "no error for a download before its limit"
grep -q 'before the limit of 10\.2 s' "$dir/report.log" || fail "no message about the download"
