#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A hook of a site is root in the new root and nowhere else: it makes no device node, writes
# no setting of the kernel, does not find the files of this machine, and leaves no process; what
# packages do when they are installed works.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/image/rescue-lib.sh"
need_root
need busybox perl setpriv unshare
unshare --mount --net --pid --ipc --uts --fork true 2>/dev/null || skip "no namespaces can be made"
# Also at the end of a pipe.
set -e
load_parts debian-root site-apply
root=$dir/root
mkdir -p "$root/dev" "$root/proc" "$root/run" "$root/tmp" "$root/root" "$root/usr/bin" "$root/etc"
ln -s usr/bin "$root/bin"
for program in busybox perl; do
	cp "$(command -v $program)" "$root/usr/bin/$program"
	ldd "$root/usr/bin/$program" | grep -o '/[^ ]*' | while IFS= read -r library; do
		mkdir -p "$root${library%/*}"
		cp -L "$library" "$root$library"
	done
done
for applet in sh env cat grep mknod mount touch chown chmod mkdir sleep setsid su kill ls; do
	ln -s busybox "$root/usr/bin/$applet"
done
export SOURCE_DATE_EPOCH=1 FARROOT_ARCH=amd64 FARROOT_SUITE=trixie FARROOT_FLAVOUR=rescue FARROOT_GROUPS='' FARROOT_HOST=''
touch "$dir/outside"

# hook: standard input is a script; it is run as a hook of a site, in $root.
site_dir=$dir/site
site_parts() {
	echo "$site_dir/rescue/hooks"
}
hook() {
	mkdir -p "$site_dir/rescue/hooks"
	{
		echo '#!/bin/sh'
		cat
	} >"$site_dir/rescue/hooks/50-try"
	chmod 755 "$site_dir/rescue/hooks/50-try"
	(site_apply_hooks "$root" rescue) >"$dir/hook.log" 2>&1
}
# no WHAT: the script succeeds if WHAT is possible.
no() {
	! hook || fail "a hook can $1"
	grep -q 'the hook failed with status [1-9]' "$dir/hook.log" || fail "$1: $(cat "$dir/hook.log")"
}

echo true | hook || fail "no hook runs here: $(cat "$dir/hook.log")"
echo 'mknod /tmp/disk b 7 0' | no "make the node of a disk"
echo 'mknod /root/null c 1 3' | no "make a device node"
mknod "$root/root/null" c 1 3
echo 'echo x >/root/null' | no "use a device node in the tree"
rm "$root/root/null"
# The value stays the same.
# shellcheck disable=SC2016 # for the hook
echo 'value=$(cat /proc/sys/vm/swappiness) && echo "$value" >/proc/sys/vm/swappiness' | no "write a setting of the kernel"
# h prints a help.
echo 'echo h >/proc/sysrq-trigger' | no "press SysRq"
echo 'mount -t tmpfs tmpfs /tmp' | no "mount"
echo 'mount -o remount,rw /proc/sys' | no "make /proc/sys writable again"
cat <<-END | no "leave its root"
	exec perl -e 'mkdir "/x"; opendir(my \$d, "/"); chroot "/x" or exit 1; chdir \$d; chdir ".." for 1 .. 50; chroot "."; exit !-e "$dir/outside"'
END
echo "ls /proc/[0-9]*/root$dir/outside >/dev/null" | no "see the files of this machine by its processes"

# What it needs.
hook <<-'END' || fail "a hook cannot do what it must: $(cat "$dir/hook.log")"
	set -e
	touch /etc/x && chown 33:33 /etc/x && chmod 4755 /etc/x
	# ldconfig -r, which mkinitramfs calls.
	mkdir -p /tmp/sub && perl -e 'chroot "/tmp/sub" or exit 1'
	perl -e '$) = "33 33"; $> = 33; exit($> != 33)'
	echo x >/dev/null && cat /proc/self/status >/dev/null && [ -e /run/farroot-image/50-try ]
	# Another user's process.
	perl -e '$> = $< = 33; sleep 60' & kill $!
	# This one is not waited for.
	setsid sleep 987654 &
	echo "$FARROOT_SUITE" >/etc/suite
END
same "$(cat "$root/etc/suite") $(stat -c %u:%a "$root/etc/x")" 'trixie 33:4755' "what the hook wrote"
! pgrep -x -f 'sleep 987654' >/dev/null || fail "a process of the hook is left"
same "$(find "$root/dev" "$root/proc" "$root/run" "$root/tmp" -mindepth 1)" '' "what is left in the tree"
# Other commands of the builder in the root need all.
root_run "$root" /usr/bin/mknod /tmp/node c 1 3 || fail "root_run is confined"
