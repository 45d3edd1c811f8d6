# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The Debian that is streamed: what every such system needs beside its packages.  No
# password, no key and no name of a machine is in it: logins are by the site's ssh keys.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# system_keep_network ROOT: after the site's files.  The root comes over the network, which must
# not go away while the root's own manager takes it over, nor while it stops: that keeps the address
# that the initramfs has got, and asks for the same one, as the same client of the DHCP server.
# NetworkManager needs nothing for it.
system_keep_network() {
	for system_network in "$1"/etc/systemd/network/*.network; do
		[ -f "$system_network" ] || continue
		mkdir -p "$system_network.d"
		[ -e "$system_network.d/10-farroot.conf" ] || printf '%s\n' '[Network]' 'KeepConfiguration=yes' '[DHCPv4]' 'ClientIdentifier=mac' \
			>"$system_network.d/10-farroot.conf"
	done
	# dhcpcd, also for ifupdown.  The initramfs' dhcpcd and initramfs-tools name the hardware's address.
	[ ! -f "$1/etc/dhcpcd.conf" ] || sed -i 's/^duid$/clientid/' "$1/etc/dhcpcd.conf"
	if [ -e "$1/usr/lib/systemd/system/networking.service" ]; then
		mkdir -p "$1/etc/systemd/system/networking.service.d"
		printf '%s\n' '[Service]' 'ExecStop=' >"$1/etc/systemd/system/networking.service.d/10-farroot.conf"
	fi
}

# system_configure ROOT: before the site's files, which may replace all of it.
system_configure() {
	system_ssh "$1"
	case "$init" in
	systemd) system_serial "$1" ;;
	*)
		system_serial_sysv "$1"
		system_sysv "$1"
		;;
	esac
	# The network comes from the initramfs, and the names of its servers.
	rm -f "$1/etc/resolv.conf"
}

# The site's public keys log root in.  ssh.service starts only if there are host keys, and
# none are in the image.
system_ssh() {
	[ ! -e "$site_dir/authorized_keys" ] || {
		install -d -m 700 "$1/root/.ssh"
		install -m 600 "$site_dir/authorized_keys" "$1/root/.ssh/authorized_keys"
	}
	[ -d "$1/etc/ssh/sshd_config.d" ] || return 0
	{
		echo 'PasswordAuthentication no'
		[ ! -e "$site_dir/user_ca.pub" ] || echo 'TrustedUserCAKeys /etc/farroot/user_ca.pub'
	} >"$1/etc/ssh/sshd_config.d/50-farroot.conf"
	[ ! -e "$site_dir/user_ca.pub" ] || install -D -m 644 "$site_dir/user_ca.pub" "$1/etc/farroot/user_ca.pub"
	[ "$init" = systemd ] || return 0
	mkdir -p "$1/etc/systemd/system/ssh.service.d"
	cat >"$1/etc/systemd/system/ssh.service.d/10-farroot.conf" <<-'END'
		[Service]
		ExecStartPre=
		ExecStartPre=/usr/libexec/farroot/host-keys-of-rescue
		ExecStartPre=/usr/sbin/sshd -t
	END
}

# serial= of site.conf, on whatever line the kernel's console is.
system_serial() {
	case "$serial" in
	shell)
		mkdir -p "$1/etc/systemd/system/serial-getty@.service.d"
		cat >"$1/etc/systemd/system/serial-getty@.service.d/50-farroot.conf" <<-'END'
			[Service]
			ExecStart=
			ExecStart=-/sbin/agetty --autologin root --keep-baud 115200,57600,38400,9600 - $TERM
		END
		;;
	none) ln -sf /dev/null "$1/etc/systemd/system/serial-getty@.service" ;;
	esac
}

# The same on the kernel's console: a table of sysvinit's own names each line.
system_serial_sysv() {
	system_login='/sbin/agetty --keep-baud 115200,57600,38400,9600 console linux'
	sed -i '/^[1-6]:[0-9]*:respawn:/d' "$1/etc/inittab"
	case "$serial" in
	shell) echo "co:2345:respawn:${system_login%% *} --autologin root ${system_login#* }" ;;
	password) echo "co:2345:respawn:$system_login" ;;
	esac >>"$1/etc/inittab"
}

# The network and the engine stay when such a system goes off: its last programs are read then.
system_sysv() {
	install -m 755 "$1/usr/libexec/farroot/init-script" "$1/etc/init.d/farroot"
	root_run "$1" update-rc.d farroot defaults >&2
	[ ! -d "$1/etc/network/if-pre-up.d" ] || ln -s ../../init.d/farroot "$1/etc/network/if-pre-up.d/farroot"
	echo NETDOWN=no >>"$1/etc/default/halt"
}

# system_initramfs ROOT OUT: by the hooks of the root's packages, with modules for network
# boot; the root's own settings stay as they are.
system_initramfs() {
	mkdir -p "$work/initramfs-tools"
	cp -a "$1/etc/initramfs-tools/." "$work/initramfs-tools/"
	mkdir -p "$work/initramfs-tools/conf.d" "$work/initramfs-tools/hooks"
	initramfs_settings "$work/initramfs-tools"
	initramfs_modules_hook "$work/modules-boot" "$work/initramfs-tools/hooks/farroot-image-modules"
	root_bind=$work/initramfs-tools
	initramfs_run "$1" -d /run/farroot-image -o /var/tmp/initrd.farroot "$version"
	root_bind=
	initramfs_repack "$1/var/tmp/initrd.farroot" "$2"
}

# system_clean ROOT: nothing of the build stays, and nothing is to be rebuilt by its first
# boot.
system_clean() {
	rm -rf "${1:?}"/boot/* "$1"/initrd.img* "$1"/vmlinuz* "$1"/var/lib/apt/lists/* "$1"/var/lib/dpkg/*-old
	for system_folder in dev proc sys run tmp var/tmp var/cache; do
		find "$1/$system_folder" -xdev -mindepth 1 -delete
	done
	find "$1/var/log" -xdev -type f -delete
	mkdir -p "$1/var/cache/apt/archives/partial" "$1/var/lib/apt/lists/partial"
	touch "$1/etc/.updated" "$1/var/.updated"
	initramfs_clamp "$1"
	touch -d "@$SOURCE_DATE_EPOCH" "$1/usr" "$1/etc/.updated" "$1/var/.updated"
}
