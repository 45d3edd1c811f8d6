#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The cache and files that change at the origin: it asks each time if they have, serves what it has
# during an outage, and joins no bytes of two versions. It keeps no errors, passes Retry-After on,
# and serves only the networks that may use it. Other times of the same bytes do not matter.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/cache-lib.sh"
mkdir "$www"
origin_start 1
make_version 1
cache_variables
configure -e site_cache_url= -e '{"site_cache_channels": []}'
cache_start

status_of_get() {
	curl -s -o "$dir/body" -w '%{http_code}' "$@"
}

# next_version: after the second or two in which the cache does not ask.
next_version() {
	sleep 2.1
	make_version "$1"
	sleep 2.1
}

# A channel that the cache does not keep: asked for each time, and small if nothing has changed.
get pi/boot.img >"$dir/body"
: >"$dir/access1.log"
sleep 2.1
get pi/boot.img | cmp - "$www/pi/boot.img" || fail "boot.img"
same "$(cut -d ' ' -f 1,2 "$dir/access1.log")" '304 0' "what the origin has sent for a file that has not changed"
next_version 2
get pi/boot.img | cmp - "$www/pi/boot.img" || fail "the second boot.img"
same "$(header pi/boot.img ETag)" "$(curl -fsSI "$url1/pi/boot.img" | tr -d '\r' | sed -n 's/^ETag: //p')" "the ETag of a file that changes"

# A large file under a name that does not say what is in it, read in ranges.
range() {
	curl -fsS -r "$1" "$url/other/root.img" 2>>"$dir/curl.log"
}
mkdir "$www/other"
yes 'version 1' | head -c 2000000 >"$www/other/root.img"
cp "$www/other/root.img" "$dir/other1"
range 0-1999999 | cmp - "$dir/other1" || fail "the first version"
sleep 2.1
: >"$dir/access1.log"
range 0-299999 | cmp -n 300000 - "$dir/other1" || fail "a range of the first version"
same "$(cut -d ' ' -f 1,2 "$dir/access1.log" | sort -u)" '304 0' "what the origin has sent for ranges that have not changed"
yes 'version two' | head -c 2000000 >"$www/other/root.img"
sleep 2.1
range 262144-524287 >"$dir/body"
file_at "$www/other/root.img" 262144 262144 | cmp - "$dir/body" || fail "a range of the second version"
# In an outage the cache has slices of both: no answer has bytes of both.
origin_stop 1
range 262144-524287 | cmp - "$dir/body" || fail "a range of the second version, without the origin"
range 0-262143 | cmp -n 262144 - "$dir/other1" || fail "a range of the first version, without the origin"
! range 0-524287 >"$dir/both" || fail "an answer from two versions"
cmp -n "$(wc -c <"$dir/both")" "$dir/both" "$dir/other1" || fail "bytes of two versions in one answer"
# Files of the channel are those that the cache has.
get pi/boot.img | cmp - "$www/versions/$version/boot.img" || fail "boot.img without the origin"
origin_start 1
sleep 2.1
range 0-1999999 | cmp - "$www/other/root.img" || fail "the second version"

# Images: a new time of the same bytes, as after a restore of the origin, changes nothing.
get "$image" | head -c 600000 >/dev/null
touch -d '2001-01-01' "$www/$image"
get "$image" | cmp - "$www/$image" || fail "an image with slices from two times"
same "$(header "$image" ETag)" '' "the ETag of an image"
same "$(header "$image" Content-Length)" 3000000 "Content-Length of HEAD"
: >"$dir/access1.log"
curl -fsS -r 0-0 -H 'Cache-Control: no-cache' -o /dev/null "$url/$image" || fail "no-cache"
same "$(origin_requests 1)" 1 "requests past the cache"

# Errors are not kept, and Retry-After comes through.
same "$(status_of_get "$url/images/new/root.img")" 404 "a file that is not there"
mkdir "$www/images/new"
echo new >"$www/images/new/root.img"
same "$(get images/new/root.img)" new "the file when it is there"
origin_stop 1
origin_start 1 'location /images/busy/ { add_header Retry-After 17 always; return 503; }' 'location /busy/ { add_header Retry-After 18 always; return 429; }' \
	"location = /fleet/challenge { return 200 'message \$args\n'; }"
# Messages of machines reach the origin, each time.
for number in 1 2; do
	same "$(get "fleet/challenge?m=$number&s=b")" "message m=$number&s=b" "a message of a machine"
done
same "$(curl -s -D - -o /dev/null -r 0-9 "$url/images/busy/root.img" | tr -d '\r' | grep -E '^HTTP|^Retry')" 'HTTP/1.1 503 Service Temporarily Unavailable
Retry-After: 17' "an origin that is busy"
same "$(curl -s -D - -o /dev/null "$url/busy/boot.sig" | tr -d '\r' | grep -E '^HTTP|^Retry')" 'HTTP/1.1 429 Too Many Requests
Retry-After: 18' "an origin that limits requests"

# Nothing else of the machine is shown, and only networks that may.
same "$(status_of_get "$url/.git/config")" 404 "a hidden file"
same "$(status_of_get --path-as-is "$url/farroot-whole/pi/boot.sig")" 404 "an inner path"
configure -e site_cache_url= -e '{"site_cache_channels": [], "site_cache_allow": ["192.0.2.0/24"]}'
denied() {
	[ "$(status_of_get "$url/$image")" = 403 ]
}
wait_until 10 "other networks are denied" denied
