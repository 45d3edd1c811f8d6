#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# systemd has its own time-outs again when the root file system is materialized, and not before.
. "${srcdir:-..}/tests/lib.sh"
root=$dir/root
mkdir -p "$root/run/systemd/system.conf.d" "$root/run/farroot" "$root/proc" "$dir/programs"
cp "$srcdir/initramfs/root/time-outs" "$srcdir/initramfs/root/await" "$dir/programs/"
: >"$root/run/systemd/system.conf.d/50-farroot.conf"
printf '%s\n' 'proc /proc proc rw 0 0' 'tmpfs /proc/cmdline tmpfs rw 0 0' >"$root/proc/mounts"

# program NAME LINE: a stand-in.
program() {
	printf '%s\n' '#!/bin/sh' "$2" >"$dir/programs/$1"
	chmod +x "$dir/programs/$1"
}
# Files that are still there when systemd is called would be used again.
program systemctl "find '$root/run' -name '50-farroot.conf'; echo \"\$*\" >>'$dir/commands'"
program umount "echo \"umount \$*\" >>'$dir/commands'"
program farroot "while [ ! -e '$dir/complete' ]; do sleep 0.05; done"

PATH="$dir/programs:$PATH" "$dir/programs/time-outs" "$root" >"$dir/out" 2>&1 &
waiting=$!
remember $waiting
sleep 0.5
[ -e "$root/run/systemd/system.conf.d/50-farroot.conf" ] || fail "before the root is materialized"
: >"$dir/complete"
wait $waiting || fail "$(cat "$dir/out")"
same "$(tr '\n' ' ' <"$dir/commands")" "umount $root/proc/cmdline daemon-reload " commands
same "$(cat "$dir/out")" "the root file system is materialized: systemd has its own time-outs again" "what it says"
