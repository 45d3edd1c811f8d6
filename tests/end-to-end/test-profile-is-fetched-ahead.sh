#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The blocks of a profile are fetched before a client reads them, and few others: with
# the profile beside the image by default, with another by URL, with a third from a file;
# none with profile=none.
. "${srcdir:-..}/tests/lib.sh"

make_image image 32
mkdir -p "$dir/www1/else"
cp "$dir/image" "$dir/www1/image"
origin_start 1
{
	echo "# roothash=$roothash"
	echo "20971520 65536"
	echo "4096 8192"
	echo "10485760 131072"
} >"$dir/www1/image.profile"
cp "$dir/www1/image.profile" "$dir/boot.profile"
mv "$dir/www1/image.profile" "$dir/www1/else/"

# served NAME ARGUMENT...: how many bytes it has fetched when it is done with that.
served() {
	: >"$dir/access1.log"
	name=$1
	shift
	plugin_start url="$url1/image" roothash="$roothash" fill=no status="$dir/status.sock" "$@"
	read_is_right 0 4096 "$dir/image"
	wait_until 10 "$name: it is calm" origin_is_calm 1
	plugin_stop
}

asked_for() {
	grep -q "bytes=$1-" "$dir/access1.log"
}

ahead() {
	asked_for 20971520 || fail "$1: the first of the profile was not fetched"
	asked_for 10485760 || fail "$1: the last of the profile was not fetched"
	[ "$(origin_bytes 1)" -lt $((192 * 1024 + 160 * 1024)) ] ||
		fail "$1: $(origin_bytes 1) bytes for a profile of 204800"
}

served "a file" profile="$dir/boot.profile"
ahead "a file"
served "a URL" profile="$url1/else/image.profile"
ahead "a URL"

served "nothing there"
asked_for 20971520 && fail "there is no profile, and still"
grep -q '^404 ' "$dir/access1.log" || fail "no request for a profile"

mv "$dir/www1/else/image.profile" "$dir/www1/image.profile"
served "beside the image"
ahead "beside the image"
served "with a query" url="$url1/image?a=b/c"
ahead "with a query"
served "not wished" profile=none
asked_for 20971520 && fail "profile=none, and still"
[ "$(grep -c '^200 ' "$dir/access1.log")" = 0 ] || fail "profile=none, and it was read"
