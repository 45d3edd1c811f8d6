# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For the tests of the role publish: nginx with a configuration of its own, and boot files.
# Source it after lib.sh.
#
#   make_build N       -> $dir/boot/http and $dir/rootfs: what the build number N makes
#   start_server       nginx with what the role has configured, at $url
#   get PATH, header PATH NAME   what the server sends, by web-lib.sh

# shellcheck disable=SC2154

# shellcheck source-path=SCRIPTDIR source=web-lib.sh
. "$srcdir/tests/ansible/web-lib.sh"

need nginx curl
www=$dir/www
port=$(free_port)
url=http://127.0.0.1:$port

make_build() {
	mkdir -p "$dir/boot/http" "$dir/rootfs"
	yes "image $1" | head -c 65536 >"$dir/rootfs/root.img"
	sha256sum <"$dir/rootfs/root.img" | cut -d ' ' -f 1 >"$dir/rootfs/roothash"
	echo "profile $1" >"$dir/rootfs/root.img.profile"
	yes "boot $1" | head -c 50000 >"$dir/boot/http/boot.img"
	sha256sum <"$dir/boot/http/boot.img" | cut -d ' ' -f 1 >"$dir/boot/http/boot.sig"
}

configure() {
	write_nginx_conf
	variables "publish_root: $www
publish_boot: $dir/boot/http
publish_rootfs: $dir/rootfs
publish_url: $url
publish_install: false
publish_manage_service: false
publish_listen: ['127.0.0.1:$port']
publish_nginx_config: $dir/conf.d/farroot.conf
publish_nginx_test: [nginx, -t, -q, -c, $dir/nginx.conf]
publish_keep: 2
publish_keep_days: 0
publish_free_bytes: 0"
}

start_server() {
	nginx -c "$dir/nginx.conf" -e "$dir/error.log" &
	nginx=$!
	remember $nginx
	wait_until 10 "nginx listens" listens "$port"
}

version() {
	readlink "$www/pi" | sed 's,^versions/,,'
}
