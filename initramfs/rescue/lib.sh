# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The common parts of the rescue system.  All of it runs in the tree of the tools, where
# /run is that of the whole machine.
# shellcheck shell=dash

# A test has folders of its own.
rescue_state=${RESCUE_STATE:-/run/rescue/state}
rescue_system=${FARROOT_SYSTEM-}
# shellcheck disable=SC2034 # for the scripts
rescue_here=${0%/*}

# The stubs of tools that are streamed; only users have them in PATH.
# shellcheck disable=SC2034 # for the scripts
rescue_streamed=/usr/libexec/farroot/streamed

# To the kernel's log, and so to each console.
log() {
	echo "farroot-rescue: $*" >>"${RESCUE_LOG:-/dev/kmsg}"
}

# log_news FILE PREFIX TEXT: once, until FILE is told another text.  An empty one is not logged.
log_news() {
	[ "$3" != "$(cat "$1" 2>/dev/null)" ] || return 0
	[ -z "$3" ] || log "$2: $3"
	printf '%s\n' "$3" >"$1"
}

# The clock may jump; this does not.
uptime_seconds() {
	cut -d . -f 1 /proc/uptime
}

# The arguments of this machine, which gather-arguments puts together.
rescue_arguments=$rescue_state/arguments

# Those of an image, with its servers: another image has other ones.  An extended regular
# expression; farroot_obey of scripts/farroot has the same.
# shellcheck disable=SC2034 # for the scripts
rescue_image_arguments='^(farroot|farroot[.](mirror|profile|verify)|roothash)='

# The values of this machine that are secret.  They are in the file device alone.
# shellcheck disable=SC2034 # for the scripts
rescue_secrets='^(host-key|password|mailbox-login|tunnel-key|wireguard-key)='

# argument NAME: the value of the last NAME=VALUE.  Fails if there is none.
argument() {
	grep -q "^$1=" "$rescue_arguments" 2>/dev/null || return
	sed -n "s/^$1=//p" "$rescue_arguments" | tail -n 1
}

# usage_error TEXT: for the commands of farroot.
usage_error() {
	echo "farroot ${0##*/}: $*" >&2
	echo "Try 'farroot ${0##*/} --help'." >&2
	exit 2
}

# keep_running NAME PROGRAM [ARGUMENT]...: starts it again 5 seconds after its end, or at once if
# it was told to, but not while it is released.  Never returns.
keep_running() {
	rescue_name=$1
	shift
	while true; do
		[ -e "$rescue_state/released.$rescue_name" ] || "$@"
		rm "$rescue_state/again.$rescue_name" 2>/dev/null || sleep 5
	done
}

# done_with NAME: keep_running does not start it again.  Never returns.
done_with() {
	: >"$rescue_state/released.$1"
	exit
}

# restart_sshd: it reads its keys again.  Sessions are other processes, and stay.
restart_sshd() {
	: >"$rescue_state/again.ssh"
	[ ! -s "$rescue_state/sshd.pid" ] || kill "$(cat "$rescue_state/sshd.pid")" 2>/dev/null
}

# Succeeds when dhcpcd has given an address to an interface.
has_address() {
	for rescue_address in "$rescue_state"/address.*; do
		[ ! -s "$rescue_address" ] || return 0
	done
	return 1
}

# host_and_port TEXT PORT: sets host and port of HOST, HOST:PORT, ADDRESS or [ADDRESS]:PORT; PORT is the default.
# shellcheck disable=SC2034 # for the scripts
host_and_port() {
	host=$1 port=$2
	case $host in
	\[*\]:*) port=${host##*]:} && host=${host#[} && host=${host%%]*} ;;
	\[*\]) host=${host#[} && host=${host%]} ;;
	*:*:*) ;;
	*:*) port=${host#*:} && host=${host%%:*} ;;
	esac
	case $host in
	'' | -* | *[!A-Za-z0-9_.:-]*) return 1 ;;
	esac
	is_port "$port"
}

# is_address HOST: not a name.
is_address() {
	case $1 in
	*:*) ;;
	*[!0-9.]*) return 1 ;;
	esac
}

is_port() {
	case $1 in
	'' | 0* | *[!0-9]* | ??????*) return 1 ;;
	esac
	[ "$1" -le 65535 ]
}

serial_number() {
	[ -e "$rescue_system/proc/device-tree/serial-number" ] || return 0
	tr -d '\000' <"$rescue_system/proc/device-tree/serial-number" | tail -c 8
}

# The name of this machine on servers: the serial number of the board, else the lowest address of its
# network cards.
machine_name() {
	rescue_name=$(serial_number)
	# An interface without hardware may have another address at each start.
	[ -n "$rescue_name" ] || rescue_name=$(
		for rescue_interface in "$rescue_system"/sys/class/net/*; do
			[ ! -e "$rescue_interface/device" ] || tr -d : <"$rescue_interface/address"
		done | grep -E '^[0-9a-f]{12}$' | sort | head -n 1
	)
	echo "${rescue_name:-unknown}"
}

# Console terminals that are serial lines: those of the kernel's console, or else the
# first one that has hardware.
serial_lines() {
	rescue_lines=$(sed -n 's/^\(tty[A-Z][A-Za-z]*[0-9]*\) .*/\1/p' "$rescue_system/proc/consoles" 2>/dev/null)
	if [ -z "$rescue_lines" ]; then
		for rescue_line in "$rescue_system"/sys/class/tty/ttyAMA* "$rescue_system"/sys/class/tty/ttyS*; do
			[ "$(cat "$rescue_line/type" 2>/dev/null || echo 0)" != 0 ] || continue
			rescue_lines=${rescue_line##*/}
			break
		done
	fi
	echo "$rescue_lines"
}

# --- asking a server for ever ------------------------------------------------

# back_off_limits SHORTEST LONGEST: pauses in seconds; a test has shorter ones.
back_off_limits() {
	back_off_shortest=${RESCUE_PAUSE:-$1}
	back_off_longest=${RESCUE_PAUSE:-$2}
	case $back_off_longest in
	*[!0-9.]* | '') back_off_longest=300 ;;
	esac
	back_off_reset
}

back_off_reset() {
	back_off_next=$back_off_shortest
}

# back_off [MOST]: waits: each time half as long again, up to the longest, or to MOST seconds this time, and
# up to a quarter more or less, so that many machines do not ask at once.  Without an address, the pause
# does not grow.
back_off() {
	if ! has_address && [ ! -e "$rescue_state/handed-over" ]; then
		back_off_reset
		sleep "$back_off_shortest"
		return
	fi
	back_off_next=$(awk -v s="$back_off_next" -v most="${RESCUE_PAUSE:-${1:-$back_off_longest}}" 'BEGIN { print (s > most ? most : s) }')
	sleep "$(awk -v s="$back_off_next" -v byte="$(printf '%d' "0x$(head -c 1 /dev/urandom | xxd -p)")" \
		'BEGIN { printf "%.2f", s * (0.75 + byte / 512) }')"
	back_off_next=$(awk -v s="$back_off_next" 'BEGIN { print s * 1.5 }')
}

# farroot_http get|put URL [LOGIN]: a small file from standard input or to standard output, in one
# try.  The first line of the file LOGIN, unless that is empty, is USER:PASSWORD.  Returns 3 if the
# server has no such file, 1 for all else, with the reason in the file http_log.
http_log=$rescue_state/http-log.$$
farroot_http() {
	(
		cainfo=$(argument farroot.cainfo)
		login=${3-}
		set -- "$1" "$2"
		[ ! -r "$cainfo" ] || set -- "$@" "--cainfo=$cainfo"
		[ ! -s "$login" ] || set -- "$@" "--login=$login"
		"${FARROOT:-farroot}" http "$@" 2>"$http_log"
	)
}
