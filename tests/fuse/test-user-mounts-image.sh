#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# An ordinary user mounts a remote image in the background, reads the right bytes of it, and
# the origin has sent little more; the status is that of this mount; --umount ends the server.
. "${srcdir:-..}/tests/fuse/fuse.sh"

serve_file 64
become_user
mkdir "$dir/user/mnt"
chown --reference="$dir/user" "$dir/user/mnt"
as_user timeout "$(slack 20)" "$farroot" mount "$url1/image" "$dir/user/mnt" roothash="$roothash" ||
	fail "cannot mount"
# It is back, so the image is open and mounted.
same "$(as_user ls "$dir/user/mnt")" image "what is in the folder"
same "$(as_user stat -c '%s %a' "$dir/user/mnt/image")" "$(stat -c %s "$dir/image") 444" "size and mode"
server=$(server_of "$dir/user/mnt") || fail "no server"
remember "$server"
as_user dd if="$dir/user/mnt/image" bs=64K skip=300 count=2 status=none >"$dir/got" || fail "cannot read"
file_at "$dir/image" $((300 * 65536)) 131072 | cmp - "$dir/got" || fail "wrong bytes"
as_user "$farroot" mount --status --json "$dir/user/mnt" >"$dir/status" || fail "no status"
grep -q '"state":"ready"' "$dir/status" || fail "not the status of a served image: $(cat "$dir/status")"
bytes=$(origin_bytes 1)
say "$bytes bytes sent for 131072"
[ "$bytes" -lt 1048576 ] || fail "the origin has sent $bytes bytes for 128 KiB"
# Nothing is fetched without a reader.
sleep 1
[ "$(origin_bytes 1)" -lt 1048576 ] || fail "the rest is fetched"
tr '\000' '\n' <"/proc/$server/environ" >/dev/null || fail "the server has ended"
same "$(readlink "/proc/$server/cwd")" / "the folder of the server"

as_user "$farroot" mount --umount "$dir/user/mnt" || fail "cannot unmount"
is_gone "$server" || fail "the server is still there"
is_unmounted "$dir/user/mnt" || fail "it is still mounted"
same "$(ls "$XDG_RUNTIME_DIR/farroot")" '' "what is left in the runtime folder"
