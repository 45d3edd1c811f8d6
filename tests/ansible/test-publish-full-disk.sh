#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A full disk of the server: the role publish says so before it copies; and if the disk fills
# while it copies, the old version stays, nothing is left, and the next run goes on.
[ -n "${UNSHARED-}" ] || exec env UNSHARED=1 unshare -m "$0" "$@" || exit 77
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/publish-lib.sh"
need_root
configure
mkdir "$www"
mount -t tmpfs -o size=400k tmpfs "$www" || skip "no tmpfs"
at_exit() {
	[ -z "${nginx-}" ] || end "$nginx"
	umount "$www"
}
make_build 1
play publish -- --tags publish_server
start_server
play publish
before=$(tree "$www")
make_build 2

refuses 'bytes free, and' publish -- -e publish_free_bytes=300000
same "$(tree "$www")" "$before" "the tree when the role says that the disk is full"

# The disk is full in the middle of the copy: the file system has no place for another file.
used=$(df --output=iused "$www" | tail -n 1)
mount -o "remount,nr_inodes=$((used + 2))" "$www" || fail "remount"
# The module copy has no message of its own for this.
may_trace=yes
refuses 'is the disk full? The channel pi was not switched' publish
may_trace=
grep -q 'No space left' "$dir/play.out" || fail "the message does not say why: $(cat "$dir/play.out")"
same "$(get pi/root.img.profile)" "profile 1" "what the server shows"
same "$(find "$www" -name '.ansible*')" '' "temporary files"
mount -o remount,nr_inodes=1000 "$www" || fail "remount"
play publish
same "$(get pi/root.img.profile)" "profile 2" "what the server shows at the end"
