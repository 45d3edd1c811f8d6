# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For the tests of roles that configure nginx: an nginx of the test's own, with what the role puts
# into $dir/conf.d.  Source it after lib.sh, and set url.
#
#   write_nginx_conf         $dir/nginx.conf and the folders that it needs
#   get PATH                 what the server sends; header PATH NAME: a header of it

# shellcheck disable=SC2154

write_nginx_conf() {
	mkdir -p "$dir/conf.d" "$dir/nginx"
	{
		echo "daemon off; worker_processes 1; pid $dir/nginx.pid; error_log $dir/error.log;"
		[ "$(id -u)" = 0 ] && echo 'user root;'
		echo 'events { worker_connections 512; }'
		echo "http { access_log $dir/access.log;"
		for kind in client_body proxy fastcgi uwsgi scgi; do
			echo "${kind}_temp_path $dir/nginx/$kind;"
		done
		echo "include $dir/conf.d/*.conf; }"
	} >"$dir/nginx.conf"
}

get() {
	curl -fsS "$url/$1" 2>&1
}

header() {
	curl -fsSI "$url/$1" | tr -d '\r' | sed -n "s/^$2: //p"
}
