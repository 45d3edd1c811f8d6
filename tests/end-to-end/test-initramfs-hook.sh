#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The hook of initramfs-tools puts all that nbdkit needs into the initramfs.  When
# it fails, it says why in the form of initramfs-tools' messages, ends with status
# 1 and leaves no temporary folder behind.  It warns of a nbdkit that a client can end.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/overlay.sh"
functions=/usr/share/initramfs-tools/hook-functions
[ -e "$functions" ] || skip "initramfs-tools-core is not installed"
need nbdkit busybox setsid
overlay_enter "$0"

plugin_path=$(nbdkit --dump-config | sed -n 's/^plugindir=//p')/nbdkit-farroot-plugin.so
cp "$plugin" "$plugin_path"
cp "$farroot" /usr/bin/farroot
mkdir -p /usr/libexec/farroot
cp "$top_builddir/farroot-watchdog" /usr/libexec/farroot/
mkdir -p /etc/farroot
echo certificate >/etc/farroot/ca.pem
echo 0 4096 >/etc/farroot/boot.profile

# prepare: empty folders, and the environment that mkinitramfs gives to a hook.
prepare() {
	rm -rf "$dir/initramfs" "$dir/temporary" "$dir/programs"
	mkdir "$dir/initramfs" "$dir/temporary" "$dir/programs"
	# As mkinitramfs makes them.
	for folder in /bin /lib* /sbin; do
		mkdir -p "$dir/initramfs/usr$folder"
		ln -s "usr$folder" "$dir/initramfs$folder"
	done
	: >"$dir/modules"
	set -- DESTDIR="$dir/initramfs" TMPDIR="$dir/temporary" version="$(uname -r)" verbose=n \
		CONFDIR=/etc/initramfs-tools MODULES=list BUSYBOX=auto __MODULES_TO_ADD="$dir/modules" \
		PATH="$dir/programs:$PATH"
	printf '%s\n' "$@" >"$dir/environment"
}

# In a process group of its own, as mkinitramfs on a terminal.
start_hook() {
	# shellcheck disable=SC2046 # one word a line, none with blanks
	setsid env $(cat "$dir/environment") sh "$srcdir/initramfs/hooks/farroot" >"$dir/hook.log" 2>&1 &
	hook=$!
	remember $hook
}

run_hook() {
	start_hook
	code=0
	wait $hook || code=$?
}

nothing_is_left() {
	[ -z "$(ls -A "$dir/temporary")" ] || fail "left behind: $(ls "$dir/temporary")"
}

fails_with() {
	run_hook
	same $code 1 "status of the hook"
	grep -q "^E: farroot: .*$1" "$dir/hook.log" || fail "no message about $1"
	nothing_is_left
}

prepare
run_hook
same $code 0 "status of the hook"
! grep -q '^E: ' "$dir/hook.log" || fail "it complains"
nothing_is_left
list=$dir/initramfs/etc/farroot/sandbox.list
for file in etc/farroot/ca.pem etc/farroot/boot.profile "${plugin_path#/}"; do
	grep -qx "$file" "$list" || fail "$file is not in sandbox.list"
done
[ -x "$dir/initramfs/usr/libexec/farroot/farroot-watchdog" ] || fail "no farroot-watchdog"
chroot "$dir/initramfs" /usr/libexec/farroot/farroot-watchdog --help >/dev/null || fail "farroot-watchdog does not run in the initramfs"
grep -q '/libgcc_s\.so\.1$' "$list" || fail "libgcc_s.so.1 is not in sandbox.list"
# What scripts/farroot does with the list gives a root in which nbdkit runs.
mkdir "$dir/sandbox"
# shellcheck disable=SC2046
tar -cf - -C "$dir/initramfs" $(cat "$list") | tar -xf - -C "$dir/sandbox" || fail "files of sandbox.list are missing"
chroot "$dir/sandbox" "$(command -v nbdkit)" --dump-plugin "$plugin_path" >"$dir/dump.log" 2>&1 ||
	fail "nbdkit does not run with the files of sandbox.list alone"
grep -q '^farroot_version=' "$dir/dump.log" || fail "nbdkit has another plugin"

# warns_of_version VERSION COUNT: how many warnings a nbdkit of that version causes.
warns_of_version() {
	prepare
	{
		echo '#!/bin/sh'
		echo "echo plugindir=${plugin_path%/*}"
		echo "echo version=$1"
	} >"$dir/programs/nbdkit"
	chmod +x "$dir/programs/nbdkit"
	# Ends the hook before it copies programs.
	echo BUSYBOX=n >>"$dir/environment"
	run_hook
	same "$(grep -c "^W: farroot: nbdkit $1 aborts when a client dies" "$dir/hook.log")" "$2" "warnings for nbdkit $1"
}

warns_of_version 1.32.3 0
warns_of_version 1.32.5 1
warns_of_version 1.33.9 1
warns_of_version 1.33.10 0
warns_of_version 1.42.3 0

# A nbdkit that links to nothing: the temporary folder exists by then.
prepare
printf '#!/bin/sh\necho plugindir=%s\n' "${plugin_path%/*}" >"$dir/programs/nbdkit"
chmod +x "$dir/programs/nbdkit"
fails_with 'cannot copy /.*libgcc_s'

prepare
printf '#!/bin/sh\nexit 1\n' >"$dir/programs/nbdkit"
chmod +x "$dir/programs/nbdkit"
fails_with 'where the plugins are'

prepare
echo BUSYBOX=n >>"$dir/environment"
fails_with busybox

prepare
: >"$dir/initramfs/etc"
fails_with 'cannot make'

# Interrupted while it copies.
prepare
printf '#!/bin/sh\n: >%s\nsleep 60\n' "$dir/cp-runs" >"$dir/programs/cp"
chmod +x "$dir/programs/cp"
start_hook
wait_until 60 "the hook copies" test -e "$dir/cp-runs"
[ -n "$(ls -A "$dir/temporary")" ] || fail "no temporary folder: the test is out of date"
kill -TERM "-$hook" || fail "no process group of the hook"
wait_until 30 "the hook ends" is_gone "$hook"
code=0
wait $hook || code=$?
[ $code != 0 ] || fail "an interrupted hook claims success"
nothing_is_left

mv /usr/libexec/farroot/farroot-watchdog /usr/libexec/farroot/away
prepare
fails_with 'farroot-watchdog does not exist'
mv /usr/libexec/farroot/away /usr/libexec/farroot/farroot-watchdog

mv "$plugin_path" "$plugin_path.away"
prepare
fails_with 'does not exist'
