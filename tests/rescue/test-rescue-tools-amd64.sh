#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The small rescue system with 512 MB streams its tools: a damaged ext4 is repaired by a fsck.ext4 that comes from a
# web server, for little more than its bytes. While the server is away, what has come works, logins open, another
# tool waits, with words, and goes on. A file system of which the kernel's module is streamed is made and mounted.
# Another tool is streamed after switch_root. A server that lies is named, and nothing of it runs.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

rescue_begin amd64
vm_use_tools || fail "make-debs"
rescue_site shell
printf '%s\n' flavour=small tools=beside >>"$dir/site/site.conf"
rescue_build
mkdir "$dir/data" "$dir/www" "$dir/lie"
# shellcheck disable=SC2154 # of lib.sh
cp "$rescue_image"/tools-*.img "$dir/www/"
image=$(echo "$dir/www"/tools-*.img)
size=$(stat -c %s "$image")
tr '\000-\377' '\001-\377\000' <"$image" >"$dir/lie/${image##*/}"
head -c 1000000 /dev/urandom >"$dir/data/precious"
truncate -s 64M "$dir/disk"
truncate -s 400M "$dir/other"
mkfs.ext4 -q -L data -d "$dir/data" "$dir/disk"
rescue_damage "$dir/disk"
rescue_make_root
# shellcheck disable=SC2154 # of lib.sh
cp "$rescue_root/root.img" "$dir/www/root.img"
arguments="farroot=rescue farroot.tools=http://$rescue_server"

# bytes: what the server has sent of the image.
bytes() {
	awk -v name="/${image##*/}" '$7 == name { n += $10 } END { printf "%d", n }' "$dir/nginx.log"
}
# begin NAME COMMAND: by ssh, in the background; ends when the machine is off.
begin() {
	rescue_ssh -o ServerAliveInterval=15 -o ServerAliveCountMax=6 "$2" >"$dir/$1.out" 2>&1 &
	began=$! name=$1
}
# says SECONDS PATTERN: the command that began.
says() {
	until_s=$(($(vm_now) + $(slack "$1")))
	until grep -qE -e "$2" "$dir/$name.out"; do
		[ "$(vm_now)" -lt "$until_s" ] || fail "no \"$2\" of $name within $1 s: $(cat "$dir/$name.out")"
		sleep 0.5
	done
	say "$name: $(grep -E -e "$2" "$dir/$name.out" | head -n 1)"
}

# --- a server that lies --------------------------------------------------------------
rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
rescue_memory=512M
# shellcheck disable=SC2086 # words
rescue_power_on --disk "$dir/disk" --disk "$dir/other" -- $arguments
rescue_expect 120 'rescue system of rescue'
rescue_find_address 120
rescue_wait_ssh 60
rescue_start_origin "$dir/lie"
begin lie 'fsck.ext4 -f -y /dev/vda'
says 60 'fsck.ext4: waiting for [0-9]+ s; .*no dm-verity superblock'
! rescue_ssh 'farroot tools --fetch nonsense' 2>/dev/null || fail "nonsense is fetched"
rescue_ssh 'grep -q streamed/image /proc/mounts' && fail "an image that lies is mounted"
rescue_stop_origin
rescue_power_off
wait "$began" && fail "fsck.ext4 of a liar has run"

# --- the server is away, then comes ------------------------------------------------
: >"$dir/leases"
: >"$dir/nginx.log"
# shellcheck disable=SC2086 # words
rescue_power_on --disk "$dir/disk" --disk "$dir/other" -- $arguments
rescue_find_address 120
rescue_wait_ssh 120
begin repair 'fsck.ext4 -f -y /dev/vda; echo "status $?"'
says 60 'fsck.ext4: waiting for [0-9]+ s; http'
rescue_start_origin "$dir/www"
says 120 '^status 1$'
grep -q 'Free blocks count wrong' "$dir/repair.out" || fail "nothing was repaired: $(cat "$dir/repair.out")"
wait "$began"
needed=$(rescue_ssh "awk '\$1 == \"fsck.ext4\"' /etc/farroot/tools.list" | tr ' ' '\n' | awk -F + 'NF == 2 { n += $2 } END { print n }')
awk -v name="/${image##*/}" '$7 == name { print $9, $10 }' "$dir/nginx.log"
say "the server has sent $(bytes) bytes of $size; fsck.ext4 has $needed"
[ "$(bytes)" -le $((needed + 400000)) ] || fail "$(bytes) bytes for a program of $needed"
rescue_ssh 'cat /etc/mke2fs.conf >/dev/null' || fail "no configuration of the tools in /etc"
rescue_ssh 'mkdir -p /mnt/data && mount -t ext4 -o ro /dev/vda /mnt/data && cat /mnt/data/precious' | cmp - "$dir/data/precious" ||
	fail "the file on the disk has changed"
rescue_ssh 'umount /mnt/data'
say "$(rescue_ssh 'free -m' | awk '$1 == "Mem:" { print $7 }') MB of 512 MB are available"

# --- an outage ------------------------------------------------------------------------
rescue_stop_origin
rescue_ssh 'fsck.ext4 -f -n /dev/vda' || fail "fsck.ext4 does not work in an outage"
begin xfs 'mkfs.xfs -q /dev/vdb && mount -t xfs /dev/vdb /mnt && touch /mnt/file && echo made'
says 60 'mkfs.xfs: .*waiting for [0-9]+ s; http'
# The rescue system's own programs wait for nothing: neither a login nor a name that is nowhere.
outage_began=$(vm_now)
# shellcheck disable=SC2086,SC2154 # words
timeout "$(slack 60)" ip netns exec "$rescue_ns" ssh $rescue_ssh_options -i "$dir/key" "root@$rescue_address" \
	'echo 3 >/proc/sys/vm/drop_caches; no-such-program; ls /usr/share /usr/bin >/dev/null; lsblk; farroot tools' >"$dir/out" 2>&1 ||
	fail "a login hangs in an outage: $(cat "$dir/out")"
say "a login in an outage took $(($(vm_now) - outage_began)) s"
grep -q '^waiting: http' "$dir/out" || fail "farroot tools in an outage: $(cat "$dir/out")"
rescue_start_origin "$dir/www"
says 120 '^made$'
wait "$began"
rescue_ssh 'umount /mnt && farroot tools --fetch lvm && lvm version' || fail "farroot tools --fetch lvm"
# A mount that a streamed shell makes is a mount of the machine.
rescue_ssh 'bash -c "mount -t ext4 -o ro /dev/vda /mnt/data" && grep -q "^/dev/vda /mnt/data" /proc/mounts && umount /mnt/data' || fail "a mount of a streamed shell"

# --- after switch_root ------------------------------------------------------------------
rescue_open_login 'fsck.ext4 -V 2>&1; sgdisk --version'
rescue_ssh "farroot boot-stream http://$rescue_server/root.img roothash=$(cat "$rescue_root/roothash") farroot.fill=no" || fail "farroot boot-stream"
rescue_expect 600 'login:'
rescue_close_login
grep -q 'GPT fdisk' "$dir/session" || fail "no tool is streamed after switch_root: $(cat "$dir/session")"
! grep -aE 'I/O error|SQUASHFS error|Kernel panic|Out of memory' "$rescue_log" || fail "see the lines above"
