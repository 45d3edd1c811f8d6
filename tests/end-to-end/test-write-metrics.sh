#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The metrics for node-exporter are never half a file, never old ones of an engine that does not
# answer, and never written through a link of another user.
. "${srcdir:-..}/tests/end-to-end/status-answers.sh"
need python3
folder=$dir/collector
mkdir "$folder" "$dir/programs"

# farroot LINE...: a stand-in that knows the socket.
farroot_is() {
	printf '%s\n' '#!/bin/sh' "$@" >"$dir/programs/farroot"
	chmod +x "$dir/programs/farroot"
}

writes() {
	PATH="$dir/programs:$PATH" "$srcdir/initramfs/root/write-metrics" "$folder" >"$dir/write.log" 2>&1
}

same_files() {
	same "$(cd "$folder" && echo *)" "$1" "the files of the collector"
}

line filling 26214400 '' >"$dir/sock.json"
farroot_is "exec '$(realpath "$farroot")' \"\$@\" '--socket=$dir/sock'"
(umask 077 && writes) || fail "$(cat "$dir/write.log")"
same_files farroot.prom
same "$(stat -c %a "$folder/farroot.prom")" 644 "mode of the file"
python3 "$srcdir/tests/end-to-end/metrics-check.py" <"$folder/farroot.prom" || fail "$(cat "$folder/farroot.prom")"
grep -qx 'farroot_present_bytes 26214400' "$folder/farroot.prom" || fail "$(cat "$folder/farroot.prom")"

# A link, and what an earlier run has left.
echo precious >"$dir/precious"
ln -s "$dir/precious" "$folder/farroot.prom.new"
writes || fail "with a link: $(cat "$dir/write.log")"
echo rest >"$folder/farroot.prom.new"
writes || fail "after an earlier run: $(cat "$dir/write.log")"
same "$(cat "$dir/precious")" precious "a file that a link leads to"
same_files farroot.prom

# While it writes, and when it fails in the middle.
farroot_is "cp '$folder/farroot.prom' '$dir/meanwhile'" 'echo half' 'exit 1'
cp "$folder/farroot.prom" "$dir/before"
! writes || fail "a failure is no error"
cmp "$dir/before" "$dir/meanwhile" || fail "half a file"
same_files '*'

! PATH="$dir/programs:$PATH" "$srcdir/initramfs/root/write-metrics" "$dir/absent" 2>"$dir/write.log" ||
	fail "an absent folder is no error"
[ -s "$dir/write.log" ] || fail "no message about an absent folder"

if command -v systemd-analyze >/dev/null; then
	# The program is not installed.
	sed "s|@farrootlibexecdir@.*|/bin/true|" "$srcdir/initramfs/root/farroot-metrics.service.in" >"$dir/farroot-metrics.service"
	cp "$srcdir/initramfs/root/farroot-metrics.timer" "$dir"
	SYSTEMD_UNIT_PATH="$dir:" systemd-analyze verify --man=no "$dir/farroot-metrics.timer" "$dir/farroot-metrics.service" \
		>"$dir/verify.log" 2>&1 || fail "systemd-analyze: $(cat "$dir/verify.log")"
	! grep farroot-metrics "$dir/verify.log" || fail "the units"
fi
