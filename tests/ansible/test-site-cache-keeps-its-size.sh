#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The cache stays within its size, and on a disk that is too small for that, it leaves some of it
# free: what was not read for the longest time goes, and machines go on reading. Whole images come
# at the rate that is set.
[ -n "${UNSHARED-}" ] || exec env UNSHARED=1 unshare -m "$0" "$@" || exit 77
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/cache-lib.sh"
need_root
at_exit() {
	[ -z "${cache_nginx-}" ] || cache_stop
	umount "$dir/cache" 2>/dev/null
}
mkdir "$www" "$dir/cache"
origin_start 1
make_version 1 40
first_image=$image first_roothash=$roothash
make_version 2 8
second_image=$image second_roothash=$roothash
mount -t tmpfs -o size=400m tmpfs "$dir/cache" || skip "no tmpfs"

cached_mib() {
	du -sm "$cache/slices" 2>/dev/null | cut -f 1
}

at_most() {
	[ "$(cached_mib)" -le "$1" ]
}

# By site_cache_size.
cache_variables
configure -e site_cache_url= -e site_cache_size=16m -e site_cache_slice=128k
cache_start
"$farroot" verify "$url/$first_image" "$first_roothash" profile=none >&2 || fail "an image that is larger than the cache"
wait_until 30 "the cache has its size" at_most 17
[ "$(cached_mib)" -ge 8 ] || fail "the cache keeps $(cached_mib) MiB of 16: this tests nothing"
# What is read again stays, and what was read before goes.
"$farroot" verify "$url/$second_image" "$second_roothash" profile=none >&2 || fail "the second image"
wait_until 30 "the cache has its size" at_most 17
origin_stop 1
"$farroot" verify "$url/$second_image" "$second_roothash" profile=none >&2 || fail "the second image without the origin"
cache_stop

# By the disk: 24 MiB, of which 8 stay free, for an image of 40. nginx looks only every few
# seconds, so the disk may be full for that time, and machines then ask again.
umount "$dir/cache" || fail "umount"
mount -t tmpfs -o size=24m tmpfs "$dir/cache" || fail "mount"
origin_start 1
configure -e site_cache_url= -e site_cache_size=1g -e site_cache_min_free=8m
cache_start
"$farroot" verify "$url/$first_image" "$first_roothash" profile=none outage=300 >&2 || fail "an image that is larger than the disk"
wait_until 30 "some of the disk is free again" at_most 17
grep -q 'No space left' "$dir/cache-logs"/*-error.log && say "the disk was full for a while"
# A channel whose boot.img does not fit says so, and the next run is right.
dd if=/dev/zero of="$dir/cache/ballast" bs=1M count=24 2>/dev/null
update
[ "$code" = 1 ] || fail "no failure on a full disk: $(cat "$dir/update.out")"
updated 'is the disk full?'
rm "$dir/cache/ballast"
update
same "$code" 0 "the exit code when the disk has room: $(cat "$dir/update.out")"
updated "now version $version"
cache_stop

# The whole image at a rate: 8 MiB, less what a boot reads, at 4 MiB/s.
umount "$dir/cache" || fail "umount"
mount -t tmpfs -o size=400m tmpfs "$dir/cache" || fail "mount"
configure -e site_cache_url= -e '{"site_cache_image_at": "01:00", "site_cache_warm_rate": "4m"}'
cache_start
update
same "$code" 0 "the exit code: $(cat "$dir/update.out")"
command=$(sed -n 's/^ExecStart=//p' "$dir/units/farroot-site-cache-farroot-image.service")
before=$(now_ms)
$command >"$dir/image.out" 2>&1 || fail "whole images: $(cat "$dir/image.out")"
took=$(($(now_ms) - before))
grep -q "$second_image: all of it is here" "$dir/image.out" || fail "whole images: $(cat "$dir/image.out")"
[ "$took" -ge 1000 ] || fail "7 MiB came in $took ms, must be 4 MiB per second"
before=$(now_ms)
$command >"$dir/image.out" 2>&1 || fail "whole images again: $(cat "$dir/image.out")"
took2=$(($(now_ms) - before))
say "the whole image: $took ms, again: $took2 ms"
[ "$took2" -lt $((took / 2)) ] || fail "what is here came at the rate of the uplink: $took2 ms"
origin_stop 1
"$farroot" verify "$url/$second_image" "$second_roothash" profile=none >&2 || fail "the image without the origin"
