# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# device.cpio, the archive of one machine, which the kernel unpacks after those that all
# machines share:
#   etc/farroot/device.conf  its arguments
#   etc/farroot/files/       its files, which the rescue system copies into its tree
# Any machine can fetch it by TFTP, so a secret in it is an error.  The same inputs give the
# same bytes.
# shellcheck shell=dash

# site_dir is set by site.sh, boot_temp by boot-common.sh, the variables hosts_* by hosts.sh.
# shellcheck disable=SC2154

# host_archive OUT EPOCH: of the host that was read last; no OUT if there is nothing for it.
host_archive() {
	host_tree=$boot_temp/archive
	rm -rf "$host_tree"
	mkdir -p "$host_tree/etc/farroot/files"
	hosts_values >"$host_tree/etc/farroot/device.conf"
	[ -s "$host_tree/etc/farroot/device.conf" ] || rm "$host_tree/etc/farroot/device.conf"
	host_files "$host_tree/etc/farroot/files"
	host_hooks "$host_tree/etc/farroot/files" "$2"
	rmdir "$host_tree/etc/farroot/files" 2>/dev/null || :
	rmdir "$host_tree/etc/farroot" 2>/dev/null && return
	find "$host_tree" -exec touch -h -d "@$2" {} +
	archive_pack "$host_tree" >"$1" || die "$1: cannot be written; is the disk full?"
	truncate -s %4 "$1" || die "$1: cannot be written; is the disk full?"
	files_check_tftp "$(dirname "$1")"
	secrets_check "$1" >"$boot_temp/secrets" || {
		sed -e "s,^.*/device.cpio: etc/farroot/,  ," "$boot_temp/secrets" >&2
		die "$site_dir/hosts/$hosts_folder: TFTP gives device.cpio to any machine that asks, and it would hold secrets (above); put them into the EEPROM (eeprom.d) or on a local disk"
	}
}

# host_files FOLDER: files/ of the groups, then of the host.
host_files() {
	for host_part in $(hosts_parts files); do
		tar -C "$site_dir/$host_part" --sort=name -cf "$boot_temp/files.tar" . ||
			die "$site_dir/$host_part: cannot be read (above)"
		# tar replaces a link by a folder, so no link leads out of FOLDER.
		tar -C "$1" --no-same-owner -xpf "$boot_temp/files.tar" || die "$1: cannot be written; is the disk full?"
	done
	chmod 755 "$1"
}

# host_hooks FOLDER EPOCH: hooks/ of the groups, then of the host.
host_hooks() {
	for host_part in $(hosts_parts hooks); do
		for host_hook in "$site_dir/$host_part"/[0-9][0-9]-*; do
			[ -e "$host_hook" ] || continue
			say "hook ${host_hook#"$site_dir/"} for $hosts_serial"
			host_run "$host_hook" "$1" "$2" </dev/null >&2 ||
				die "$host_hook: the hook failed with status $? for $hosts_serial; its messages are above"
		done
	done
	site_check_files "$1"
}

# host_run HOOK FOLDER EPOCH: with the programs of this machine and FOLDER as its current
# folder, and with nothing else: no network, no other file, no process that stays.
# shellcheck disable=SC2016 # the script expands its own variables
host_run() {
	mkdir -p "$boot_temp/hook-root"
	# A user becomes root of a namespace that has no other user.
	host_user=$([ "$(id -u)" = 0 ] || echo --map-root-user)
	# shellcheck disable=SC2086 # an option, or none
	unshare $host_user --mount --net --pid --ipc --uts --fork --kill-child --propagation private true 2>/dev/null ||
		die "$1: a hook runs in namespaces of its own, and $(id -un) cannot make them here; run as root, in a container with CAP_SYS_ADMIN"
	# shellcheck disable=SC2086 # an option, or none
	setpriv --pdeathsig KILL unshare $host_user --mount --net --pid --ipc --uts --fork --kill-child --propagation private -- \
		sh -eu -c '
		root=$1 hook=$2 files=$3
		shift 3
		bind() {
			mkdir -p "$root$2"
			mount --rbind "$1" "$root$2"
		}
		mount -t tmpfs -o mode=755 tmpfs "$root"
		for folder in /usr /bin /lib /lib64 /sbin /etc/alternatives; do
			if [ -L "$folder" ]; then
				ln -s "$(readlink "$folder")" "$root$folder"
			elif [ -d "$folder" ]; then
				bind "$folder" "$folder"
				mount -o remount,bind,ro "$root$folder"
			fi
		done
		mkdir -m 1777 "$root/tmp"
		mkdir "$root/dev"
		for device in null zero full random urandom; do
			: >"$root/dev/$device"
			mount --bind "/dev/$device" "$root/dev/$device"
		done
		bind "${hook%/*}" /run/farroot-image
		mount -o remount,bind,ro "$root/run/farroot-image"
		bind "$files" /files
		exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C TZ=UTC "$@" \
			setpriv --bounding-set=-all --inh-caps=-all --no-new-privs \
			sh -c "umask 022; cd /files && exec \"\$1\"" sh "/run/farroot-image/${hook##*/}"' \
		sh "$boot_temp/hook-root" "$1" "$2" SOURCE_DATE_EPOCH="$3" \
		FARROOT_HOST="$hosts_serial" FARROOT_GROUPS="${hosts_groups% }"
}
