#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A size that no image has, with a profile of all of it, takes neither memory nor time; and
# a profile whose lines all name the whole image does not keep reads waiting.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

rss_kib() {
	awk '/^VmRSS/ { print $2 }' "/proc/$nbdkit/status"
}

make_image image 64
blocks=$((1 << 34)) total=$((blocks + 1)) level=$blocks
while [ $level -gt 1 ]; do
	level=$(((level + 127) / 128))
	total=$((total + level))
done
echo "0 $((total * 4096))" >"$dir/profile"
faulty_origin 1 total=$((total * 4096)) profile="$dir/profile" after_first_s=30
plugin_start url="$faulty_url/image" roothash="$roothash" cache=64M
before=$(rss_kib)
sleep 4
at_most "KiB of memory more" $(($(rss_kib) - before)) 65536
began=$(now_ms)
plugin_stop
at_most "ms until it ended" $(($(now_ms) - began)) "$(slack 3000)"

yes '0 9999999999999999' | head -c 4194288 >"$dir/profile"
faulty_origin 2 profile="$dir/profile" each=1000000 status=503
plugin_start url="$faulty_url/image" roothash="$roothash" status="$dir/status.sock"
wait_until 10 "the profile is being used" has_present 65536
began=$(now_ms)
read_is_right 60000000 4096 "$dir/image"
at_most "ms of a read" $(($(now_ms) - began)) "$(slack 3000)"
plugin_stop

# The same for a large image: work in proportion to the image, and not for each line.
cpu_ticks() {
	awk '{ print $14 + $15 }' "/proc/$nbdkit/stat"
}

mkdir "$dir/www1"
roothash=$("$top_builddir/tests/end-to-end/zero-image" $((8 << 18)) "$dir/www1/image") || fail "zero-image"
yes '0 9999999999999999' | head -c 4194288 >"$dir/www1/image.profile"
origin_start 1
plugin_start url="$url1/image" roothash="$roothash" cache=64M rate=1M
wait_until 60 "the profile is scheduled" logged 'profile: a boot needs'
at_most "1/100 s of CPU" "$(cpu_ticks)" "$(slack 2000)"
