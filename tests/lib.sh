# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The common parts of the end-to-end tests: nginx as origin, nbdkit with the plugin that
# was just built, images, waits with a deadline.  Source it first; when the test exits,
# all processes that it started are ended, and all files that it made are removed.
#
#   . "${srcdir:-..}/tests/lib.sh"
#   need nginx nbdcopy
#   make_image image 16           -> $dir/image, $roothash
#   publish image 1               -> $dir/www1/image
#   origin_start 1                -> $url1 serves $dir/www1
#   plugin_start url="$url1/image" roothash="$roothash"  -> $socket
#
# Limits are for an idle machine; slack.sh tells how to scale them.
#
# In tests/fuse, farroot mount is the front end instead of nbdkit with the plugin: it is
# started and stopped by the same functions, $nbdkit is its process, and $nbd_read is
# tests/fuse/file-read, which reads from the file at $socket.mnt/image.
#
# test-compressed-NAME.sh is a link to test-NAME.sh, and tries the same with a compressed image:
# $dir/image is what is read, publish copies the image that make_image has packed with --zstd.
#
# A test is run from the build folder; tests/*/*.sh find the source by $srcdir.

set -u
srcdir=${srcdir:-..}
# shellcheck source-path=SCRIPTDIR source=slack.sh
. "$srcdir/tests/slack.sh"
top_builddir=${top_builddir:-.}
PATH=$PATH:/usr/sbin:/sbin
plugin=$top_builddir/.libs/nbdkit-farroot-plugin.so
farroot=$top_builddir/farroot
case $0 in
*/fuse/test-*) front=fuse ;;
*) front=nbd ;;
esac
case $0 in
*/test-compressed-*) pack_options=--zstd=1 ;;
*) pack_options= ;;
esac
case $front in
fuse) nbd_read=$top_builddir/tests/fuse/file-read ;;
*) nbd_read=$top_builddir/tests/end-to-end/nbd-read ;;
esac
dir=$(mktemp -d "${TMPDIR:-/tmp}/farroot-test.XXXXXX") || exit 99
chmod 755 "$dir"
pids=
socket=$dir/nbd.sock
log=$dir/nbdkit.log
plugin_options=
# By origin_start.
# shellcheck disable=SC2034
url1='' url2='' url3='' port1='' port2='' port3=''

say() {
	echo "$*" >&2
}

skip() {
	say "SKIP: $*"
	exit 77
}

fail() {
	say "FAIL: $*"
	for file in "$dir"/*.log; do
		[ -s "$file" ] || continue
		say "--- $file"
		tail -n 20 "$file" >&2
	done
	exit 1
}

need() {
	for program; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

need_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# Kept by this shell alone: pids of what it started.
remember() {
	pids="$pids $1"
}

is_alive() {
	[ -e "/proc/$1/stat" ] || return 1
	grep -q '^[0-9]* (.*) [ZX]' "/proc/$1/stat" 2>/dev/null || return 0
	# A zombie is not alive, but other threads of a killed process may still have its files.
	set -- "/proc/$1/task"/*
	[ $# -gt 1 ]
}

# end PID [SIGNAL]: and wait until it is gone.
end() {
	kill -CONT "$1" 2>/dev/null
	kill -"${2:-TERM}" "$1" 2>/dev/null
	wait_until 10 "process $1 is gone" is_gone "$1"
}

is_gone() {
	! is_alive "$1"
}

clean_up() {
	status=$?
	trap - EXIT INT TERM
	set +u
	type at_exit >/dev/null 2>&1 && at_exit
	for pid in $pids; do
		kill -CONT "$pid" 2>/dev/null
		kill -TERM "$pid" 2>/dev/null
	done
	tries=0
	for pid in $pids; do
		while is_alive "$pid" && [ $tries -lt "$(slack 50)" ]; do
			tries=$((tries + 1))
			sleep 0.1
		done
		is_alive "$pid" && kill -KILL "$pid"
	done
	# rm must not go into a mount.
	while read -r _ _ _ _ mount _; do
		case $mount in
		"$dir"/*) umount -l "$mount" 2>/dev/null || fusermount3 -u -z -q "$mount" ;;
		esac
	done </proc/self/mountinfo
	[ -n "${KEEP:-}" ] || rm -rf "$dir"
	exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Monotonic milliseconds.
now_ms() {
	awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime
}

# wait_until SECONDS WHAT COMMAND...: until it succeeds, or the test fails.
wait_until() {
	seconds=$(slack "$1")
	what=$2
	shift 2
	deadline=$(($(now_ms) + seconds * 1000))
	until "$@"; do
		[ "$(now_ms)" -lt $deadline ] || fail "waited $seconds s until $what"
		sleep 0.05
	done
}

# stays SECONDS WHAT COMMAND...: it must succeed all that time, which no slack makes
# longer.
stays() {
	seconds=$1
	what=$2
	shift 2
	deadline=$(($(now_ms) + seconds * 1000))
	while [ "$(now_ms)" -lt $deadline ]; do
		"$@" || fail "not any more: $what"
		sleep 0.1
	done
}

same() {
	[ "$1" = "$2" ] || fail "$3: got '$1', must be '$2'"
}

sha256_of() {
	sha256sum | cut -d ' ' -f 1
}

# status_of KEY: its value, a string without the quotes, in what the status socket
# tells; faults.tls is the key tls of the object faults.  Fails unless that is one JSON object,
# with each key once, and its objects have only numbers.
status_of() {
	timeout "$(slack 20)" "$farroot" status --json --socket="$dir/status.sock" | awk -v key="$1" '
		{ json = json $0 }
		END {
			rest = "," substr(json, 2, length(json) - 2)
			while (match(rest, /^,"[a-z_]+":("([^"\\]|\\.)*"|-?[0-9]+|\{[a-z0-9_":,]*\})/)) {
				entry = substr(rest, 2, RLENGTH - 1)
				rest = substr(rest, RLENGTH + 1)
				colon = index(entry, ":")
				name = substr(entry, 2, colon - 3)
				twice = twice || name in values
				values[name] = substr(entry, colon + 1)
				n = values[name] ~ /^\{/ ? split(values[name], inner, /[{},:]/) : 0
				for (i = 2; i < n; i += 2)
					values[name "." substr(inner[i], 2, length(inner[i]) - 2)] = inner[i + 1]
			}
			if (NR != 1 || json !~ /^\{.*\}$/ || rest || twice || !(key in values)) {
				print "status_of " key ": not in: " json >"/dev/stderr"
				exit 1
			}
			gsub(/^"|"$/, "", values[key])
			print values[key]
		}'
}

# status_is KEY VALUE: for wait_until.
status_is() {
	value=$(status_of "$1") && [ "$value" = "$2" ]
}

# told KEY VALUE: the test fails if the status says something else.
told() {
	value=$(status_of "$1") || fail "no $1 in the status"
	same "$value" "$2" "$1 in the status"
}

# Bytes that do not repeat: random_bytes COUNT
random_bytes() {
	openssl enc -aes-128-ctr -nosalt -K 00112233445566778899aabbccddeeff \
		-iv "$(printf '%032x' "${seed:-1}")" </dev/zero 2>/dev/null | head -c "$1"
}

# A port on which no process listens.  Below the range of outgoing connections, so
# that none of those takes it before nginx does.
free_port() {
	while :; do
		port=$((20000 + ($(od -An -N2 -tu2 /dev/urandom)) % 12000))
		grep -qi ":$(printf %04X $port) " /proc/net/tcp /proc/net/tcp6 || break
	done
	echo "$port"
}

# make_ca NAME: an authority of our own, $dir/NAME.pem with its .key.
make_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj "/CN=$1" -keyout "$dir/$1.key" -out "$dir/$1.pem" 2>>"$dir/openssl.log" ||
		fail "openssl cannot make a CA"
}

# certify NAME CA SUBJECT_ALT_NAME [OPTION...]: a server's certificate by that CA,
# $dir/NAME.pem with its .key; certificate_lines NAME has nginx use it.
certify() {
	name=$1 ca=$2 alt=$3
	shift 3
	echo "subjectAltName=$alt" >"$dir/$name.ext"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
		-keyout "$dir/$name.key" -out "$dir/$name.csr" 2>>"$dir/openssl.log" ||
		fail "openssl cannot ask"
	openssl x509 -req -in "$dir/$name.csr" -CA "$dir/$ca.pem" -CAkey "$dir/$ca.key" \
		-CAcreateserial -extfile "$dir/$name.ext" "$@" \
		-out "$dir/$name.pem" 2>>"$dir/openssl.log" || fail "openssl cannot sign"
}

certificate_lines() {
	echo "ssl_certificate $dir/$1.pem; ssl_certificate_key $dir/$1.key;"
}

# make_image NAME MIB: $dir/NAME, verified; sets $roothash.
make_image() {
	random_bytes $(($2 << 20)) >"$dir/$1.data"
	if [ -n "$pack_options" ]; then
		pack "$dir/$1.data" "$dir/$1.packed"
		mv "$dir/$1.data" "$dir/$1"
	else
		pack "$dir/$1.data" "$dir/$1"
		rm "$dir/$1.data"
	fi
}

# publish NAME N...: what make_image has packed, for the origins with these numbers.
publish() {
	name=$1
	shift
	for n; do
		mkdir "$dir/www$n"
		if [ -n "$pack_options" ]; then
			cp "$dir/$name.packed" "$dir/www$n/$name"
		else
			cp "$dir/$name" "$dir/www$n/$name"
		fi
	done
}

# pack IN OUT: appends the hash tree; sets $roothash.
pack() {
	# shellcheck disable=SC2086 # none, or one word
	roothash=$("$farroot" pack $pack_options "$1" -o "$2" 2>>"$dir/pack.log" | grep -o '[0-9a-f]\{64\}' | head -n 1)
	[ ${#roothash} = 64 ] || fail "farroot pack printed no root hash"
}

# origin_start N [NGINX_SERVER_LINE...]: nginx number N on a port of its own (the
# same after a restart); serves $dir/wwwN at $urlN, log in $dir/accessN.log.
# $origin_listen: more words for listen, such as "ssl http2".
# $origin_scheme: https with those.  $origin_http: lines outside of the server.
origin_start() {
	need nginx
	n=$1
	shift
	eval "port=\${port$n:-}"
	[ -n "$port" ] || port=$(free_port)
	eval "port$n=$port url$n=${origin_scheme:-http}://127.0.0.1:$port"
	mkdir -p "$dir/www$n" "$dir/tmp$n"
	{
		echo "daemon off; worker_processes 1; pid $dir/nginx$n.pid;"
		# Files in here belong to the user that runs the test.
		[ "$(id -u)" = 0 ] && echo 'user root;'
		echo "error_log $dir/error$n.log; events { worker_connections 512; }"
		echo "http { log_format bytes '\$status \$body_bytes_sent \$http_range \$server_protocol';"
		echo "${origin_http:-}"
		echo "access_log $dir/access$n.log bytes; default_type application/octet-stream;"
		echo 'sendfile on; keepalive_requests 100000; lingering_close off;'
		for kind in client_body proxy fastcgi uwsgi scgi; do
			echo "${kind}_temp_path $dir/tmp$n/$kind;"
		done
		echo "server { listen 127.0.0.1:$port ${origin_listen:-}; root $dir/www$n;"
		printf '%s\n' "$@"
		echo '} }'
	} >"$dir/nginx$n.conf"
	nginx -p "$dir" -c "$dir/nginx$n.conf" -e "$dir/error$n.log" &
	eval "nginx$n=$!"
	remember $!
	wait_until 10 "nginx $n listens" listens "$port"
}

listens() {
	grep -q " 0100007F:$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp ||
		grep -q ":$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp
}

# origin_stop N [SIGNAL]
origin_stop() {
	eval "pid=\$nginx$1"
	# With KILL the worker would stay behind.
	workers=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
	end "$pid" "${2:-TERM}"
	for worker in $workers; do
		if is_alive "$worker"; then
			end "$worker" KILL
		fi
	done
}

# origin_freeze N, origin_thaw N: the origin sends no answer, but its connections stay.
origin_freeze() {
	signal_origin "$1" STOP
}

origin_thaw() {
	signal_origin "$1" CONT
}

signal_origin() {
	eval "pid=\$nginx$1"
	# shellcheck disable=SC2046 # numbers
	kill -"$2" $(cat "/proc/$pid/task/$pid/children")
}

# Bytes of bodies that origin N has sent.
origin_bytes() {
	awk '{ sum += $2 } END { printf "%d\n", sum }' "$dir/access$1.log"
}

origin_requests() {
	grep -c . "$dir/access$1.log" 2>/dev/null || :
}

# origin_is_calm N: for wait_until; for half a second nothing was asked of it.
origin_is_calm() {
	count=$(origin_requests "$1")
	sleep 0.5
	[ "$count" = "$(origin_requests "$1")" ]
}

# plugin_start KEY=VALUE...: the front end, at $socket; pid in $nbdkit.
# $plugin_options: more words for the front end itself.
plugin_start() {
	plugin_launch "$@"
	wait_until 10 "the front end listens" plugin_listens
}

plugin_launch() {
	if [ "$front" = fuse ]; then
		mount_launch "$@"
		return
	fi
	need nbdkit
	rm -f "$socket"
	# shellcheck disable=SC2086 # words
	nbdkit --foreground --readonly --threads=128 --unix "$socket" $plugin_options \
		"$plugin" connect-timeout=2 stall=2 retry-max=1 "$@" >>"$log" 2>&1 &
	nbdkit=$!
	remember $nbdkit
}

mount_launch() {
	need fusermount3
	[ -w /dev/fuse ] || skip "no /dev/fuse"
	# A killed server has left its mount.
	if [ -d "$socket.mnt" ]; then
		fusermount3 -u -z -q "$socket.mnt"
	else
		mkdir "$socket.mnt"
	fi
	# shellcheck disable=SC2086 # words
	"$farroot" mount --foreground $plugin_options "$socket.mnt" connect-timeout=2 stall=2 \
		retry-max=1 "$@" >>"$log" 2>&1 &
	nbdkit=$!
	remember $nbdkit
}

plugin_listens() {
	is_alive "$nbdkit" || fail "the front end has ended"
	case $front in
	fuse) [ -e "$socket.mnt/image" ] ;;
	*) [ -S "$socket" ] ;;
	esac
}

plugin_stop() {
	end "$nbdkit"
}

# plugin_cannot_open PARAMETER...: no image can be opened with these; the log has only what it says of that.
plugin_cannot_open() {
	: >"$log"
	plugin_launch "$@"
	if [ "$front" = fuse ]; then
		wait_until 20 "the front end ends" is_gone "$nbdkit"
	else
		wait_until 10 "the front end listens" plugin_listens
		read_at 0 100 >/dev/null && fail "it is opened"
		plugin_stop
	fi
}

plugin_kill() {
	end "$nbdkit" KILL
}

logged() {
	grep -q -e "$1" "$log"
}

nbd_uri() {
	echo "nbd+unix:///?socket=$socket"
}

# Bytes at an offset: read_at OFFSET COUNT.  A test that hangs has no message.
read_at() {
	timeout "$(slack 60)" "$nbd_read" "$socket" "$1" "$2" 2>>"$dir/nbd-read.log"
}

# Bytes of a file at an offset: file_at FILE OFFSET COUNT
file_at() {
	tail -c +$(($2 + 1)) "$1" | head -c "$3"
}

# read_is_right OFFSET COUNT FILE
read_is_right() {
	file_at "$3" "$1" "$2" >"$dir/expected.tmp"
	read_at "$1" "$2" >"$dir/got.tmp" || fail "reading $2 bytes at $1 ended with $?"
	cmp "$dir/got.tmp" "$dir/expected.tmp" || fail "wrong bytes at $1"
}

# read_in_background OFFSET COUNT: pid in $reader, bytes in $dir/read.out, and its
# exit code in $dir/read.code once it has ended.
read_in_background() {
	rm -f "$dir/read.code"
	{
		code=0
		"$nbd_read" "$socket" "$@" >"$dir/read.out" 2>>"$dir/nbd-read.log" || code=$?
		echo $code >"$dir/read.code"
	} &
	reader=$!
	remember $reader
}

reader_is_done() {
	[ -s "$dir/read.code" ]
}

reader_waits() {
	[ ! -s "$dir/read.code" ]
}

# read_all CONNECTIONS: the whole image as served, to standard output.
read_all() {
	if [ "$front" = fuse ]; then
		timeout "$(slack 300)" cat "$socket.mnt/image"
		return
	fi
	timeout "$(slack 300)" nbdcopy --connections="$1" "$(nbd_uri)" - 2>>"$dir/nbdcopy.log"
}

# own_mounts: with root, starts the test again in a mount namespace of its own.  Another test
# that copies the mounts of this machine, as tests/overlay.sh does, would keep a file system in
# use that this test unmounts.
own_mounts() {
	[ -z "${FARROOT_OWN_MOUNTS-}" ] && [ "$(id -u)" = 0 ] || return 0
	need unshare
	export FARROOT_OWN_MOUNTS=1 srcdir top_builddir
	rmdir "$dir"
	exec unshare --mount --propagation private sh "$0"
}
[ "$front" != fuse ] || own_mounts
