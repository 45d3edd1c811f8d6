# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# An origin with two backends that answer in turn, as a load balancer or a DNS name with
# two addresses makes it; sourced instead of tests/lib.sh.  Backend 2 has the image; the
# test decides what backend 3 has.
. "${srcdir:-..}/tests/lib.sh"

# start_backends: serves $dir/image and $dir/www3.
start_backends() {
	mkdir -p "$dir/www2" "$dir/www3"
	cp "$dir/image" "$dir/www2/image"
	origin_start 2
	origin_start 3
}

# opens_behind FIRST SECOND MOST: an image whose first request goes to backend FIRST, the
# next one to backend SECOND and so on is opened with at most MOST requests, and is read.
opens_behind() {
	first='' second=''
	eval "first=\$port$1 second=\$port$2"
	: >"$dir/requests.log"
	: >"$log"
	# No other client asks, so the backends and the engine may keep in step for ever.
	origin_http="log_format turns '\$status \$upstream_addr \$http_range';
		upstream backends { server 127.0.0.1:$first max_fails=0; server 127.0.0.1:$second max_fails=0; }"
	origin_start 1 "location = /image { proxy_pass http://backends; access_log $dir/requests.log turns; }"
	plugin_start url="$url1/image" roothash="$roothash" fill=no
	wait_until 20 "the image is open behind backends $1 and $2" logged 'farroot: image of'
	requests=$(grep -c . "$dir/requests.log")
	say "backends $1 and $2: $requests requests until the image is open"
	[ "$requests" -le "$3" ] || fail "$requests requests: $(head -n 20 "$dir/requests.log" | tr '\n' ';')"
	grep -q ":$port3 " "$dir/requests.log" || fail "backend 3 was not asked: this tests nothing"
	read_is_right 0 4096 "$dir/image"
	read_is_right 2097152 16384 "$dir/image"
	plugin_stop
	origin_stop 1
}
