#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# One boot of the rescue system, from the files that farroot-image makes: logins without a
# network, without an origin; strangers are refused; a damaged disk is repaired, data
# brought out and in; then the image is streamed on top while a login stays open.
# Its architecture is in the script's name: test-rescue-arm64.sh is a link to this one.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

case $0 in
*-arm64.sh) rescue_begin arm64 ;;
*) rescue_begin amd64 ;;
esac
rescue_site shell
rescue_build

# An ext4 that was damaged: fsck must find and mend it, and a file must survive.
mkdir "$dir/data" "$dir/www"
head -c 1000000 /dev/urandom >"$dir/data/precious"
truncate -s 64M "$dir/disk"
mkfs.ext4 -q -L data -d "$dir/data" "$dir/disk"
rescue_damage "$dir/disk"

# The image on top: without a root hash, a boot would refuse it.
rescue_make_root
# shellcheck disable=SC2154 # of lib.sh
cp "$rescue_root/root.img" "$dir/www/root.img"
cp "$dir/data/precious" "$dir/www/payload"
roothash=$(cat "$rescue_root/roothash")

# --- no DHCP server, no origin ---------------------------------------------------
rescue_arguments="boot=farroot farroot=http://$rescue_server/root.img roothash=$roothash farroot.fill=no"
# shellcheck disable=SC2086 # words
[ "$arch" != arm64 ] || rescue_fetch_as_a_pi $rescue_arguments
# What this machine alone has.
mkdir -p "$dir/site/hosts/9ffefdef/files/etc" "$dir/site/groups/lab/files/root"
echo groups=lab >"$dir/site/hosts/9ffefdef/host.conf"
echo farroot.rescue-after=40 >"$dir/site/groups/lab/device.conf"
echo farroot.hostname=north-hall >"$dir/site/hosts/9ffefdef/device.conf"
echo 'of this machine' >"$dir/site/hosts/9ffefdef/files/etc/issue.test"
echo 'of the group' >"$dir/site/groups/lab/files/root/note"
rescue_add_archive
# shellcheck disable=SC2086
rescue_power_on --disk "$dir/disk" -- $rescue_arguments '"farroot.header=X-Site: confidential words"'
rescue_expect 120 'rescue system of north-hall'
# shellcheck disable=SC2016 # for the guest
rescue_type 'echo serial-$((6 * 7))'
rescue_expect 30 'serial-42'
rescue_expect 60 'ssh host key SHA256:[^ ]* \(made for this boot only\)'
rescue_expect 90 'no root file system after 40 s; the rescue system stays'

# --- the network comes -----------------------------------------------------------
rescue_start_clock
rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m --dhcp-option=option:ntp-server,$rescue_server
rescue_find_address 120
rescue_wait_ssh 60
rescue_expect 60 "clock set to $(date -u +%F).* by $rescue_server \(DHCP\)"
fingerprint=$(tr -d '\r' <"$rescue_log" | sed -n 's/.*ssh host key \(SHA256:[^ ]*\) .*/\1/p' | head -n 1)
rescue_has_key "$fingerprint" ||
	fail "the console's fingerprint is not that of the key"
# shellcheck disable=SC2086,SC2154 # words
! rescue_in ssh $rescue_ssh_options -i "$dir/stranger" "root@$rescue_address" true 2>/dev/null ||
	fail "a stranger's key opens a login"
if [ -z "${RESCUE_IMAGE-}" ]; then
	# certificate PRINCIPAL: a login of the stranger with a certificate of the site's CA.
	certificate() {
		ssh-keygen -q -s "$dir/ca" -I test -n "$1" "$dir/stranger.pub"
		# shellcheck disable=SC2086
		rescue_in ssh $rescue_ssh_options -i "$dir/stranger" "root@$rescue_address" true 2>/dev/null
	}
	certificate rescue || fail "a certificate of the CA opens no login"
	! certificate other || fail "a certificate for another principal opens a login"
	rm "$dir/stranger-cert.pub"
fi
# shellcheck disable=SC2086
rescue_in ssh $rescue_ssh_options -o PreferredAuthentications=none "root@$rescue_address" true 2>&1 |
	grep -q '(publickey)' || fail "a login by something else than a key is offered"

[ "$(rescue_ssh 'cat /etc/issue.test /root/note; stat -c %a /root; hostname' | tr '\n' ' ')" = 'of this machine of the group 700 north-hall ' ] ||
	fail "what this machine alone has is not there"
rescue_ssh 'free -m' | tee "$dir/free"
available=$(awk '$1 == "Mem:" { print $7 }' "$dir/free")
[ "$available" -ge 600 ] || fail "only $available MB of 1 GB are available"
# shellcheck disable=SC2016 # for the guest
rescue_ssh 'awk -F: "\$1 == \"root\" { print \$2 }" /etc/shadow' | grep -qx '\*' || fail "root has a password"

# --- repair, data out and in -----------------------------------------------------
status=0
rescue_ssh 'fsck.ext4 -y /dev/vda' >"$dir/fsck" 2>&1 || status=$?
[ "$status" = 1 ] || fail "fsck mended nothing (status $status): $(cat "$dir/fsck")"
rescue_ssh 'fsck.ext4 -n /dev/vda && mkdir -p /mnt/data && mount /dev/vda /mnt/data' >/dev/null || fail "not repaired"
rescue_in rsync -e "ssh $rescue_ssh_options -i $dir/key" "root@$rescue_address:/mnt/data/precious" "$dir/out" ||
	fail "rsync"
cmp "$dir/out" "$dir/data/precious" || fail "rsync brought other data"
# shellcheck disable=SC2086
rescue_in scp $rescue_ssh_options -i "$dir/key" "$rescue_root/sizes" "root@$rescue_address:/root/" || fail "scp"
rescue_ssh "umount /mnt/data && RESCUE_REPORT_SECONDS=$(slack 20) farroot report" >"$dir/report.tar.gz" || fail "farroot report"
tar -tzf "$dir/report.tar.gz" | grep -q report/dmesg || fail "no dmesg in the report"
tar -xzOf "$dir/report.tar.gz" report/arguments | grep -q '^farroot=http' || fail "no arguments in the report"
! tar -xzOf "$dir/report.tar.gz" | grep -aq confidential || fail "a secret of the arguments is in the report"

# --- each file system is made, mounted, checked; each tool runs ------------------
rescue_ssh 'sh -eu -s' >"$dir/tools" 2>&1 <<'EOT' || fail "see its last lines: $(tail -n 12 "$dir/tools")"
mkdir -p /mnt/file
try() {
	echo "--- $1"
	type=$1 make=$2 check=$3
	truncate -s 320M /root/disk
	$make /root/disk
	mount -o loop /root/disk /mnt/file
	echo "$type" >/mnt/file/name
	umount /mnt/file
	$check /root/disk
	mount -o ro,loop /root/disk /mnt/file
	[ "$(cat /mnt/file/name)" = "$type" ]
	umount /mnt/file
	rm /root/disk
}
try ext4 'mkfs.ext4 -q' 'fsck.ext4 -f -n'
try xfs 'mkfs.xfs -q' 'xfs_repair -n'
try btrfs 'mkfs.btrfs -q' 'btrfs check'
try f2fs 'mkfs.f2fs -q' 'fsck.f2fs'
try exfat mkfs.exfat 'fsck.exfat -n'
try vfat 'mkfs.vfat -F 32' 'fsck.vfat -n'
echo '--- disks'
truncate -s 64M /root/disk
parted -s /root/disk mklabel gpt mkpart a 1MiB 32MiB
sgdisk -p /root/disk
ddrescue /root/disk /root/copy /root/map
cmp /root/disk /root/copy
rm /root/disk /root/copy
smartctl --version
nvme version
lvm version
mdadm --version
echo '--- networks and the rest'
for interface in /sys/class/net/e*; do
	ethtool "${interface##*/}"
done
tcpdump -D
mtr --version
drill -v
strace -o /root/trace true
tmux -V
less --version
EOT

# --- the origin comes; a login stays open ----------------------------------------
rescue_open_login 'fsck.ext4 -V 2>&1'
rescue_start_origin "$dir/www"
rescue_in curl -sf -r 0-1023 "http://$rescue_server/root.img" -o "$dir/out" || fail "the origin does not serve"
rescue_ssh "wget -q -O /root/in http://$rescue_server/payload && cat /root/in" | cmp - "$dir/data/precious" || fail "wget in the rescue system"
# A login is open after rescue-after: the boot waits for boot-stream.
sleep 3
rescue_ssh 'cat /run/rescue/state/doing'
rescue_ssh 'farroot boot-stream' || fail "farroot boot-stream"
rescue_expect 600 'login:'
rescue_close_login
# The image's own sshd has port 22 now, with the host key that the users know.
rescue_ssh_until 120 'systemctl is-active ssh.service && [ -d /run/rescue ]' "the rescue system keeps port 22"
say "$(($(vm_now) - rescue_began)) s: the root file system's sshd answers"
rescue_has_key "$fingerprint" ||
	fail "the streamed root has another host key than the rescue system"
rescue_ssh 'cat /root/.ssh/authorized_keys' | cmp - "$dir/key.pub" || fail "the site's key is not in the streamed root"
! grep -aE 'I/O error|SQUASHFS error|Kernel panic' "$rescue_log" || fail "see the lines above"
