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
plugin_stop

# To another path of the same host, which may have the secrets.
# shellcheck disable=SC2016 # of nginx
origin_http='log_format secrets "$uri $http_x_token $http_authorization $http_cookie";'
origin_start 4 "location = /moved { return 302 /files/image; }" "location /files/ { alias $dir/; access_log $dir/secrets.log secrets; }"
# shellcheck disable=SC2154 # of lib.sh
plugin_start url="$url4/moved" roothash="$roothash" profile=none header='X-Token: secret' \
	user=me password=secret cookie=a=secret
read_is_right 0 65536 "$dir/image"
plugin_stop
grep -q '^/files/image secret Basic .* a=secret$' "$dir/secrets.log" || fail "the same host did not get the secrets"

# A control character of a server never reaches the log.
: >"$log"
origin_start 5 "return 302 'http://127.0.0.1:1/$(printf '\033')[31mred';"
# shellcheck disable=SC2154 # of lib.sh
plugin_start url="$url5/image" roothash="$roothash" profile=none
read_in_background 0 4096
wait_until 10 "a fault is logged" logged retrying
! logged "$(printf '\033')" || fail "a control character of the server is in the log"
