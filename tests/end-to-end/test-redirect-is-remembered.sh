#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The target of a redirect is asked until it has expired, what may be secret is sent only
# to the host that it is for, and a server that answers instead of the origin is named.
. "${srcdir:-..}/tests/lib.sh"
# shellcheck source-path=SCRIPTDIR source=faulty.sh
. "$srcdir/tests/end-to-end/faulty.sh"
need python3

make_image image 16
faulty_origin 1 lives=2
target=$faulty_url answers=$requests
faulty_origin 2 redirect="$target/image"
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none fill=yes rate=3M status="$dir/status.sock" \
	header='X-Token: secret' user=me password=secret cookie=a=secret
wait_until 30 "the whole image is here" is_whole_here
redirects=$(wc -l <"$requests")
at_most "2, and the redirects" 2 "$redirects"
at_most "redirects, five times" $((redirects * 5)) "$(grep -c ' 206 ' "$answers")"
same "$(grep -c secret "$answers")" 0 "requests with secrets to another host"
same "$(grep -vc secret "$requests")" 0 "requests without secrets to the first host"
read_is_right 0 1048576 "$dir/image"
plugin_stop

# A captive portal.
origin_start 1
echo 'Please log in to use this network.' >"$dir/www1/login"
faulty_origin 3 redirect="$url1/login"
plugin_start url="$faulty_url/image" roothash="$roothash" profile=none
read_in_background 0 4096
wait_until 10 "the portal is named" logged "redirected to $url1/login"
