#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# An ordinary user mounts the tree of a remote squashfs and reads one file of it: the bytes are
# right, the origin has sent little more, and no other mount is visible.  An outage only delays.
# The server ends when the tree is unmounted.
. "${srcdir:-..}/tests/fuse/fuse.sh"
need squashfuse_ll

serve_tree
become_user
mkdir "$dir/user/mnt"
chown --reference="$dir/user" "$dir/user/mnt"
as_user timeout "$(slack 20)" "$farroot" mount --tree "$url1/image" "$dir/user/mnt" roothash="$roothash" ||
	fail "cannot mount"
server=$(server_of "$dir/user/mnt") || fail "no server"
remember "$server"
same "$(as_user cat "$dir/user/mnt/small")" "a small file" "the small file"
as_user cmp "$dir/user/mnt/deep/7" "$dir/tree/deep/7" || fail "wrong bytes"
bytes=$(origin_bytes 1)
say "$bytes bytes sent for two files"
[ "$bytes" -lt 4194304 ] || fail "the origin has sent $bytes bytes for two small files"
same "$(grep -c " $dir" /proc/self/mountinfo)" 1 "visible mounts"

origin_stop 1
as_user cat "$dir/user/mnt/large" >"$dir/large" &
reader=$!
remember $reader
stays 2 "the reader waits" is_alive $reader
# squashfuse_ll is one thread, so a hit may wait here.
origin_start 1
wait_until 35 "the reader ends" is_gone $reader
cmp "$dir/large" "$dir/tree/large" || fail "wrong bytes after an outage"

as_user fusermount3 -u "$dir/user/mnt" || fail "cannot unmount"
wait_until 5 "the server ends" is_gone "$server"
same "$(ls "$XDG_RUNTIME_DIR/farroot")" '' "what is left in the runtime folder"
