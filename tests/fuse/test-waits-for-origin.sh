#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Without an origin farroot mount waits, says why, and is back when the origin has come and the
# image is mounted.  A signal ends the wait, and nothing is left.
. "${srcdir:-..}/tests/fuse/fuse.sh"

make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
port1=$(free_port)
url=http://127.0.0.1:$port1/image

# wait_in_vain SIGNAL: to the process that the user waits for.
wait_in_vain() {
	"$farroot" mount "$url" "$mnt" roothash="$roothash" retry-max=1 >"$log" 2>&1 &
	command=$!
	remember $command
	wait_until 10 "it says what is wrong" logged 'retrying in'
	is_alive $command || fail "it does not wait"
	read -r server _ <"/proc/$command/task/$command/children"
	[ -n "$server" ] || fail "no server"
	remember "$server"
}

for signal in TERM INT KILL; do
	wait_in_vain
	# A shell ignores INT for what it starts in the background, so the server gets it.
	case $signal in
	INT) kill -TERM "$server" ;;
	*) kill -$signal $command ;;
	esac
	wait_until 5 "the command ends" is_gone $command
	wait_until 5 "the server ends" is_gone "$server"
	is_unmounted "$mnt" || fail "something is mounted"
done
wait_in_vain
stays 1 "it waits" is_alive $command
is_unmounted "$mnt" || fail "it is mounted before the image is open"
origin_start 1
code=0
wait $command || code=$?
same $code 0 "exit code"
cmp "$mnt/image" "$dir/image" || fail "wrong bytes"
"$farroot" mount --umount "$mnt" || fail "cannot unmount"
is_gone "$server" || fail "the server is still there"

# outage= limits the wait.
origin_stop 1
code=0
"$farroot" mount "$url" "$mnt" roothash="$roothash" outage=0.5 2>"$log" || code=$?
same $code 1 "exit code with outage="
logged 'within outage= seconds' || fail "no message"
