#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# With root, --tree is a loop mount by the kernel: the files are right; a file that is here is
# read while another read waits in an outage; umount ends the server, and so does SIGTERM,
# which also unmounts the tree.
. "${srcdir:-..}/tests/fuse/fuse.sh"
need_root
need mkfs.erofs
[ -e /dev/loop-control ] || skip "no loop devices"
grep -qw squashfs /proc/filesystems || modprobe squashfs 2>/dev/null || skip "this kernel has no squashfs"

serve_tree
mount_tree() {
	timeout "$(slack 20)" "$farroot" mount --tree "$url1/image" "$mnt" roothash="$roothash" "$@" || fail "cannot mount"
	server=$(server_of "$mnt") || fail "no server"
	remember "$server"
}

mount_tree
grep -q " $mnt ro,nosuid,nodev[^-]* - squashfs /dev/loop" /proc/self/mountinfo || fail "not a loop mount: $(cat /proc/self/mountinfo)"
(cd "$dir/tree" && find . -type f -exec cmp {} "$mnt"/{} \;) >"$dir/cmp" 2>&1
same "$(cat "$dir/cmp")" '' "wrong files"
same "$(grep -c " $dir/.*fuse" /proc/self/mountinfo)" 0 "visible mounts of the image"
umount "$mnt" || fail "cannot unmount"
wait_until 5 "the server ends" is_gone "$server"

# A hit and 20 misses.
mount_tree
cmp "$mnt/deep/9" "$dir/tree/deep/9" || fail "wrong bytes"
origin_stop 1
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	dd if="$mnt/large" bs=1M skip=$i count=1 of=/dev/null status=none 2>>"$dir/dd.log" &
	remember $!
	last=$!
done
sleep 0.5
is_alive "$last" || fail "nothing waits: nothing was tried"
# From the store, not from a cache of the kernel.
echo 3 >/proc/sys/vm/drop_caches 2>/dev/null
began=$(now_ms)
# In the background, because a process that waits in a squashfs cannot be killed.
cat "$mnt/deep/9" >"$dir/hit" &
hit=$!
remember $hit
wait_until 10 "a hit does not wait for misses" is_gone $hit
say "a hit during an outage: $(($(now_ms) - began)) ms"
cmp "$dir/hit" "$dir/tree/deep/9" || fail "wrong bytes"
is_alive "$last" || fail "nothing waited: nothing was tried"

# With readers that wait.
kill -TERM "$server"
wait_until 8 "the server ends after SIGTERM" is_gone "$server"
is_unmounted "$mnt" || fail "SIGTERM did not unmount the tree"
wait_until 8 "the reader ends" is_gone "$last"
origin_start 1

# In the foreground.
"$farroot" mount -f -o tree,exec,suid "$url1/image" "$mnt" roothash="$roothash" >"$log" 2>&1 &
server=$!
remember $server
wait_until 10 "the tree is mounted" [ -e "$mnt/small" ]
grep -q " $mnt ro,nodev" /proc/self/mountinfo || fail "-o suid was ignored"
"$farroot" mount --umount "$mnt" || fail "cannot unmount"
is_gone $server || fail "the server is still there"

# A local file, with an erofs.
if grep -qw erofs /proc/filesystems || modprobe erofs 2>/dev/null; then
	mkfs.erofs "$dir/erofs" "$dir/tree/deep" >"$dir/mkfs.log" 2>&1 || fail mkfs.erofs
	pack "$dir/erofs" "$dir/packed"
	"$farroot" mount --tree "$dir/packed" "$mnt" roothash="$roothash" || fail "cannot mount an erofs"
	server=$(server_of "$mnt") || fail "no server"
	remember "$server"
	cmp "$mnt/7" "$dir/tree/deep/7" || fail "wrong bytes"
	umount "$mnt" || fail "cannot unmount"
	wait_until 5 "the server ends" is_gone "$server"
fi
set -- /run/farroot/tree-*
[ ! -e "$1" ] || fail "$1 is left"
