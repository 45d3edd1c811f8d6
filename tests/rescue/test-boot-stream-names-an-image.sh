#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot boot-stream boots the image that it is given, or that of this machine's arguments, with
# the servers and the root hash of that image, whatever was tried before.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../initramfs/scripts/farroot
. "$srcdir/initramfs/scripts/farroot"
rescue=$(cd "$srcdir/initramfs/rescue" && pwd)
RESCUE_STATE=$dir/state
FARROOT_SYSTEM=$dir/system
export RESCUE_STATE FARROOT_SYSTEM
mkdir -p "$RESCUE_STATE" "$FARROOT_SYSTEM/proc/1"
echo init >"$FARROOT_SYSTEM/proc/1/comm"
farroot_rescue=$RESCUE_STATE
farroot_cmdline=$RESCUE_STATE/cmdline
farroot_undo() {
	:
}

# begins ARGUMENT...: a machine with these.
begins() {
	rm -f "$RESCUE_STATE/order"
	printf '%s\n' boot=farroot "$@" >"$RESCUE_STATE/arguments"
	printf '%s\n' boot=farroot "$@" | sed 's/^\([^=]*\)=\(.*[[:space:]].*\)$/\1="\2"/' >"$RESCUE_STATE/cmdline"
}

# streams ARGUMENT...: what scripts/farroot does then.
streams() {
	"$rescue/boot-stream" "$@" >"$dir/out" 2>&1 || fail "boot-stream $*: $(cat "$dir/out")"
	farroot_obey
}

# boots URL ROOTHASH SERVERS: the last image, its root hash and its other servers, of what
# scripts/farroot would boot.
boots() {
	farroot_parse || fail "farroot_parse: $farroot_why"
	same "$farroot_url" "$1" "image"
	same "$(printf '%s\n' "$farroot_args" | sed -n 's/^roothash=//p' | tail -n 1)" "$2" "root hash of $1"
	same "$(printf '%s\n' "$farroot_args" | sed -n 's/^url=//p' | grep -vxF "$1" | tr '\n' ' ')" "$3" "other servers of $1"
}

a=http://192.0.2.1/a.img
b=http://192.0.2.2/b.img
hash_a=$(printf '%064d' 1)
hash_b=$(printf '%064d' 2)
set -- farroot=$a farroot.mirror=http://192.0.2.3/a.img "roothash=$hash_a" 'farroot.header=X-Site: two words' farroot.cache=64M
begins "$@"
streams
boots $a "$hash_a" 'http://192.0.2.3/a.img '
streams $b "roothash=$hash_b"
boots $b "$hash_b" ''
# A second try with a mirror, and back.
streams $b "roothash=$hash_b" farroot.mirror=http://192.0.2.4/b.img
boots $b "$hash_b" 'http://192.0.2.4/b.img '
streams
boots $a "$hash_a" 'http://192.0.2.3/a.img '
# shellcheck disable=SC2154 # of scripts/farroot
printf '%s\n' "$farroot_args" | grep -qx 'header=X-Site: two words' || fail "an argument is lost: $farroot_args"
streams
boots $a "$hash_a" 'http://192.0.2.3/a.img '

# A disk was tried before.
begins "$@"
echo 'farroot=local:/mnt/root' | "$rescue/order" give local
farroot_obey
streams
boots $a "$hash_a" 'http://192.0.2.3/a.img '

# farroot=rescue is no image.
begins farroot=rescue
! "$rescue/boot-stream" >"$dir/out" 2>&1 || fail "boot-stream without an image"
grep -q 'no image is known; give its URL' "$dir/out" || fail "message: $(cat "$dir/out")"
begins farroot=$a "roothash=$hash_a" farroot=rescue
streams
boots $a "$hash_a" ''
