#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot mount of a local file that is compressed: with a hash tree, and a bare seekable file.
. "${srcdir:-..}/tests/fuse/fuse.sh"
. "$srcdir/tests/end-to-end/seekable.sh"

make_seekable image 4
farroot=$(cd "$(dirname "$farroot")" && pwd)/farroot
cd "$dir" || exit 99

# mounted_is FILE ARGUMENT...: and unmounts.
mounted_is() {
	file=$1
	shift
	"$farroot" mount "$@" 2>err || fail "cannot mount: $*"
	cmp mnt/image "$file" || fail "wrong bytes: $*"
	"$farroot" mount --umount mnt || fail "cannot unmount"
}
mounted_is image.data image mnt roothash="$roothash"
# Frames of which a read needs more at once than it waits for.
"$farroot" pack --zstd=1 --frame=4K image.data -o small >pack.log || fail "pack"
mounted_is image.data small mnt roothash="$(sed -n 's/^roothash=//p' pack.log)"
head -c "$data_bytes" image >bare
mounted_is image.data bare mnt verify=none
mounted_is bare bare mnt verify=none decompress=no
# A damaged block is no frame.
cp image damaged
printf x | dd of=damaged bs=1 seek=1000000 conv=notrunc status=none
"$farroot" mount damaged mnt roothash="$roothash" || fail "cannot mount"
! cmp -s mnt/image image.data || fail "damage is not found"
cmp -n 1000000 mnt/image image.data || fail "wrong bytes before the damage"
"$farroot" mount --umount mnt || fail "cannot unmount"
