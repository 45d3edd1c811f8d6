#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Faults whose messages differ each time, and ETags that differ, are a few lines of the
# log; and a server cannot write control characters there.  So are reads that fail because of
# outage=, and a password that is renewed and refused again and again.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

# nbdkit 1.32.4 to 1.33.9 may abort, as test-client-dies-with-many-reads.sh tells.
is_idle_or_aborted() {
	is_gone "$nbdkit" || status_is waiting 0 2>/dev/null
}

make_image image 8
faulty_origin 1 cut=3
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=no cache=4M
until=$(($(now_ms) + 6000)) i=0
while [ "$(now_ms)" -lt $until ]; do
	i=$((i + 1))
	read_at $((i * 7919 % 2000 * 4096)) 16384 >"$dir/got"
done
logged 'body ended after' || fail "the fault is not in the log"
at_most "lines of log" "$(log_lines)" 20
plugin_stop

: >"$log"
faulty_origin 2 etag=flip
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=yes status="$dir/status.sock"
wait_until 10 "the whole image is here" is_whole_here
logged 'file was replaced' || fail "the other ETags are not in the log"
at_most "lines of log" "$(log_lines)" 8
plugin_stop

: >"$log"
# ESC; U+009B in UTF-8; the byte 0x9b; the euro sign, which is text.
faulty_origin 3 etag=flip etag_prefix='a\033[2Jb\302\2332Jc\2332Jd\342\202\254'
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=yes status="$dir/status.sock"
wait_until 10 "the whole image is here" is_whole_here
logged 'file was replaced (ETag .a?\[2Jb??2Jc?2Jd€' || fail "the ETag is not in the log"
python3 - "$log" <<'END' || fail "the log has control characters, or is not UTF-8"
import sys, unicodedata
text = open(sys.argv[1], encoding="utf-8", newline="").read()
sys.exit(any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in text))
END
plugin_stop

say "reads that fail"
: >"$log"
plugin_start url=http://127.0.0.1:1/image roothash="$roothash" profile=none outage=1
i=0
while [ $i -lt 60 ]; do
	i=$((i + 1))
	read_at 0 4096 >"$dir/got" 2>&1 &
	remember $!
done
wait_until 20 "a read has failed" logged 'no usable data'
sleep 2
at_most "lines of log" "$(log_lines)" 20
plugin_stop

say "clients that die while many of their reads wait"
: >"$log"
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" fill=no profile=none status="$dir/status.sock"
read_is_right 0 4096 "$dir/image"
origin_stop 1
clients=
for n in 1 2 3 4; do
	"$nbd_read" "$socket" 2097152 4096 60 65536 >"$dir/got" 2>&1 &
	remember $!
	clients="$clients $!"
done
wait_until 10 "their reads wait" status_is waiting 240
for client in $clients; do kill -KILL "$client"; done
wait_until 10 "the reads are forgotten" is_idle_or_aborted
sleep 1
logged 'aborting sleep' || fail "nbdkit has another message now: see client_is_gone"
at_most "lines about clients that are gone" "$(grep -c 'aborting sleep' "$log")" 4
at_most "lines of log" "$(log_lines)" 20
is_gone "$nbdkit" || plugin_stop

say "a password that is renewed and refused again and again"
: >"$log"
echo 'Cookie: right' >"$dir/expected"
faulty_origin 4 login="$dir/expected"
echo 0 >"$dir/secret"
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none cookie-file="$dir/secret" retry-max=0.5
i=0
read_in_background 0 4096
while [ $i -lt 80 ]; do
	i=$((i + 1))
	echo $i >"$dir/secret.new"
	mv "$dir/secret.new" "$dir/secret"
	sleep 0.1
done
logged 'has changed since' || fail "the renewal is not in the log"
[ "$(grep -c ' 401 ' "$requests")" -ge 25 ] || fail "only $(grep -c ' 401 ' "$requests") requests"
at_most "lines of log" "$(log_lines)" 20
