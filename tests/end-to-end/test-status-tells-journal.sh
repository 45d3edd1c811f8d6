#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot status --journal sends one entry for each change of state, with fields, in the form of
# the journal's native protocol, and ends when all is here; a link that comes and goes makes few.
. "${srcdir:-..}/tests/end-to-end/status-answers.sh"
need python3

# journal_starts: writes what is sent to $dir/journal to the file $dir/entries, an empty line after each.
journal_starts() {
	rm -f "$dir/journal" "$dir/entries"
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1])
while True:
    entry = s.recv(65536)
    with open(sys.argv[2], "ab") as out: out.write(entry + b"\n")
' "$dir/journal" "$dir/entries" &
	remember $!
	wait_until 10 "the journal listens" [ -S "$dir/journal" ]
}

# entries_are N WHAT: the last one may still be on its way.
entries_are() {
	wait_until 10 "$2: $1 entries" has_entries "$1"
	same "$(grep -c '^MESSAGE=' "$dir/entries")" "$1" "$2"
}

has_entries() {
	[ "$(grep -c '^MESSAGE=' "$dir/entries")" -ge "$1" ]
}

has() {
	grep -qx -e "$1" "$dir/entries" || fail "no line '$1' in: $(cat "$dir/entries")"
}

journal_starts
{
	line opening 0 'refused'
	line opening 0 'refused'
	line outage 26214400 'no \u001b[2Jroute'
	line outage 26214400 'another error'
	line materialized 104857600 ''
} >"$dir/answers"
answers_from "$dir/answers"
ask "--journal=$dir/journal" || fail "$(cat "$dir/err")"
entries_are 3 "entries"
has 'MESSAGE_ID=[0-9a-f]\{32\}'
has 'MESSAGE=the root file system is in state outage, 25.0 % are here: no ?\[2Jroute'
has 'FARROOT_STATE=outage'
has 'FARROOT_PREVIOUS_STATE=opening'
has 'FARROOT_PRESENT_BYTES=26214400'
has 'FARROOT_LAST_ERROR=no ?\[2Jroute'
has 'MESSAGE=the root file system is materialized: all 100.0 MiB are here, no origin is needed any more'
same "$(grep -cxE 'PRIORITY=[45]' "$dir/entries")" 3 "priorities"
# Each entry is lines of FIELD=value.
! grep -vxE '|[A-Z_]+=.*' "$dir/entries" || fail "not the form of the protocol"

journal_starts
n=0
while [ $n -lt 6 ]; do
	line outage 26214400 'no route'
	line filling 26214400 ''
	n=$((n + 1))
done >"$dir/answers"
line materialized 104857600 '' >>"$dir/answers"
answers_from "$dir/answers"
timeout "$(slack 90)" "$farroot" status "--socket=$dir/sock" "--journal=$dir/journal" || fail "it does not end"
entries_are 11 "entries of a link that comes and goes"
