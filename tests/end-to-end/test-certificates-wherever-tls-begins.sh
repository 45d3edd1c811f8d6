#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The system's certificates are there whenever TLS may begin: after a redirect from http,
# for an https profile= beside an http url=, and for an https proxy.  Without a system
# bundle, only settings that name https are refused.
. "${srcdir:-..}/tests/lib.sh"
need openssl unshare
need_root
bundle=/etc/ssl/certs/ca-certificates.crt
[ -e "$bundle" ] || skip "needs $bundle"
if [ -z "${FARROOT_TEST_MOUNTS:-}" ]; then
	rm -rf "$dir"
	FARROOT_TEST_MOUNTS=1 exec unshare --mount -- "$0" "$@"
fi

make_ca ours
certify right ours IP:127.0.0.1
cp "$dir/ours.pem" "$dir/bundle"
mount --bind "$dir/bundle" "$bundle" || skip "cannot mount"
make_image image 4
mkdir "$dir/www1" "$dir/www2"
cp "$dir/image" "$dir/www1"
cp "$dir/image" "$dir/www2"
echo "farroot-profile 1" >"$dir/www2/profile"
origin_scheme=https origin_listen=ssl origin_start 2 "$(certificate_lines right)"
origin_scheme=http origin_listen='' origin_start 1 "location /moved { return 302 $url2/image; }"

# reads SETTING...: the read of a plugin with these settings is right.
reads() {
	plugin_start roothash="$roothash" fill=no "$@"
	read_is_right 0 65536 "$dir/image"
	plugin_stop
}

reads url="$url1/moved" profile=none
reads url="$url1/image" profile="$url2/profile"
grep -q '^200 ' "$dir/access2.log" || fail "the https profile was not fetched"
# nginx answers a request for any host itself, as a proxy would.
: >"$dir/access2.log"
reads url=http://origin.example/image profile=none proxy="$url2"
grep -q '^206 ' "$dir/access2.log" || fail "the https proxy was not used"

# A CA that is not ours: the proxy and the redirect are not trusted.
make_ca theirs
for settings in "url=$url1/moved" "url=http://origin.example/image proxy=$url2"; do
	: >"$log"
	# shellcheck disable=SC2086 # words
	plugin_start roothash="$roothash" fill=no profile=none cainfo="$dir/theirs.pem" $settings
	wait_until 10 "it is said what is wrong" logged 'certificate'
	plugin_stop
done

mount -t tmpfs none "${bundle%/*}"
: >"$log"
plugin_options=--verbose
reads url="$url1/image" profile=none
logged "debug: .*cannot read CA certificates from $bundle" || fail "the log does not tell of the missing bundle"
for settings in "url=$url2/image" "url=$url1/image profile=$url2/profile" "url=$url1/image proxy=$url2"; do
	: >"$log"
	# shellcheck disable=SC2086 # words
	plugin_launch roothash="$roothash" $settings
	wait_until 5 "nbdkit refuses $settings" is_gone "$nbdkit"
	logged 'error: .*cannot read CA certificates' || fail "no reason for $settings"
done
reads url="$url2/image" profile=none sslverify=false
