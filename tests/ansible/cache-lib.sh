# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For the tests of the role site_cache: an origin with the tree that the role publish makes, and
# an nginx that the role configures. Source it after lib.sh.
#
#   make_version N [MIB]   origin 1 publishes the version number N; with MIB, its image is a real
#                          one, else a small file; sets $roothash, $image and $version
#   cache_variables        variables for a cache in front of origin 1
#   cache_start, cache_stop                  its nginx, at $url
#   configure [ARGUMENT...]                  the role, and nginx reloaded as its handler would
#   update                 what the timer runs; the output is in $dir/update.out, the code in $code
#   get PATH, header PATH NAME               what the cache sends, by web-lib.sh

# shellcheck disable=SC2154,SC2034

# shellcheck source-path=SCRIPTDIR source=web-lib.sh
. "$srcdir/tests/ansible/web-lib.sh"

need nginx curl flock getent
cache=$dir/cache/farroot
cache_port=$(free_port)
local_port=$(free_port)
url=http://127.0.0.1:$cache_port
www=$dir/www1

digest_line() {
	echo "$1=$(sha256sum <"$2" | cut -d ' ' -f 1)"
}

make_version() {
	if [ -n "${2-}" ]; then
		seed=$1 make_image root.img "$2"
	else
		yes "image $1" | head -c 3000000 >"$dir/root.img"
		roothash=$(sha256sum <"$dir/root.img" | cut -d ' ' -f 1)
	fi
	image=images/$roothash/root.img
	mkdir -p "$www/images/$roothash" "$dir/version"
	mv "$dir/root.img" "$www/$image"
	yes "boot $1" | head -c 700000 >"$dir/version/boot.img"
	{
		sha256sum <"$dir/version/boot.img" | cut -d ' ' -f 1
		echo "ts: $1"
	} >"$dir/version/boot.sig"
	echo "$roothash" >"$dir/version/roothash"
	printf '# farroot profile\n# roothash=%s\n0 4096\n1048576 262144\n' "$roothash" >"$dir/version/root.img.profile"
	version=$(cd "$dir/version" && printf '%s' "$(digest_line boot.img boot.img) $(digest_line boot.sig boot.sig) \
$(digest_line root.img.profile root.img.profile) $(digest_line roothash roothash)" | sha256sum | cut -c 1-16)
	mkdir -p "$www/versions/$version"
	mv "$dir/version"/* "$www/versions/$version/"
	ln -sfn "versions/$version" "$www/pi.new"
	mv -T "$www/pi.new" "$www/pi"
}

# The nginx of the cache's machine, with what the role puts into conf.d.
cache_variables() {
	mkdir -p "$dir/units" "$dir/cache-logs"
	write_nginx_conf
	# What the program calls to reload nginx.
	cat >"$dir/bin/systemctl" <<-END
		#!/bin/sh
		[ "\$*" = "reload nginx" ] || exit 1
		kill -HUP "\$(cat "$dir/nginx.pid")"
	END
	chmod 755 "$dir/bin/systemctl"
	variables "site_cache_origin: $url1
site_cache_url: $url
site_cache_listen: ['127.0.0.1:$cache_port']
site_cache_local_port: $local_port
site_cache_folder: $dir/cache
site_cache_size: 1g
site_cache_min_free: 1m
site_cache_log_folder: $dir/cache-logs
site_cache_nginx_folder: $dir/conf.d
site_cache_nginx_test: [nginx, -t, -q, -c, $dir/nginx.conf]
site_cache_program: $dir/bin/farroot-site-cache
site_cache_units: $dir/units
site_cache_install: false
site_cache_manage_service: false"
}

cache_start() {
	nginx -c "$dir/nginx.conf" -e "$dir/error.log" &
	cache_nginx=$!
	remember $cache_nginx
	wait_until 10 "the nginx of the cache listens" listens "$cache_port"
}

cache_stop() {
	end "$cache_nginx"
	cache_nginx=
}

# configure [ARGUMENT...]: the role, and nginx reloaded as its handler would.
configure() {
	play site_cache -- "$@"
	reload
}

reload() {
	if [ -n "${cache_nginx-}" ]; then
		kill -HUP "$cache_nginx"
	fi
}

# The command of the unit.
update() {
	code=0
	command=$(sed -n 's/^ExecStart=//p' "$dir/units/farroot-site-cache-farroot.service")
	# shellcheck disable=SC2086 # words
	timeout "$(slack 120)" $command >"$dir/update.out" 2>&1 || code=$?
}

updated() {
	grep -qF -e "$1" "$dir/update.out" || fail "the program did not say '$1': $(cat "$dir/update.out")"
}
