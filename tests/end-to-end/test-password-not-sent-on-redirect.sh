#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# User and password go to the origin that they were given for; a server that this one
# redirects to gets none.
. "${srcdir:-..}/tests/lib.sh"
need openssl

echo secret >"$dir/password"
make_image image 4
mkdir "$dir/www1" "$dir/www2"
cp "$dir/image" "$dir/www1"
cp "$dir/image" "$dir/www2"
printf 'reader:%s\n' "$(openssl passwd -apr1 secret)" >"$dir/htpasswd"
# shellcheck disable=SC2016 # nginx's variable
origin_start 1 'if ($http_authorization) { return 418; }'
origin_start 2 "auth_basic x; auth_basic_user_file $dir/htpasswd;" \
	"location /away { return 302 $url1/image; }"
plugin_start url="$url2/image" roothash="$roothash" fill=no user=reader password=+"$dir/password"
read_is_right 0 65536 "$dir/image"
plugin_stop
plugin_start url="$url2/away" roothash="$roothash" fill=no user=reader password=+"$dir/password"
read_is_right 0 65536 "$dir/image"
[ "$(grep -c '^302 ' "$dir/access2.log")" -gt 0 ] || fail "no request was redirected: nothing was tried"
same "$(grep -c '^418 ' "$dir/access1.log")" 0 "requests with a password to another server"
