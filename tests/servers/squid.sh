# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Squid; sourced after tests/servers/lib.sh.
# shellcheck disable=SC2154 # of lib.sh
need squid

# squid_configure: with the lines from standard input.
squid_configure() {
	mkdir "$dir/squid"
	{
		cat
		echo 'http_access allow all'
		# Where the limit of open files is high, squid reserves much memory.
		echo 'max_filedescriptors 1024'
		echo 'shutdown_lifetime 0 seconds'
		echo 'cache_mem 16 MB'
		echo 'pinger_enable off'
		echo 'visible_hostname localhost'
		echo 'access_log none'
		echo "cache_log $dir/squid/cache.log"
		echo "pid_filename $dir/squid/squid.pid"
		echo "coredump_dir $dir/squid"
	} >"$dir/squid.conf"
	# As root, squid becomes this user.
	if [ "$(id -u)" = 0 ]; then
		echo 'cache_effective_user proxy' >>"$dir/squid.conf"
		chown proxy "$dir/squid"
	fi
}

server_run() {
	launch squid -N -f "$dir/squid.conf"
}
