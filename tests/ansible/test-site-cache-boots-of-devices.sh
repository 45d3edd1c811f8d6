#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Devices of a fleet behind a site cache: each has a boot.img of its own, and the origin sends the bytes of a version once. The origin
# sees each boot, of each device; a device gets another version at once; during an outage it gets what it had.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/cache-lib.sh"
mkdir "$www"
# What farroot fleet reads.
# shellcheck disable=SC2016 # nginx's variables
start_origin() {
	origin_http='log_format fleet "$request_method $status $uri $sent_http_etag $http_user_agent";' \
		origin_start 1 "access_log $dir/access1.log bytes; access_log $dir/fleet.log fleet;" "$@"
}
start_origin
for number in 1 2; do
	make_version $number
	# nginx tells versions apart by the second in which their files were written.
	touch -d "@$((1700000000 + number))" "$www/versions/$version"/boot.*
	echo "$version" >"$dir/number$number"
done
mkdir "$www/devices"
# boots SERIAL N: the device is to boot the version number N.
boots() {
	ln -sfn "../versions/$(cat "$dir/number$2")" "$www/devices/$1"
}
for serial in abcdef01 abcdef02 abcdef03; do
	boots $serial 1
done
cache_variables
configure -e site_cache_url= -e '{"site_cache_channels": []}'
cache_start

# boot SERIAL N: as the boot loader does; it gets the files of version N.
boot() {
	wanted=$www/versions/$(cat "$dir/number$2")
	for file in boot.sig boot.img; do
		code=$(curl -sS -A "rpiboot $1" -o "$dir/$file" -w '%{http_code}' "$url/devices/$1/$file")
		same "$code" 200 "the status of $file for $1"
		cmp "$dir/$file" "$wanted/$file" || fail "$1 has another $file than that of version $2"
	done
}

# counted SERIAL: the boots that the fleet counts.
counted() {
	grep -cE "^(GET|HEAD) (200|304) /devices/$1/boot.img [^ ]+ rpiboot $1\$" "$dir/fleet.log" || :
}

boot abcdef01 1
[ "$(origin_bytes 1)" -ge 700000 ] || fail "the origin did not send boot.img: this tests nothing"
: >"$dir/access1.log"
for serial in abcdef02 abcdef03; do
	boot $serial 1
done
[ "$(origin_bytes 1)" -le 20000 ] || fail "the origin sent $(origin_bytes 1) bytes for two devices with the version of the first"
for serial in abcdef01 abcdef02 abcdef03; do
	same "$(counted $serial)" 1 "boots of $serial: $(cat "$dir/fleet.log")"
done
# The same device again, later than the second in which the cache does not ask.
sleep 2.1
boot abcdef02 1
same "$(counted abcdef02)" 2 "boots of abcdef02"
[ "$(origin_bytes 1)" -le 20000 ] || fail "the origin sent $(origin_bytes 1) bytes for a second boot"

# One device gets another version, and then the first one again.
boots abcdef02 2
sleep 2.1
boot abcdef02 2
boot abcdef01 1
boots abcdef02 1
boots abcdef03 2
: >"$dir/access1.log"
sleep 2.1
boot abcdef02 1
boot abcdef03 2
[ "$(origin_bytes 1)" -le 20000 ] || fail "the origin sent $(origin_bytes 1) bytes for versions that the cache has"
same "$(counted abcdef02)" 4 "boots of abcdef02"

# Ranges, the length, a device that is not known, and inner paths.
curl -fsS -r 300000-300999 -o "$dir/part" "$url/devices/abcdef01/boot.img" || fail "no range of boot.img"
file_at "$www/versions/$(cat "$dir/number1")/boot.img" 300000 1000 | cmp - "$dir/part" || fail "a range of boot.img"
same "$(header devices/abcdef01/boot.img Content-Length)" 700000 "Content-Length of HEAD"
for path in devices/abcdef09/boot.img farroot-version; do
	same "$(curl -s -o /dev/null -w '%{http_code}' "$url/$path")" 404 "the status of $path"
done

# Three at once for a version that the cache does not have.
make_version 3
touch -d "@1700000003" "$www/versions/$version"/boot.*
echo "$version" >"$dir/number3"
for serial in abcdef01 abcdef02 abcdef03; do
	boots $serial 3
done
sleep 2.1
: >"$dir/access1.log"
for serial in abcdef01 abcdef02 abcdef03; do
	curl -fsS -o "$dir/$serial" "$url/devices/$serial/boot.img" &
	eval "reader_$serial=$!"
	remember $!
done
for serial in abcdef01 abcdef02 abcdef03; do
	eval "wait_until 30 'a device has boot.img' is_gone \$reader_$serial"
	cmp "$dir/$serial" "$www/versions/$version/boot.img" || fail "boot.img of $serial"
done
[ "$(origin_bytes 1)" -le 720000 ] || fail "the origin sent $(origin_bytes 1) bytes for three devices at once"

# An outage: what the device had last, and no answer for one that the cache does not know.
boot abcdef01 3
origin_stop 1
sleep 2.1
boot abcdef01 3
same "$(curl -s -o /dev/null -w '%{http_code}' "$url/devices/abcdef04/boot.img")" 502 "the status for a device that has not booted here"
# The origin is busy: its answer comes through for what the cache does not know.
start_origin 'location = /devices/abcdef05/boot.img { add_header Retry-After 17 always; return 503; }'
same "$(curl -s -D - -o /dev/null "$url/devices/abcdef05/boot.img" | tr -d '\r' | grep -E '^HTTP|^Retry')" 'HTTP/1.1 503 Service Temporarily Unavailable
Retry-After: 17' "an origin that is busy"

# An origin without ETags: nothing is kept, and each device gets its own.
origin_stop 1
start_origin 'etag off;'
boots abcdef01 1
boots abcdef02 2
sleep 2.1
boot abcdef01 1
boot abcdef02 2
