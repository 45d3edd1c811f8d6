#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A profile that is stale, broken off, out of range, endless or no profile at all
# costs time and never a wrong byte; what is wrong with it is said.
. "${srcdir:-..}/tests/lib.sh"

make_image image 8
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1/image"
wanted=$(sha256_of <"$dir/image")
origin_start 1 'location = /gzip.profile { add_header Content-Encoding gzip; }' \
	'location = /auth.profile { return 401; }' 'location = /away.profile { return 503; }'

# right WHAT MESSAGE: with $dir/www1/image.profile.
right() {
	: >"$log"
	plugin_start url="$url1/image" roothash="$roothash" fill=no ${3+"$3"}
	same "$(read_all 4 | sha256_of)" "$wanted" "$1"
	if [ -n "$2" ]; then
		wait_until 5 "$1: \"$2\"" logged "$2"
	fi
	plugin_stop
}

profile() {
	printf %b "$1" >"$dir/www1/image.profile"
}

profile "# roothash=$(printf %064d 7)\n4096 8192\n"
right stale 'of another image'
profile '4096 8192\n1048576 40'
right 'broken off' ''
profile '4096 8192\n<html>\n8192 4096\n'
right 'a portal page behind it' 'line 2 is not'
profile '0 18446744073709551615\n999999999999 4096\n5 1\n18446744073709551000 100\n'
right 'out of range' ''
profile ''
right empty ''
awk 'BEGIN { for (i = 0; i < 200000; i++) print (199999 - i) * 4096, 1 }' >"$dir/www1/image.profile"
right 'very long' ''
head -c 5000000 /dev/zero >"$dir/www1/image.profile"
right 'endless' ''
rm "$dir/www1/image.profile"
mkdir "$dir/www1/image.profile"
right 'a folder' ''
echo '4096 8192' >"$dir/www1/gzip.profile"
for name in gzip auth away; do
	right "$name" '' profile="$url1/$name.profile"
done
