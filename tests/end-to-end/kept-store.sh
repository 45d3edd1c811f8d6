# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What the tests of store= share; sourced instead of tests/lib.sh.
. "${srcdir:-..}/tests/lib.sh"

# An image of 32 MiB on an origin.  Sets $size, and $wanted: its SHA-256.
serve_image() {
	make_image image 32
	# shellcheck disable=SC2034 # for the tests
	size=$(stat -c %s "$dir/image")
	mkdir "$dir/www1"
	cp "$dir/image" "$dir/www1"
	wanted=$(sha256_of <"$dir/image")
	origin_start 1
}

# start SETTING...: with a store on disk.
start() {
	plugin_start url="$url1/image" roothash="$roothash" store="$dir/store" "$@"
}

# again WHAT LEAST MOST: starts again, reads all, and looks at what was fetched.
again() {
	: >"$dir/access1.log"
	: >"$log"
	start fill="${fill:-no}"
	same "$(read_all 4 | sha256_of)" "$wanted" "SHA-256 $1"
	wait_until 5 "all of it counts as present $1" logged 'no origin is needed'
	# nginx logs a request at its end.
	plugin_kill
	bytes=$(origin_bytes 1)
	say "$1: $bytes bytes fetched"
	[ "$bytes" -ge "$2" ] || fail "only $bytes bytes were fetched $1"
	[ "$bytes" -le "$3" ] || fail "$bytes bytes were fetched $1"
}
