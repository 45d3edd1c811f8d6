#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A local file is mounted without an origin: each block is verified when it is read.
. "${srcdir:-..}/tests/fuse/fuse.sh"

make_image image 8
farroot=$(cd "$(dirname "$farroot")" && pwd)/farroot
cd "$dir" || exit 99
# A relative path, too.
"$farroot" mount image mnt roothash="$roothash" || fail "cannot mount"
cmp mnt/image image || fail "wrong bytes"
"$farroot" mount --umount mnt || fail "cannot unmount"

# Data, hash block, superblock.
cp image damaged
printf x | dd of=damaged bs=1 seek=1000000 conv=notrunc status=none
"$farroot" mount damaged mnt roothash="$roothash" || fail "cannot mount"
cmp -n 999424 mnt/image image || fail "wrong bytes before the damage"
! dd if=mnt/image bs=4096 skip=244 count=1 of=got status=none 2>err || fail "a damaged block was served"
grep -q 'Input/output error' err || fail "not EIO: $(cat err)"
dd if=mnt/image bs=4096 skip=245 count=1 of=got status=none || fail "a good block was not served"
"$farroot" mount --umount mnt || fail "cannot unmount"

# The hash tree in a file of its own.
head -c 8M image >data
tail -c +8388609 image >data.verity
"$farroot" mount data mnt roothash="$roothash" hash-tree=.verity || fail "cannot mount"
cmp mnt/image image || fail "wrong bytes"
"$farroot" mount --umount mnt || fail "cannot unmount"
printf x | dd of=data bs=1 seek=1000000 conv=notrunc status=none
"$farroot" mount data mnt roothash="$roothash" hash-tree=.verity || fail "cannot mount"
! dd if=mnt/image bs=4096 skip=244 count=1 of=got status=none 2>err || fail "a damaged block was served"
"$farroot" mount --umount mnt || fail "cannot unmount"

refused() {
	text=$1
	shift
	! "$farroot" mount "$@" 2>err || fail "mounted: $*"
	grep -q -e "$text" err || fail "no '$text' for $*: $(cat err)"
}
refused 'does not match roothash=' image mnt roothash="$(echo "$roothash" | tr 0-9 1-90)"
head -c 1M image >short
refused 'no image made by farroot pack has this size\|superblock' short mnt roothash="$roothash"
refused 'data.none: No such file' data mnt roothash="$roothash" hash-tree=.none
refused 'No such file' none mnt roothash="$roothash"
if [ "$(id -u)" = 0 ]; then
	refused 'the image is no squashfs' --tree image mnt roothash="$roothash"
	refused 'the image is no squashfs' -f -o tree image mnt roothash="$roothash"
	hidden=$(find /run/farroot -name 'tree-*')
	same "$hidden" '' "what is left"
fi
"$farroot" mount short mnt verify=none 2>err || fail "cannot mount"
grep -q 'NOTHING IS VERIFIED' err || fail "no warning"
cmp mnt/image short || fail "wrong bytes"
"$farroot" mount --umount mnt || fail "cannot unmount"
