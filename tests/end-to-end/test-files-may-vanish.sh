#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Once nbdkit runs, in the background and with paths that were relative, no file
# is looked up any more: CA, password and plugin can be removed, as they are when
# the real root replaces an initramfs.
. "${srcdir:-..}/tests/lib.sh"
need nbdkit openssl

make_ca ours
certify right ours IP:127.0.0.1
make_image image 4
mkdir "$dir/www1" "$dir/initramfs"
cp "$dir/image" "$dir/www1"
cp "$dir/ours.pem" "$dir/initramfs/ca.pem"
cp "$plugin" "$dir/initramfs/plugin.so"
echo secret >"$dir/initramfs/password"
printf 'reader:%s\n' "$(openssl passwd -apr1 secret)" >"$dir/htpasswd"
origin_scheme=https
origin_listen=ssl
serve() {
	origin_start 1 "$(certificate_lines right)" \
		"auth_basic x; auth_basic_user_file $dir/htpasswd;"
}
serve
(cd "$dir" && nbdkit --readonly --unix "$socket" --pidfile "$dir/nbdkit.pid" ./initramfs/plugin.so \
	url="$url1/image" roothash="$roothash" cainfo=initramfs/ca.pem fill=no retry-max=1 \
	user=reader password=+initramfs/password log=messages.log status=status.sock store=store) ||
	fail "nbdkit does not start"
# It writes that in the background.
wait_until 10 "nbdkit has written its pid" test -s "$dir/nbdkit.pid"
nbdkit=$(cat "$dir/nbdkit.pid")
remember "$nbdkit"
read_is_right 0 65536 "$dir/image"
rm -r "$dir/initramfs"
# Every connection is a new one now.
origin_stop 1
serve
read_is_right 2097152 65536 "$dir/image"
for file in messages.log status.sock store; do
	[ -e "$dir/$file" ] || fail "$file is not where nbdkit was started"
done
grep -q 'image of' "$dir/messages.log" || fail "nothing in log="
same "$(stat -c %a "$dir/messages.log")" 600 "mode of log="
end "$nbdkit"
