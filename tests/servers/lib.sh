# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The common parts of the tests with real servers: each server and proxy is judged by the
# same conditions.  Sourced instead of tests/lib.sh:
#
#   . "${srcdir:-..}/tests/servers/lib.sh"
#   need lighttpd
#   make_served_image          -> $dir/www/image, $roothash
#   ...                           a configuration for $server_port that serves $dir/www
#   server_run() {
#   	launch lighttpd -D -f "$dir/lighttpd.conf"
#   }
#   judge_server
#
# server_run starts the server, and again after each stop.
# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "${srcdir:-..}/tests/lib.sh"
need python3 nbdcopy

served_mib=96
server_port=$(free_port)
server=
relay_port=
relays=0
# What judge_requests has counted.
requests=0 connections=0

# make_served_image: $dir/www/image; $image_sha256.
make_served_image() {
	make_image image $served_mib
	mkdir "$dir/www"
	mv "$dir/image" "$dir/www"
	image_sha256=$(sha256_of <"$dir/www/image")
}

# backend_start N [NGINX_SERVER_LINE...]: an origin for a proxy; serves $dir/www at $urlN.
backend_start() {
	[ -e "$dir/www$1" ] || ln -s www "$dir/www$1"
	origin_start "$@"
}

# nginx_run [NGINX_SERVER_LINE...]: for server_run, if the server is an nginx: origin 1.
nginx_run() {
	# shellcheck disable=SC2034 # of tests/lib.sh
	port1=$server_port
	backend_start 1 "$@"
	# shellcheck disable=SC2154 # of tests/lib.sh
	server=$nginx1
}

# launch COMMAND...: for server_run.
launch() {
	"$@" >>"$dir/server.log" 2>&1 &
	server=$!
	remember "$server"
}

server_start() {
	server_run
	wait_until 10 "the server listens" server_listens
}

server_listens() {
	is_alive "$server" || fail "the server has ended"
	listens "$server_port"
}

# The children of a process, and their children.
descendants() {
	# shellcheck disable=SC2013 # words
	for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
		echo "$child"
		descendants "$child"
	done
}

# server_stop SIGNAL
server_stop() {
	workers=$(descendants "$server")
	end "$server" "$1"
	# With KILL the workers would stay behind.
	for worker in $workers; do
		if is_alive "$worker"; then
			end "$worker" KILL
		fi
	done
}

# plugin_at PORT KEY=VALUE...: the plugin, with the server behind PORT.  A test that needs
# other parameters has this function of its own.
plugin_at() {
	at=$1
	shift
	plugin_start url="http://127.0.0.1:$at/image" roothash="$roothash" "$@"
}

# relay_start: a relay in front of the server, at $relay_port.
relay_start() {
	relays=$((relays + 1))
	relay=$dir/relay$relays
	mkdir "$relay"
	python3 "$srcdir/tests/servers/counting-relay.py" "$relay" "$server_port" \
		>"$relay.log" 2>&1 &
	remember $!
	wait_until 10 "the relay listens" test -e "$relay/port"
	relay_port=$(cat "$relay/port")
}

# The most connections that $requests requests may need.  A test whose server ends
# connections early has this function of its own.
most_connections() {
	echo $((requests / 10))
}

# judge_requests: the whole image, and hardly more, has come in few large requests over few
# connections.
judge_requests() {
	requests=$(status_of requests)
	connections=$(grep -c . "$relay/connections")
	bytes=$(status_of fetched_bytes)
	say "$requests requests of $((bytes / requests >> 10)) KiB over $connections connections"
	[ "$connections" -gt 0 ] || fail "the server was not asked: this tests nothing"
	[ "$connections" -le "$(most_connections)" ] ||
		fail "$connections connections, must be at most $(most_connections)"
	[ $((bytes / requests)) -ge 524288 ] || fail "requests of $((bytes / requests)) bytes"
	[ $((bytes - (served_mib << 20))) -le $(((served_mib << 20) / 20)) ] ||
		fail "$bytes bytes were fetched"
}

# judge_whole_image KEY=VALUE...: the whole image is fetched, and served byte for byte.
judge_whole_image() {
	relay_start
	plugin_at "$relay_port" fill=yes status="$dir/status.sock" "$@"
	wait_until 30 "the whole image is here" status_is state materialized
	judge_requests
	same "$(read_all 4 | sha256_of)" "$image_sha256" "SHA-256 of the image"
	plugin_stop
}

# read_begin KEY=VALUE...: a client reads the whole image, at a rate that takes seconds.
read_begin() {
	plugin_at "$server_port" fill=no rate=32M status="$dir/status.sock" "$@"
	{
		read_all 4 | sha256_of >"$dir/read.sha256"
	} &
	reader=$!
	remember "$reader"
}

# read_has_come BYTES: for wait_until; the read is in its middle, and that much is here.
read_has_come() {
	is_alive "$reader" || fail "the read has ended: too early, or this tests nothing"
	[ "$(status_of present_bytes)" -ge "$1" ]
}

# read_reaches MIB
read_reaches() {
	wait_until 20 "$1 MiB are here" read_has_come $(($1 << 20))
}

# read_goes_on: within 5 s, 2 MiB more are here.
read_goes_on() {
	wait_until 5 "the read goes on" read_has_come $(($(status_of present_bytes) + 2097152))
}

# read_end: the client gets the right bytes.
read_end() {
	wait_until 20 "the read ends" is_gone "$reader"
	same "$(cat "$dir/read.sha256")" "$image_sha256" "SHA-256 of the read"
	plugin_stop
}

# judge_restarts KEY=VALUE...: in the middle of a read the server is gone for a second,
# once after TERM and once after KILL.
judge_restarts() {
	: >"$log"
	read_begin "$@"
	for restart in 'TERM 10' 'KILL 50'; do
		read_reaches "${restart#* }"
		server_stop "${restart% *}"
		sleep 1
		server_start
		read_goes_on
	done
	read_end
	logged 'retrying in' || fail "the plugin has not noticed the restarts: this tests nothing"
}

# judge_server KEY=VALUE...: all of it; the server stays.
judge_server() {
	server_start
	judge_whole_image "$@"
	judge_restarts "$@"
}
