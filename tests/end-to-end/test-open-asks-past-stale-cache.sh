#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A cache in front of the origin still has an old image.  The first requests may be
# answered by a cache; once the answers contradict the root hash, the engine asks with
# Cache-Control: no-cache, and after the image is open it asks without again.
. "${srcdir:-..}/tests/lib.sh"
need curl

# opens_past CACHED: the cache has $dir/CACHED, the origin has $dir/image.
opens_past() {
	: >"$dir/requests.log"
	: >"$log"
	cp "$dir/$1" "$dir/www2/image"
	origin_http="proxy_cache_path $dir/cache-$1 keys_zone=files:1m use_temp_path=off;
		log_format asked '\$http_cache_control \$upstream_cache_status \$http_range';"
	origin_start 1 "location = /image { proxy_pass $url2; proxy_cache files; proxy_cache_valid 200 1h;
		proxy_cache_bypass \$http_cache_control; access_log $dir/requests.log asked; }"
	same "$(curl -sS "$url1/image" | sha256_of)" "$(sha256_of <"$dir/$1")" "SHA-256 through the cache"
	cp "$dir/image" "$dir/www2/image"
	: >"$dir/requests.log"

	plugin_start url="$url1/image" roothash="$roothash" fill=no
	wait_until 20 "the image is open although the cache has $1" logged 'farroot: image of'
	requests=$(grep -c . "$dir/requests.log")
	asked=$(tr '\n' ';' <"$dir/requests.log")
	# The size and the top of the tree, as the cache has them, and as the origin has them.
	[ "$requests" -le 4 ] || fail "$requests requests: $asked"
	head -n 1 "$dir/requests.log" | grep -q '^- HIT ' || fail "the first request was not for the cache: $asked"
	grep -q '^no-cache BYPASS ' "$dir/requests.log" || fail "no request went past the cache: $asked"
	read_is_right 2097152 65536 "$dir/image"
	wait_until 5 "a request for blocks is answered by the cache" \
		grep -q '^- HIT bytes=2097152-' "$dir/requests.log"
	plugin_stop
	origin_stop 1
}

seed=2 && make_image same-size 4
seed=3 && make_image other-size 8
seed=1 && make_image image 4
mkdir "$dir/www2"
origin_start 2
opens_past same-size
opens_past other-size
