#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot-image rootfs says what is wrong with a site or its arguments before anything takes
# long; --explain names what changed, also in what a boot reads.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
make_planned_site
out=$dir/result
printf 'bash 5.2-1\n' >"$dir/packages"

# The program of the build folder.
cp "$farroot" "$dir/bin/farroot" || fail "no farroot"
expect 0 'no earlier build' rootfs "$site" -o "$out" --explain
expect 2 '--fast: no such option' rootfs "$site" -o "$out" --fast
expect 2 '--record: no such option' rescue "$site" -o "$out" --record
expect 2 'give -o OUT' rootfs "$site"
sed -i '/^serial=/d' "$site/site.conf"
expect 1 'serial= is missing' rootfs "$site" -o "$out" --explain
echo serial=shell >>"$site/site.conf"

mkdir -p "$site/rootfs" "$site/rescue"
: >"$site/rescue/boot.files"
expect 1 "belongs into $site/rootfs" rescue "$site" -o "$out" --explain
mv "$site/rescue/boot.files" "$site/rootfs/boot.files"
expect 0 'no earlier build' rootfs "$site" -o "$out" --explain
mkdir "$site/rootfs/packges.d"
expect 1 'packges.d: unknown' rootfs "$site" -o "$out" --explain
rmdir "$site/rootfs/packges.d"
# Without keys: the image may have users of its own.
rm "$site/authorized_keys"
expect 0 'no earlier build' rootfs "$site" -o "$out" --explain
echo garbage >"$site/authorized_keys"
expect 1 'not a public key' rootfs "$site" -o "$out" --explain
rm "$site/authorized_keys"

# --record needs an emulator.
mkdir "$dir/few"
for program in sh sed grep dirname cat ls find head tr tail dpkg; do
	ln -s "$(command -v $program)" "$dir/few/$program"
done
cp "$dir/bin/farroot" "$dir/few/"
status=0
PATH=$dir/few sh "$image" rootfs "$site" -o "$out" --record >"$dir/out" 2>&1 || status=$?
same "$status" 1 "the status without an emulator"
grep -q 'qemu-system-.* is not installed; install the package' "$dir/out" || fail "$(cat "$dir/out")"

# What changes the image is an input.
inputs() {
	(
		load_parts cmd-rootfs
		work=$dir/work
		# shellcheck disable=SC2034 # for rootfs_inputs
		record=$1
		printf 'bash 5.2-1 debian\n' >"$work/plan"
		mkdir -p "$work/debs"
		site_open "$site"
		source_read
		rootfs_inputs
	) >"$dir/inputs.$2" || fail "no inputs"
}
inputs '' 1
echo '0 96 @superblock' >"$site/rootfs/boot.files"
inputs '' 2
inputs yes 3
(load_parts inputs && inputs_explain "$dir/inputs.1" "$dir/inputs.2") >"$dir/changes"
same "$(cat "$dir/changes")" 'site rootfs/boot.files: has changed' "what changed"
(load_parts inputs && inputs_explain "$dir/inputs.2" "$dir/inputs.3") >"$dir/changes"
same "$(cat "$dir/changes")" 'option record: is new, yes' "what changed"
