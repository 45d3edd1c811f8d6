# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The streamed tools of the small flavour: programs that are not in its image are in another one, on a web
# server (image/lib/rescue-tools.sh makes it).  tools-serve mounts that image; tools-run, one stub for
# each program, waits for what its program needs, with words, and runs it.
#
# Only a streamed program has the image over its /usr, in a mount namespace of its own.  In the /usr of
# all others, each search for a name that is not there would read the image, so that a login or udev could
# hang in an outage.
# shellcheck shell=dash
# rescue_system, rescue_state and rescue_here are those of lib.sh.
# shellcheck disable=SC2154

tools_conf=$rescue_system/etc/farroot/tools.conf
tools_list=$rescue_system/etc/farroot/tools.list
tools_state=$rescue_state/tools
# tools-serve makes in it: sandbox, the root directory of the server; image, what it serves; stubs; usr, what
# a streamed program has as /usr: the stubs, then the /usr of the rescue system, then that of the image.
tools_base=${RESCUE_TOOLS:-/run/rescue/streamed}
tools_image=$tools_base/image
tools_socket=$tools_base/sandbox/status.sock
# The root file system has nbd0 and nbd1.
# shellcheck disable=SC2034 # for tools-serve
tools_device=${RESCUE_TOOLS_DEVICE:-/dev/nbd7}
# Is over /usr for a streamed program.
tools_mark=${RESCUE_TOOLS_MARK:-/usr/share/farroot/streamed}
# What one read asks for.
tools_piece=1048576

tools_value() {
	sed -n "s/^$1=//p" "$tools_conf" 2>/dev/null
}

# tools_line NAME: its line in the list.
tools_line() {
	awk -v name="$1" '$1 == name { print; exit }' "$tools_list" 2>/dev/null
}

tools_is_ready() {
	[ -e "$tools_state/ready" ]
}

# --- what it waits for -------------------------------------------------------

# tools_look: asks the server how it is.
tools_look() {
	tools_json=$("${FARROOT:-farroot}" status --json --socket="$tools_socket" 2>/dev/null)
}

# tools_field KEY: of the last look.
tools_field() {
	printf '%s\n' "$tools_json" | sed -n -e "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" -e "s/.*\"$1\":\([0-9-][0-9]*\).*/\1/p" | head -n 1
}

# tools_trouble: why nothing comes; nothing if all is well.
tools_trouble() {
	tools_look
	case $(tools_field state) in
	opening | outage | corrupt) ;;
	'') ! tools_is_ready || return ;;
	*) return ;;
	esac
	if ! has_address && [ ! -e "$rescue_state/handed-over" ]; then
		echo 'no address yet'
	else
		tools_error=$(tools_field last_error)
		tools_origin=$(tools_field origin)
		case $tools_error in
		'' | "$tools_origin"*) echo "$tools_error" ;;
		*) echo "$tools_origin: $tools_error" ;;
		esac
	fi
}

# tools_begin NAME: for tools_tell.
tools_begin() {
	tools_name=$1 tools_said='' tools_said_at=0 tools_pause=10 tools_since='' tools_from=''
	tools_terminal=
	[ ! -t 2 ] || tools_terminal=yes
}

# tools_tell [DONE TOTAL]: a line on standard error.  On a terminal the line is written over; elsewhere, such as in the
# answer to farroot run, which has 64 KB, there is one at once when it begins to wait or goes on, and the pauses after that
# grow from 10 s to an hour, to a minute while something comes.
tools_tell() {
	tools_now=$(uptime_seconds)
	tools_why=$(tools_trouble)
	if [ -n "$tools_why" ]; then
		tools_since=${tools_since:-$tools_now}
		tools_kind=waiting
		tools_text="waiting for $((tools_now - tools_since)) s; $tools_why; Ctrl-C ends it"
		[ $# = 0 ] || tools_text="$(tools_kilobytes "$1") of $(tools_kilobytes "$2") KB, $tools_text"
	elif [ $# = 0 ]; then
		tools_since=
		tools_kind=opening
		tools_text='opening the tools image'
	else
		tools_since=
		tools_kind=fetching
		tools_text="$(tools_kilobytes "$1") of $(tools_kilobytes "$2") KB"
	fi
	if [ -n "$tools_terminal" ]; then
		printf '\r\033[K%s: %s' "$tools_name" "$tools_text" >&2
		return
	fi
	case " $tools_said " in
	*" $tools_kind "*)
		[ $((tools_now - tools_said_at)) -ge "$tools_pause" ] || return 0
		tools_most=60
		[ $tools_kind != waiting ] || tools_most=3600
		tools_pause=$((tools_pause * 2 < tools_most ? tools_pause * 2 : tools_most))
		;;
	*) tools_said="$tools_said $tools_kind" ;;
	esac
	tools_said_at=$tools_now
	echo "$tools_name: $tools_text" >&2
}

tools_kilobytes() {
	echo $((($1 + 999) / 1000))
}

# The line on a terminal goes.
tools_end() {
	[ -z "$tools_terminal" ] || printf '\r\033[K' >&2
}

# --- the image ---------------------------------------------------------------

# tools_open NAME: returns when the image is mounted.  Fails, with a message, if that cannot be.
tools_open() {
	tools_begin "$1"
	if [ ! -s "$tools_conf" ]; then
		echo "$1: this image has no streamed tools; tools= in the site.conf of a small flavour makes them" >&2
		return 1
	fi
	tools_is_ready && return
	tools_start || return
	sleep 0.2
	until tools_is_ready; do
		if [ -s "$tools_state/error" ]; then
			tools_end
			echo "$1: $(cat "$tools_state/error")" >&2
			return 1
		fi
		# It may have been killed.
		tools_start || return
		tools_tell
		sleep 1
	done
}

# tools_start: tools-serve, unless it runs.
tools_start() {
	(umask 077 && mkdir -p "$tools_state") || return
	! tools_is_served || return 0
	rm -f "$tools_state/error"
	setsid "$rescue_here/tools-serve" </dev/null >/dev/null 2>>"$tools_state/log" &
	# It takes the lock, or another one has.
	tools_tries=0
	until tools_is_served || [ -s "$tools_state/error" ] || [ $tools_tries -ge 50 ]; do
		sleep 0.1
		tools_tries=$((tools_tries + 1))
	done
}

tools_is_served() {
	tools_pid=$(readlink "$tools_state/lock") && grep -qs tools-serve "/proc/$tools_pid/cmdline"
}

# tools_fetch OFFSET+LENGTH...: waits until these parts of the image are here.  What is not finished when
# the user ends this goes on in the background.
tools_fetch() {
	rm -f "$tools_state"/fetch.$$.*
	tools_total=$(printf '%s\n' "$@" | awk -F + -v piece="$tools_piece" -v to="$tools_state/fetch.$$." '
		{ sum += $2; for (at = 0; at < $2; at += piece) print $1 + at, ($2 - at < piece ? $2 - at : piece) >(to n++ % 4) }
		END { printf "%d", sum }')
	tools_readers=
	for tools_part in 0 1 2 3; do
		[ -s "$tools_state/fetch.$$.$tools_part" ] || continue
		tools_read "$tools_state/fetch.$$.$tools_part" </dev/null >/dev/null 2>&1 &
		tools_readers="$tools_readers $!"
	done
	sleep 0.1
	tools_looks=0
	while tools_is_reading; do
		tools_looks=$((tools_looks + 1))
		# What is here already takes some ms.
		[ $tools_looks -le 4 ] || tools_tell_fetch
		sleep "$([ $tools_looks -le 4 ] && echo 0.2 || echo 1)"
	done
	tools_end
	rm -f "$tools_state"/fetch.$$.*
}

tools_is_reading() {
	for tools_part in $tools_readers; do
		! kill -0 "$tools_part" 2>/dev/null || return 0
	done
	return 1
}

# tools_read FILE: what the lines OFFSET LENGTH of FILE name.
tools_read() {
	while read -r tools_offset tools_length; do
		dd if="$tools_device" of=/dev/null iflag=direct,skip_bytes skip="$tools_offset" bs="$tools_length" count=1 || return
		echo "$tools_length" >>"$1.done"
	done <"$1"
}

# Whole pieces that are done, or what has come over the network, whichever is more.
tools_tell_fetch() {
	tools_done=$(cat "$tools_state"/fetch.$$.*.done 2>/dev/null | awk '{ n += $1 } END { printf "%d", n }')
	tools_look
	tools_bytes=$(tools_field fetched_bytes)
	tools_from=${tools_from:-${tools_bytes:-0}}
	tools_bytes=$((${tools_bytes:-0} - tools_from))
	[ $tools_bytes -le "$tools_done" ] || tools_done=$tools_bytes
	[ "$tools_done" -lt "$tools_total" ] || tools_done=$tools_total
	tools_tell "$tools_done" "$tools_total"
}

# tools_bring NAME...: the image, and what these programs and +MODULES need of it, is here then.  Modules are
# copied to where the kernel looks for them.
tools_bring() {
	tools_open "$tools_asks" || return
	tools_parts=$(for tools_word; do tools_line "$tools_word"; done | cut -d ' ' -f 3- | tr ' ' '\n' | sed '/^$/d' | sort -u)
	# shellcheck disable=SC2086 # words
	[ -z "$tools_parts" ] || tools_fetch $tools_parts || return
	tools_copied=
	for tools_word; do
		case $tools_word in
		+*) tools_copy_module "$tools_word" || return ;;
		esac
	done
	[ -z "$tools_copied" ] || depmod -b "$tools_base/depmod" "$(uname -r)"
}

tools_copy_module() {
	for tools_path in $(tools_line "$1" | cut -d ' ' -f 2 | tr , ' '); do
		tools_to=$tools_base/modules/${tools_path#usr/lib/modules/}
		[ ! -e "$tools_to" ] || continue
		mkdir -p "${tools_to%/*}" && cp "$tools_image/$tools_path" "$tools_to.new" && mv "$tools_to.new" "$tools_to" || return
		tools_copied=yes
	done
}

# tools_exec NAME [ARGUMENT]...: runs a program of the image in place of this script.
tools_exec() {
	tools_asks=$1
	tools_bring "$1" || exit
	tools_program=$tools_image/$(tools_line "$1" | cut -d ' ' -f 2)/$1
	shift
	trap - INT
	[ ! -e "$tools_mark" ] || exec "$tools_program" "$@"
	# What is mounted there is mounted everywhere, and the other way round, but for /usr: that of start is private, and
	# becomes a group of its own. unshare of busybox cannot leave all as it is.
	# shellcheck disable=SC2016 # for the shell in there
	exec unshare -m --propagation shared sh -c 'mount -o bind "$1" /usr && shift && exec "$@"' sh "$tools_base/usr" "$tools_program" "$@"
}
