#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# kill -9 of the server: each process that waits for a read ends, the folder can be unmounted
# and mounted again; with auto_unmount it unmounts itself.
. "${srcdir:-..}/tests/fuse/fuse.sh"

serve_file 16
# kill_with_readers OPTION...
kill_with_readers() {
	timeout "$(slack 20)" "$farroot" mount "$url1/image" "$mnt" roothash="$roothash" "$@" || fail "cannot mount"
	server=$(server_of "$mnt") || fail "no server"
	remember "$server"
	cmp -n 4096 "$mnt/image" "$dir/image" || fail "wrong bytes"
	ln -sfn "$mnt" "$dir/x.mnt"
	origin_stop 1
	"$nbd_read" "$dir/x" 8388608 4096 20 65536 >/dev/null 2>"$dir/direct" &
	remember $!
	direct=$!
	cat "$mnt/image" >/dev/null 2>"$dir/buffered" &
	remember $!
	buffered=$!
	sleep 1
	is_alive $direct || fail "a reader has ended"
	is_alive $buffered || fail "a reader has ended"
	kill -KILL "$server"
	wait_until 5 "the readers end" is_gone $direct
	wait_until 5 "the readers end" is_gone $buffered
	! grep -q 'error 5\|Input/output' "$dir/direct" "$dir/buffered" || fail "an I/O error: $(cat "$dir/direct" "$dir/buffered")"
	origin_start 1
}

kill_with_readers
is_mounted "$mnt" || fail "it is not mounted any more: is this test still right?"
! "$farroot" mount "$url1/image" "$mnt" roothash="$roothash" 2>"$dir/err" || fail "a dead mount is no obstacle"
grep -q -e "--umount" "$dir/err" || fail "the message does not help: $(cat "$dir/err")"
"$farroot" mount --umount "$mnt" || fail "the dead mount cannot be unmounted"
is_unmounted "$mnt" || fail "it is still mounted"
kill_with_readers -o auto_unmount
wait_until 5 "it unmounts itself" is_unmounted "$mnt"
