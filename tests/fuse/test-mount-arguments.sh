#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What farroot mount cannot do ends at once with a message that says what is wrong and what to
# do, and with status 2 if the command line was wrong; nothing is mounted then.
. "${srcdir:-..}/tests/fuse/fuse.sh"

roothash=$(printf '%064d' 1)
url=http://127.0.0.1:1/x
touch "$dir/file"

# expect STATUS TEXT ARGUMENT...
expect() {
	expected=$1 text=$2
	shift 2
	status=0
	timeout "$(slack 10)" "$farroot" mount "$@" >"$dir/out" 2>"$dir/err" </dev/null || status=$?
	[ "$status" = "$expected" ] || fail "farroot mount $*: status $status, not $expected: $(cat "$dir/err")"
	grep -qF -e "$text" "$dir/err" || fail "farroot mount $*: '$text' is not in: $(cat "$dir/err")"
	[ ! -s "$dir/out" ] || fail "farroot mount $*: an error on standard output"
}

expect 2 'a URL or a FILE, and a folder DIR'
expect 2 'a folder DIR' "$url" roothash="$roothash"
expect 2 'an image and a folder DIR' "$mnt" roothash="$roothash"
expect 2 'too many arguments' a b c roothash="$roothash"
expect 2 'a URL or a FILE, not both' "$url" "$dir/file" "$mnt" roothash="$roothash"
expect 2 'roothash= is required' "$url" "$mnt"
expect 2 'roothash= is required' "$dir/file" "$mnt"
expect 2 'contradict' "$url" "$mnt" roothash="$roothash" verify=none
expect 2 'contradict' "$dir/file" "$mnt" roothash="$roothash" verify=none
expect 2 'roothash=12: must be 64' "$url" "$mnt" roothash=12
expect 2 'unknown parameter frob=' "$url" "$mnt" roothash="$roothash" frob=1
expect 2 'unknown parameter frob=' "$url" "$mnt" -o "ro,roothash=$roothash,frob=1"
expect 2 '-o frob: unknown option' "$url" "$mnt" -o "ro,frob,roothash=$roothash"
expect 2 '-o rw: an image is read-only' "$url" "$mnt" -o "rw,roothash=$roothash"
expect 2 'cache=1K' "$url" "$mnt" -o "roothash=$roothash,cache=1K"
expect 2 'must begin with http' ftp://127.0.0.1/x "$mnt" roothash="$roothash"
expect 2 'bad option' --frob
expect 2 'one folder DIR' --umount
expect 2 'one folder DIR' --umount "$url"
expect 2 'name the folder DIR' --status
expect 1 'No such file or directory; make it with mkdir' "$url" "$dir/none" roothash="$roothash"
expect 1 'Not a directory' "$url" "$dir/file" roothash="$roothash"
expect 1 'a mount point already' "$url" /proc roothash="$roothash"
expect 1 'nothing is mounted there' --umount "$mnt"
expect 1 'that farroot did not mount' --umount /proc
expect 1 'is the image being served?' --status "$mnt"
expect 1 'No such file' --status "$dir/none"
expect 1 'profile=/no/such/profile' "$url" "$mnt" roothash="$roothash" profile=/no/such/profile
expect 1 'log=/no/such/log' "$url" "$mnt" roothash="$roothash" log=/no/such/log
expect 1 'status' "$url" "$mnt" roothash="$roothash" status=/no/such/socket
if [ "$(id -u)" = 0 ]; then
	expect 2 'auto_unmount: not with --tree' "$url" "$mnt" -o "tree,auto_unmount,roothash=$roothash"
fi
is_unmounted "$mnt" || fail "something is mounted"

"$farroot" mount --help >"$dir/out" || fail "no help"
! grep -q '.\{81\}' "$dir/out" || fail "the help is too wide"

# Without the helper program.
mkdir "$dir/bin"
cp "$farroot" "$dir/bin"
farroot=$dir/bin/farroot
FARROOT_LIBEXECDIR=/nowhere expect 1 'apt-get install farroot-fuse' "$url" "$mnt" roothash="$roothash"

# Without root, no tree without a program that mounts it.
farroot=$top_builddir/farroot
rm -r "${dir:?}/bin"
become_user
status=0
as_user env PATH=/nowhere "$farroot" mount --tree "$url" "$mnt" roothash="$roothash" 2>"$dir/err" || status=$?
same "$status" 1 "status without squashfuse_ll"
grep -q 'apt-get install squashfuse' "$dir/err" || fail "no word about squashfuse: $(cat "$dir/err")"
