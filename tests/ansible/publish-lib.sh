# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For the tests of the role publish: nginx with a configuration of its own, and boot files.
# Source it after lib.sh.
#
#   make_build N       -> $dir/boot/http and $dir/rootfs: what the build number N makes
#   start_server       nginx with what the role has configured, at $url
#   get PATH           what the server sends; header PATH NAME: a header of it

# shellcheck disable=SC2154

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
	mkdir -p "$dir/conf.d" "$dir/nginx"
	{
		echo "daemon off; worker_processes 1; pid $dir/nginx.pid; error_log $dir/error.log;"
		[ "$(id -u)" = 0 ] && echo 'user root;'
		echo 'events { worker_connections 64; }'
		echo "http { access_log $dir/access.log;"
		for kind in client_body proxy fastcgi uwsgi scgi; do
			echo "${kind}_temp_path $dir/nginx/$kind;"
		done
		echo "include $dir/conf.d/*.conf; }"
	} >"$dir/nginx.conf"
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

get() {
	curl -fsS "$url/$1" 2>&1
}

header() {
	curl -fsSI "$url/$1" | tr -d '\r' | sed -n "s/^$2: //p"
}

version() {
	readlink "$www/pi" | sed 's,^versions/,,'
}
