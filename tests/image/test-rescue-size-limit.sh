#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A rescue system that is more than 3 % larger than rescue/size-limits says is an error, for
# both flavours and both architectures; what a site adds is not.
# shellcheck disable=SC2034 # variables of the builder

. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
load_parts site rescue-sizes
for flavour in full small; do
	for arch in arm64 amd64; do
		limit=$(awk -v flavour=$flavour -v arch=$arch '$1 == flavour && $2 == arch { print $3 }' "$srcdir/image/rescue/size-limits")
		[ "${limit:-0}" -gt 20000000 ] || fail "no limit for $flavour, $arch"
	done
done

make_site
site_open "$dir/site"
image_lib=$dir/image
mkdir -p "$image_lib/rescue" "$dir/result"
printf '%s\n' '# a comment' 'full arm64 99999999' 'small arm64 10000' >"$image_lib/rescue/size-limits"
echo "the table" >"$dir/result/sizes"
suite=trixie arch=arm64 flavour=small kernel=linux-image-arm64

# check KERNEL GZIP INITRD CPIO: bytes.
check() {
	truncate -s "$1" "$dir/result/vmlinuz"
	truncate -s "$3" "$dir/result/initrd"
	truncate -s "$4" "$dir/result/rescue.cpio"
	# shellcheck disable=SC2034 # for sizes_check
	(sizes_kernel_gzip=$2 && sizes_check "$dir/result") 2>"$dir/err"
}
check 9000 3000 3000 4000 || fail "the limit itself is refused: $(cat "$dir/err")"
check 9000 3000 3300 4000 || fail "3 % above the limit are refused: $(cat "$dir/err")"
! check 9000 3000 3301 4000 || fail "more than 3 % above the limit are accepted"
grep -q 'have 10301 bytes, more than 3 % above the 10000 of' "$dir/err" || fail "another message: $(cat "$dir/err")"
grep -q 'the table' "$dir/err" || fail "no table of the parts"
# The kernel counts as boot.img has it: compressed, if that is smaller.
! check 3000 9000 3301 4000 || fail "the smaller kernel is not counted"
check 3000 9000 3300 4000 || fail "the kernel is counted larger than it is: $(cat "$dir/err")"

mkdir -p "$dir/site/rescue/packages.d"
check 9000 3000 9000 4000 || fail "a site may not add anything: $(cat "$dir/err")"
rmdir "$dir/site/rescue/packages.d"
suite=bookworm
check 9000 3000 9000 4000 || fail "the limit of trixie counts for bookworm"
suite=trixie kernel=linux-image-rpi-v8
check 9000 3000 9000 4000 || fail "the limit counts for another kernel"
kernel=linux-image-arm64 flavour=full
check 9000 3000 9000 4000 || fail "the limit of small counts for full"
