#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The role publish refuses keys and passwords, files that do not fit each other, servers that
# machines cannot use, full disks and wrong variables. What is published stays.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/publish-lib.sh"
need openssl
configure
make_build 1
play publish -- --tags publish_server
start_server
play publish
first=$(version)
before=$(tree "$www")

still_there() {
	same "$(tree "$www")" "$before" "what is published after: $1"
	same "$(get pi/root.img.profile)" "profile 1" "what the server shows after: $1"
}

# Secrets.
openssl genrsa -out "$dir/key.pem" 2048 2>/dev/null
openssl genrsa -traditional -out "$dir/key2.pem" 2048 2>/dev/null
# shellcheck disable=SC2016 # a hash
hash='$6$abcdefgh$FC1wOd1cGAhnR6CNm4jTnYHXnAxPr9nhqDsBAwvrd4xOjMPzJgu12MjqcNDsmSGJsnbyCYmwrJqf5ZyGXEuc21'
for secret in "$(cat "$dir/key.pem")" "$(cat "$dir/key2.pem")" "root:$hash:" 'url=http://me:hunter2@example.org/' \
	'farroot.password=hunter2 quiet' 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'; do
	make_build 2
	printf '\n%s\n' "$secret" >>"$dir/boot/http/boot.img"
	sha256sum <"$dir/boot/http/boot.img" | cut -d ' ' -f 1 >"$dir/boot/http/boot.sig"
	status=0
	printf '{"ANSIBLE_MODULE_ARGS": {"paths": ["%s"]}}' "$dir/boot/http" >"$dir/arguments"
	PYTHONPATH=$dir/collections /usr/bin/python3 "$collection/plugins/modules/no_secrets.py" "$dir/arguments" >"$dir/module.out" 2>&1 </dev/null || status=$?
	[ "$status" != 0 ] || fail "not refused: $secret"
	grep -q 'boot.img: ' "$dir/module.out" || fail "$(cat "$dir/module.out")"
	! grep -qF -e hunter2 -e "$hash" "$dir/module.out" || fail "the message shows the secret"
done
refuses 'these would show secrets' publish
still_there "secrets"
# A program that only recognizes keys has one line of them.
make_build 1
printf -- '-----BEGIN RSA PRIVATE KEY-----\0not a key\0' >"$dir/plain"
printf '{"ANSIBLE_MODULE_ARGS": {"paths": ["%s"]}}' "$dir/plain" >"$dir/arguments"
PYTHONPATH=$dir/collections /usr/bin/python3 "$collection/plugins/modules/no_secrets.py" "$dir/arguments" >"$dir/module.out" 2>&1 </dev/null || fail "refused: $(cat "$dir/module.out")"
make_build 2
cp "$dir/key.pem" "$dir/boot/http/private.pem"
refuses 'private.pem: a private key' publish
rm "$dir/boot/http/private.pem"
still_there "a key beside boot.img"

# Two builds that are mixed.
make_build 2
echo 0000 >"$dir/boot/http/boot.sig"
refuses 'is not of this boot.img' publish
rm "$dir/boot/http/boot.sig"
refuses 'must have boot.img and boot.sig' publish
still_there "boot files of two builds"

# A server that ignores ranges, and one that shows another file.
make_build 2
sed -i "s/sendfile on;/sendfile on; max_ranges 0;/" "$dir/conf.d/farroot.conf"
kill -HUP "$nginx"
answers_whole() {
	[ "$(curl -s -o /dev/null -w '%{http_code}' -r 0-9 "$url/pi/boot.img")" = 200 ]
}
wait_until 10 "nginx ignores ranges" answers_whole
refuses 'machines need a server that answers range requests' publish -- -e publish_server=none
same "$(version)" "$first" "the version with a server that ignores ranges"
play publish -- --tags publish_server
kill -HUP "$nginx"
answers_ranges() {
	[ "$(curl -s -o /dev/null -w '%{http_code}' -r 0-9 "$url/pi/boot.img")" = 206 ]
}
wait_until 10 "nginx answers ranges" answers_ranges
mkdir "$dir/empty"
refuses 'is not the file that was published' publish -- -e publish_server=none -e publish_root="$dir/empty"
[ ! -e "$dir/empty/pi" ] || fail "a channel that the server does not show"

# A damaged image is verified before the switch: the fake root hash is its digest.
make_build 2
echo damage >>"$dir/rootfs/root.img"
refuses 'the image is damaged' publish
same "$(version)" "$first" "the version after a damaged image"

# A configuration that nginx does not take.
before_config=$(cat "$dir/conf.d/farroot.conf")
refuses 'so it is as it was before' publish -- --tags publish_server -e publish_server_name='"a b;c {"'
same "$(cat "$dir/conf.d/farroot.conf")" "$before_config" "the configuration"
same "$(find "$dir/conf.d" -type f)" "$dir/conf.d/farroot.conf" "what is in the folder of the configuration"

# Wrong variables.
mkdir "$www/real"
make_build 1
wrong 'value of publish_server must be one of' '{"publish_server": "apache"}'
wrong 'other than config, images, mailbox, versions, devices and fleet' '{"publish_channel": "images"}'
wrong 'a rollback needs a version before' '{"publish_keep": 1}'
wrong 'must be the URL of publish_root' '{"publish_url": "http://me:secret@192.0.2.1"}'
wrong 'must be an absolute path' '{"publish_root": "www"}'
wrong 'is not a symbolic link of this role' '{"publish_channel": "real"}'
refuses_all publish
