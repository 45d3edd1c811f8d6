#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# cookie= has the forms of nbdkit-curl-plugin(1): the value, +FILE and -FD.  The origin
# gets the cookie, never the form, and the log has neither.
. "${srcdir:-..}/tests/lib.sh"

cookie='session=open-sesame'
echo "$cookie" >"$dir/cookie"
make_image image 4
mkdir "$dir/www1"
cp "$dir/image" "$dir/www1"
# shellcheck disable=SC2016 # nginx's variables
origin_http='log_format cookies "$http_cookie"; map $http_cookie $stranger { "session=open-sesame" 0; default 1; }' \
	origin_start 1 "access_log $dir/cookies.log cookies;" 'if ($stranger) { return 403; }'

# sends_cookie FORM
sends_cookie() {
	: >"$dir/cookies.log"
	: >"$log"
	plugin_start url="$url1/image" roothash="$roothash" fill=no profile=none cookie="$1"
	read_is_right 0 65536 "$dir/image"
	plugin_stop
	[ -s "$dir/cookies.log" ] || fail "no request was logged"
	same "$(sort -u "$dir/cookies.log")" "$cookie" "the cookie of cookie=$1"
	! logged open-sesame || fail "the cookie is in the log"
}

sends_cookie "$cookie"
sends_cookie "+$dir/cookie"
exec 5<"$dir/cookie"
sends_cookie -5
plugin_launch url="$url1/image" roothash="$roothash" cookie=+/no/such/file
wait_until 5 "nbdkit refuses a missing file" is_gone "$nbdkit"
logged /no/such/file || fail "the log does not name the missing file"
