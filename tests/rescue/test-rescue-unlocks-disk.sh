#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A kernel on a disk, in LVM with its root on a subvolume of btrfs, is started by kexec: it is
# the rescue system again, which has the host key of a disk now.  Then a LUKS disk is opened by
# ssh, to work in it with name servers, and to boot the Debian on it: its own systemd comes to
# the login prompt, with the kernel and the modules of the rescue system, and under the name
# that its crypttab has.  The login by ssh that did this stays.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

rescue_begin amd64
rescue_site shell
rescue_build
rescue_make_root
# shellcheck disable=SC2154 # of lib.sh
unsquashfs -q -n -d "$dir/base" "$rescue_root/root.img" >/dev/null || fail "unsquashfs"
base=$dir/base
truncate -s 3G "$dir/disk"
truncate -s 768M "$dir/local"
truncate -s 8M "$dir/keys"
rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
rescue_power_on --disk "$dir/disk" --disk "$dir/local" --disk "$dir/keys" -- farroot=rescue console=ttyS1
rescue_find_address 120
rescue_wait_ssh 60

say "installing a Debian on the encrypted disk"
printf 'passphrase' >"$dir/passphrase"
# A key derivation that takes little: the processor is emulated.
rescue_ssh 'cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/vda - &&
	cryptsetup luksUUID /dev/vda >/tmp/uuid' <"$dir/passphrase" || fail "luksFormat"
rescue_ssh 'cryptsetup open /dev/vda work -d - && mkfs.ext4 -q /dev/mapper/work && mkdir -p /mnt/new &&
	mount /dev/mapper/work /mnt/new' <"$dir/passphrase" || fail "mkfs"
tar -C "$base" --one-file-system --exclude=./boot/* --exclude=./usr/lib/modules/* --exclude=./var/cache/* --exclude=./var/lib/apt/* \
	--exclude=./dev/* --exclude=./proc/* --exclude=./sys/* --exclude=./run/* -c . | rescue_ssh 'tar -C /mnt/new -xp' ||
	fail "the files cannot be copied"
# shellcheck disable=SC2016 # for the guest
rescue_ssh 'cd /mnt/new && echo unlocked >etc/hostname && echo "secret UUID=$(cat /tmp/uuid) none luks" >etc/crypttab &&
	echo "/dev/mapper/secret / ext4 defaults 0 1" >etc/fstab && : >etc/machine-id &&
	ln -sf ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf &&
	cd / && umount /mnt/new && cryptsetup close work' || fail "the new system cannot be configured"

echo wrong | rescue_ssh 'farroot boot-local /dev/vda' >"$dir/wrong" 2>&1 || :
grep -q 'not opened' "$dir/wrong" || fail "opened without its passphrase: $(cat "$dir/wrong")"
grep -q 'key was made for this boot only' "$dir/wrong" || fail "no warning for a passphrase over a new key"
rescue_ssh 'farroot boot-local /dev/nothing' 2>&1 | grep -q 'no such block device' || fail "no message for a wrong device"

say "a kernel on LVM, its root on btrfs, and a host key on a disk"
# shellcheck disable=SC2016 # for the guest
rescue_ssh 'mkfs.ext4 -q -L farroot-keys /dev/vdc && mkdir -p /mnt/keys && mount /dev/vdc /mnt/keys &&
	ssh-keygen -q -t ed25519 -N "" -f /mnt/keys/ssh_host_ed25519_key && cat /mnt/keys/*.pub && umount /mnt/keys' >"$dir/host.pub" ||
	fail "no host key on a disk"
fingerprint=$(ssh-keygen -l -f "$dir/host.pub" | cut -d ' ' -f 2)
rescue_ssh 'mdadm --create /dev/md/local --quiet --run --level=1 --raid-devices=2 --metadata=1.2 /dev/vdb missing &&
	pvcreate -q /dev/md/local && vgcreate -q local /dev/md/local && lvcreate -q -y -L 128M -n boot local &&
	lvcreate -q -y -l 100%FREE -n root local && mkfs.ext4 -q -L local-boot /dev/local/boot && mkfs.btrfs -q /dev/local/root &&
	mkdir -p /mnt/boot /mnt/top && mount /dev/local/boot /mnt/boot && mount /dev/local/root /mnt/top &&
	btrfs subvolume create /mnt/top/@rootfs && cd /mnt/top/@rootfs && mkdir -p sbin etc boot &&
	echo "LABEL=local-boot /boot ext4 defaults 0 2" >etc/fstab && echo "#!/bin/sh" >sbin/init && chmod +x sbin/init' >"$dir/lvm" 2>&1 ||
	fail "LVM and btrfs: $(cat "$dir/lvm")"
rescue_ssh 'cat >/mnt/boot/vmlinuz-1-test' <"$dir/boot/vmlinuz" || fail "no kernel"
rescue_ssh 'cat >/mnt/boot/initrd.img-1-test' <"$dir/boot/initrd" || fail "no initramfs"
rescue_ssh 'umount /mnt/boot /mnt/top && vgchange -q -an local && mdadm --quiet --stop /dev/md/local' >/dev/null ||
	fail "the group and the array do not stop"
rescue_ssh "farroot boot-local --kexec --append 'boot=farroot farroot=rescue' /dev/vdb" >"$dir/kexec" 2>&1 || :
grep -q 'starting /boot/vmlinuz-1-test of /dev/local/root; this session ends' "$dir/kexec" || fail "kexec: $(cat "$dir/kexec")"
rescue_expect_disk_key 120 "$fingerprint"
rescue_find_address 60
rescue_wait_ssh 120
[ "$(rescue_ssh 'cat /proc/cmdline')" = "root=/dev/mapper/local-root ro rootflags=subvol=@rootfs panic=60 console=ttyS0 console=ttyS1 boot=farroot farroot=rescue" ] ||
	fail "the arguments of the other kernel: $(rescue_ssh 'cat /proc/cmdline')"
rescue_has_key "$fingerprint" ||
	fail "sshd has another key than the disk"

say "work in the encrypted disk"
# shellcheck disable=SC2016 # for the guest
rescue_ssh "farroot chroot-root UUID=\$(cryptsetup luksUUID /dev/vda) sh -c 'cat /etc/resolv.conf; mount; apt-get --version'" \
	<"$dir/passphrase" >"$dir/chroot" 2>&1 || fail "farroot chroot-root: $(cat "$dir/chroot")"
grep -q "^nameserver $rescue_server" "$dir/chroot" || fail "no name servers in the disk: $(cat "$dir/chroot")"
for folder in /dev /dev/pts /proc /sys /run; do
	grep -q " on $folder type" "$dir/chroot" || fail "$folder is not mounted in the disk: $(cat "$dir/chroot")"
done
! grep -q 'key was made for this boot only' "$dir/chroot" || fail "a warning although the key is that of the disk"
rescue_ssh '! mountpoint -q /mnt/root && [ ! -e /run/systemd ] && cryptsetup close farroot-vda' || fail "something of the disk is left"
# shellcheck disable=SC2016 # for the guest
rescue_open_login 'sleep 15; dmsetup ls; lsmod; sed -n "s/^[^ ]* \/ [^ ]* \(r[ow]\),.*/its root is \1/p" /proc/1/mounts'
rescue_ssh 'farroot boot-local /dev/vda' <"$dir/passphrase" || fail "farroot boot-local"
rescue_expect 300 'unlocked login:'
rescue_close_login
grep -qx 'its root is rw' "$dir/session" || fail "its init has not mounted it read-write: $(cat "$dir/session")"
grep -q '^secret' "$dir/session" || fail "the mapping is not named as crypttab says: $(cat "$dir/session")"
! grep -aE 'Failed to start|Dependency failed|I/O error' "$rescue_log" || fail "see the lines above"
