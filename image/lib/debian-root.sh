# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Roots of Debian: mmdebstrap makes one, and commands run in one.  All mounts are in a mount
# namespace of the command, so nothing stays mounted, however the build ends.
# Uses arch, suite and cache.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# root_can_run: this machine runs programs of $arch, by qemu-user if need be.
root_can_run() {
	[ "$(dpkg --print-architecture)" != "$arch" ] || return 0
	! arch-test "$arch" >/dev/null 2>&1 || return 0
	case "$arch" in
	arm64) root_emulator=qemu-aarch64 ;;
	amd64) root_emulator=qemu-x86_64 ;;
	esac
	[ -e /proc/sys/fs/binfmt_misc/register ] ||
		mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc 2>/dev/null || :
	if [ ! -e "/proc/sys/fs/binfmt_misc/$root_emulator" ]; then
		if [ -e "/usr/lib/binfmt.d/$root_emulator.conf" ]; then
			cat "/usr/lib/binfmt.d/$root_emulator.conf" >/proc/sys/fs/binfmt_misc/register
		else
			update-binfmts --enable "$root_emulator" 2>/dev/null || :
		fi
	fi
	arch-test "$arch" >/dev/null 2>&1 ||
		die "this machine cannot run programs for $arch; install qemu-user-static and binfmt-support"
}

# root_make PLAN ROOT: the packages of Debian in PLAN, installed.  No initramfs is made:
# that comes last.
root_make() {
	plan_download "$1"
	root_names=$(awk '$3 == "debian" { print $1 "=" $2 }' "$1" | tr '\n' ',')
	# shellcheck disable=SC2086 # options
	INITRD=No SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1} root_private mmdebstrap --quiet --mode=root \
		--architectures="$arch" --variant=essential --include="${root_names%,}" \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--skip=download/empty --skip=essential/unlink \
		--setup-hook="mkdir -p \"\$1/var/cache/apt/archives\"; cp '$plan_dir'/archives/*.deb \"\$1/var/cache/apt/archives/\"" \
		"$suite" "$2" "$plan_dir/sources.list" >"$cache/mmdebstrap.log" 2>&1 || {
		tail -n 30 "$cache/mmdebstrap.log" | sed 's/^/  /' >&2
		die "mmdebstrap cannot install the packages (above; all is in $cache/mmdebstrap.log)"
	}
	# shellcheck disable=SC2016 # dpkg-query's own
	dpkg-query --admindir="$2/var/lib/dpkg" -W -f '${Package} ${Version} debian\n' | LC_ALL=C sort >"$2.packages"
	awk '$3 == "debian"' "$1" | cmp -s - "$2.packages" || {
		awk '$3 == "debian"' "$1" | diff - "$2.packages" | sed 's/^/  /' >&2 || :
		die "other packages were installed than were planned (above); did the archive change just now?  Run the command again"
	}
	rm "$2.packages"
}

# In namespaces of its own, so that nothing of it stays; ended when this shell is, and without the cache's lock.
root_private() {
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- "$@" 9>&-
}

# What a hook may do as root: what dpkg, adduser and update-initramfs need in a folder that is theirs.  No
# device nodes, mounts, modules, clock, reboot, no process of another, no file by its handle.
root_hook_caps=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+setfcap,+sys_chroot,+audit_write

# root_run_hook ROOT COMMAND...: as root_run, but with these rights only; the kernel's settings cannot be
# written, and no path leads out of ROOT.
root_run_hook() {
	root_caps=$root_hook_caps
	root_run "$@"
}

# root_run ROOT COMMAND...: in ROOT, with /proc, a few devices, empty /run and /tmp, no
# network and no processes that outlive the command, or this shell.  $root_bind, if not empty, is a folder
# that the command sees as /run/farroot-image, read only.
# shellcheck disable=SC2016 # the script expands its own variables
root_run() {
	root_dir=$1
	shift
	set -- "$root_dir" "${root_bind-}" "${root_caps-}" "$@"
	root_caps=
	setpriv --pdeathsig KILL unshare --mount --net --pid --ipc --uts --fork --kill-child --propagation private -- \
		sh -eu -c '
		root=$1 bind=$2 caps=$3
		shift 3
		[ -z "$caps" ] || {
			mount --bind "$root" "$root"
			mount -o remount,bind,nodev "$root"
		}
		mount -t tmpfs -o mode=755 tmpfs "$root/dev"
		for device in null zero full random urandom; do
			: >"$root/dev/$device"
			mount --bind "/dev/$device" "$root/dev/$device"
		done
		ln -s /proc/self/fd "$root/dev/fd"
		mount -t proc proc "$root/proc"
		mount -t tmpfs -o mode=755 tmpfs "$root/run"
		mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
		if [ -n "$bind" ]; then
			mkdir "$root/run/farroot-image"
			mount --bind "$bind" "$root/run/farroot-image"
			mount -o remount,bind,ro "$root/run/farroot-image"
		fi
		set -- /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LC_ALL=C TZ=UTC DEBIAN_FRONTEND=noninteractive INITRD=No \
			SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" FARROOT_ARCH="$FARROOT_ARCH" \
			FARROOT_SUITE="$FARROOT_SUITE" FARROOT_FLAVOUR="$FARROOT_FLAVOUR" \
			FARROOT_GROUPS="$FARROOT_GROUPS" FARROOT_HOST="$FARROOT_HOST" "$@"
		[ -n "$caps" ] || exec chroot "$root" "$@"
		for path in sys sysrq-trigger irq bus fs acpi; do
			[ -e "$root/proc/$path" ] || continue
			mount --bind "$root/proc/$path" "$root/proc/$path"
			mount -o remount,bind,ro "$root/proc/$path"
		done
		# Root leaves a folder by a second chroot, but not the root of all mounts.
		cd "$root"
		mount --move . /
		exec setpriv --bounding-set="$caps" --inh-caps=-all chroot . "$@"' \
		sh "$@" 9>&-
}

# root_remove FOLDER: deletes it, unless something is mounted in it.
root_remove() {
	[ -e "$1" ] || return 0
	root_path=$(cd "$1" && pwd -P) || return 1
	if awk -v path="$root_path/" '{ if (index($5 "/", path) == 1) found = 1 } END { exit !found }' /proc/self/mountinfo; then
		die "$root_path: something is mounted in it, so it is not deleted; see /proc/self/mountinfo, then umount and delete it"
	fi
	rm -rf --one-file-system "$root_path"
}

# root_epoch ROOT: seconds since 1970 of the newest file that a package brought.  It is the
# same whenever the same packages are installed.
root_epoch() {
	sed -s 's/^[0-9a-f]*  //' "$1"/var/lib/dpkg/info/*.md5sums | grep -v -e '^usr/share/doc/' -e '^usr/share/man/' |
		tr '\n' '\0' | (cd "$1" && xargs -0 stat -c '%Y' -- 2>/dev/null) | sort -n | tail -n 1
}
