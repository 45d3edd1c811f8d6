#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A client of the status socket comes while the server has no descriptor left: the server does not
# spin, answers when there is one, and ends in time.
. "${srcdir:-..}/tests/lib.sh"
need prlimit

# In ms, of all threads; fields 14 and 15, and 100 ticks a second.
cpu_ms() {
	sed 's/.*) //' "/proc/$nbdkit/stat" | awk '{ print ($12 + $13) * 10 }'
}

plugin_start url=http://127.0.0.1:1/image roothash="$(printf '%064d' 1)" profile=none retry-max=10 status="$dir/status.sock"
status_is state opening || fail "the status is not told"
# The lowest that is free; a lower limit would make poll fail.
free=3
while [ -e "/proc/$nbdkit/fd/$free" ]; do free=$((free + 1)); done
prlimit --pid "$nbdkit" --nofile="$free":
timeout 20 "$farroot" status --json --socket="$dir/status.sock" >"$dir/status" &
remember $!
client=$!
sleep 0.5
before=$(cpu_ms)
sleep 2
took=$(($(cpu_ms) - before))
say "$took ms of CPU time in 2 s"
[ $took -lt 500 ] || fail "the server took $took ms of CPU time in 2 s"
prlimit --pid "$nbdkit" --nofile=1024:
wait_until 5 "the client has its answer" is_gone $client
grep -q '"state":"opening"' "$dir/status" || fail "the answer is wrong"
plugin_stop
