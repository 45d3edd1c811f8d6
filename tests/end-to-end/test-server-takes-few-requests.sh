#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A server that answers 503 to more than a few requests at once is asked for no more
# than that; this is not taken for a fault, and no read waits.
. "${srcdir:-..}/tests/lib.sh"

make_image image 2
mkdir "$dir/www1"
mv "$dir/image" "$dir/www1"
# Each request of 64 KiB takes 100 ms, so requests are concurrent.
# shellcheck disable=SC2016 # nginx's variable
origin_http='limit_conn_zone $binary_remote_addr zone=few:1m;' \
	origin_start 1 'limit_conn few 3; limit_rate 60k;'
plugin_start url="$url1/image" roothash="$roothash" fill=no
same "$(read_all 4 | sha256_of)" "$(sha256_of <"$dir/www1/image")" "SHA-256"
logged 'requests at once; asking for fewer' || fail "the limit was not found out"
! logged 'retrying in' || fail "the server was taken for one in trouble"
refused=$(grep -c '^503 ' "$dir/access1.log")
[ "$refused" -gt 0 ] || fail "nothing was refused: this tests nothing"
[ "$refused" -le 50 ] || fail "$refused requests were refused"
