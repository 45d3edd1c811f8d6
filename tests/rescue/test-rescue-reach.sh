#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A machine with 512 MB in a home behind NAT, on 2 Mbit/s with a round trip of 300 ms: power on, then
# without a touch of its console it takes its signed configuration, opens its tunnel, its LUKS disk is
# opened through the mailbox, a streamed fsck.ext4 repairs the file system in it, and the machine boots
# it; the tunnel then leads to its sshd. On the way each server lies (an old configuration, another
# key's, a swapped announcement, a message of before, a wrong tools image): it is refused by name, and
# the machine goes on. The link is cut for 4 minutes while fsck.ext4 waits.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"
# shellcheck source-path=SCRIPTDIR source=rendezvous.sh
. "$rescue_top/tests/rescue/rendezvous.sh"
top_builddir=$(cd "${top_builddir:-.}" && pwd)
FARROOT=$top_builddir/farroot
FARROOT_LIBEXECDIR=$rescue_top/initramfs
export FARROOT FARROOT_LIBEXECDIR
internet=198.51.100.1

rescue_begin amd64
for tool in sshd openssl xxd nft mke2fs unsquashfs; do
	PATH=$PATH:/usr/sbin command -v $tool >/dev/null || skip "no $tool"
done
vm_use_tools || fail "make-debs"
openssl genpkey -algorithm ed25519 -out "$dir/other.key" 2>/dev/null
rescue_site shell
printf '%s\n' flavour=small "tools=http://$internet/tools/" >>"$dir/site/site.conf"
"$rescue_top/image/farroot-image" config --public --key "$dir/config.key" >"$dir/site/config.pub"
rescue_build
rescue_make_root

# --- the home with its router, the link, and the server ----------------------------------
${CC:-cc} -O2 -o "$dir/link-emulator" "$rescue_top/bench/link-emulator.c" || fail "no link-emulator"
server=$rescue_ns-server
in_server() {
	ip netns exec "$server" "$@"
}
clean_up() {
	rescue_end "${rendezvous-}"
	rescue_end "${link-}"
	[ ! -s "$dir/server.pid" ] || kill "$(cat "$dir/server.pid")" 2>/dev/null || true
	ip netns del "$server" 2>/dev/null || true
	rescue_clean_up
}
trap clean_up EXIT
ip netns add "$server"
in_server ip link set lo up
in_server ip tuntap add dev tap0 mode tap
in_server ip addr add $internet/24 dev tap0
in_server ip link set tap0 up
rescue_in ip tuntap add dev out mode tap
rescue_in ip addr add 198.51.100.2/24 dev out
rescue_in ip link set out up
rescue_in sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
rescue_in nft -f - <<EOF || skip "this kernel has no nft"
table inet nat {
	chain forward { type filter hook forward priority 0; policy drop; ct state established,related accept; iifname "tap0" accept; }
	chain out { type nat hook postrouting priority 100; oifname "out" masquerade; }
}
EOF
ip netns exec "$server" "$dir/link-emulator" "tap:$rescue_ns:out" tap0 2000000 300000 1000000 0 1 >"$dir/link.log" &
link=$!

# sshd reads the keys of the tunnels as their account.
chmod 711 "$dir"
mkdir -p "$dir/keys-files" "$dir/www/config" "$dir/www/tools" "$dir/home/.ssh" "$dir/site/groups/vm"
for name in ssh_host_ed25519_key tunnel_ed25519_key; do
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/keys-files/$name"
done
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/rendezvous"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/attacker"

# sign NUMBER HOSTNAME [KEY]: -> $dir/configs/group-vm.conf, or with KEY, for a site without config.pub,
# $dir/configs-KEY/group-vm.conf
sign() {
	printf '%s\n' "farroot.hostname=$2" "farroot.mailbox=http://$internet/mailbox" farroot.mailbox-pause=5 farroot.commands=yes \
		farroot.config-pause=5 "farroot.tunnel=farroot-tunnel@$internet:2222" farroot.tunnel-port=2201 \
		"farroot.tunnel-host-key=$(cut -d ' ' -f 1,2 "$dir/rendezvous.pub")" >"$dir/site/groups/vm/device.conf"
	rm -rf "$dir/signed" && cp -R "$dir/site" "$dir/signed"
	[ -z "${3-}" ] || rm "$dir/signed/config.pub"
	"$rescue_top/image/farroot-image" config "$dir/signed" -o "$dir/configs${3+-$3}" --key "$dir/${3-config}.key" --number "$1" || fail "farroot-image config"
}
rescue_nginx server "$internet" "$dir/www" 'client_max_body_size 128k; dav_methods PUT; create_full_put_path on;'
in_server nginx -e "$dir/server-error.log" -c "$dir/server.conf" || fail "nginx"
echo "restrict,port-forwarding,permitlisten=\"127.0.0.1:2201\",command=\"/bin/false\" $(cat "$dir/keys-files/tunnel_ed25519_key.pub")" >"$dir/tunnels"
rendezvous_accounts "$dir/accounts"
rendezvous_config "$dir/tunnels" "$dir/rendezvous" "ListenAddress $internet:2222" 'PidFile none' >"$dir/sshd.conf"
rendezvous_start "$server" "$dir/accounts" "$dir/sshd.conf" "$dir/sshd.log"

# --- the disk of the machine: a Debian in LUKS, whose ext4 is damaged ------------------------
say "the disk of the machine"
truncate -s 8M "$dir/keys"
mkfs.ext4 -q -L farroot-keys -d "$dir/keys-files" "$dir/keys"
# shellcheck disable=SC2154 # of lib.sh
unsquashfs -q -n -d "$dir/base" "$rescue_root/root.img" >/dev/null || fail "unsquashfs"
(
	cd "$dir/base"
	rm -rf --one-file-system boot/* usr/lib/modules/* var/cache/* var/lib/apt/*
	echo unlocked >etc/hostname
	: >etc/machine-id
)
mke2fs -q -t ext4 -d "$dir/base" "$dir/plain" "$(($(du -sm "$dir/base" | cut -f 1) * 5 / 4 + 100))M" || fail "mke2fs"
rm -rf --one-file-system "$dir/base"
rescue_damage "$dir/plain"
truncate -s "$(($(stat -c %s "$dir/plain") + (32 << 20)))" "$dir/disk"
printf 'passphrase\n' >"$dir/passphrase"
rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
rescue_memory=512M
rescue_power_on --disk "$dir/disk" --disk "$dir/plain" -- farroot=rescue
rescue_find_address 120
rescue_wait_ssh 120
tr -d '\n' <"$dir/passphrase" | rescue_ssh 'cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/vda -' || fail "luksFormat"
tr -d '\n' <"$dir/passphrase" | rescue_ssh 'cryptsetup open /dev/vda work -d - && dd if=/dev/vdb of=/dev/mapper/work bs=1M && cryptsetup close work && sync' ||
	fail "the disk cannot be filled"
rescue_power_off
rm "$dir/plain"

# --- power on -----------------------------------------------------------------------------------
# farroot ARGUMENT... of the administrator, on the server.  ssh takes its home from passwd.
root_home=$(getent passwd root | cut -d : -f 6)
# shellcheck disable=SC2016 # for sh
admin() {
	in_server sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$dir/home" "$root_home" "$FARROOT" "$@"
}
# login COMMAND: through the tunnel, as the administrator.
strict=yes known=$dir/known_hosts
login() {
	in_server ssh -F none -i "$dir/key" -p 2201 -o BatchMode=yes -o LogLevel=ERROR -o ConnectTimeout=20 -o "StrictHostKeyChecking=$strict" \
		-o "UserKnownHostsFile=$known" -o HostKeyAlias=vm root@127.0.0.1 "$@"
}
login_until() {
	rescue_until=$(($(vm_now) + $(slack "$1")))
	until login true 2>"$dir/login"; do
		[ "$(vm_now)" -lt "$rescue_until" ] || fail "no login through the tunnel: $(cat "$dir/login")"
		sleep 1
	done
}
echo "vm $(cut -d ' ' -f 1,2 "$dir/keys-files/ssh_host_ed25519_key.pub")" >"$dir/known_hosts"

say "--- the configuration: of another key, then right, then an old one"
sign 1 old
cp "$dir/configs/group-vm.conf" "$dir/old.conf"
sign 3 attacked other
cp "$dir/configs-other/group-vm.conf" "$dir/www/config/"
: >"$dir/leases"
: >"$rescue_log"
rescue_power_on --disk "$dir/disk" --disk "$dir/keys" -- farroot=rescue "farroot.config=http://$internet/config" farroot.config-groups=vm \
	farroot.config-pause=5
rescue_expect 180 'group-vm.conf.*: not signed by the key of /etc/farroot/config.pub: REFUSED'
sign 2 reached
cp "$dir/configs/group-vm.conf" "$dir/www/config/"
rescue_expect 180 'configuration group-vm.conf: number 2 from'
login_until 180
say "$(($(vm_now) - rescue_began)) s: a login through the tunnel"
[ "$(login hostname)" = reached ] || fail "the hostname: $(login hostname)"
cp "$dir/old.conf" "$dir/www/config/group-vm.conf"
rescue_expect 180 'number 1 is not newer than 2: REFUSED'
cp "$dir/configs/group-vm.conf" "$dir/www/config/"

say "--- the mailbox: a swapped announcement, a stranger, a wrong passphrase"
machine=$(cd "$dir/www/mailbox" && echo *)
mailbox=$dir/www/mailbox/$machine
url=http://$internet/mailbox/$machine
echo "$machine $(cut -d ' ' -f 1,2 "$dir/keys-files/ssh_host_ed25519_key.pub")" >>"$dir/home/.ssh/known_hosts"
cp "$mailbox/announcement" "$dir/announcement"
sed '/^-----BEGIN/,$d' "$dir/announcement" | sed "s,^host-key=.*,host-key=$(cut -d ' ' -f 1,2 "$dir/attacker.pub")," >"$dir/text"
{
	cat "$dir/text"
	ssh-keygen -Y sign -q -f "$dir/attacker" -n farroot-announcement <"$dir/text"
} >"$dir/lie"
cp "$dir/lie" "$mailbox/announcement"
! admin unlock --open --wait 1 --key "$dir/key" "$url" /dev/vda <"$dir/passphrase" >"$dir/out" 2>&1 || fail "a passphrase for an attacker's key"
grep -q 'in known_hosts: REFUSED' "$dir/out" || fail "the refusal: $(cat "$dir/out")"
cp "$dir/announcement" "$mailbox/announcement"
! admin unlock --open --key "$dir/stranger" "$url" /dev/vda <"$dir/passphrase" >"$dir/out" 2>&1 || fail "opened for a stranger"
grep -q "not signed by a key of this machine's authorized_keys" "$dir/out" || fail "the refusal: $(cat "$dir/out")"
echo wrong >"$dir/wrong"
! admin unlock --open --key "$dir/key" "$url" /dev/vda <"$dir/wrong" >"$dir/out" 2>&1 || fail "opened without its passphrase"
admin unlock --open --key "$dir/key" "$url" /dev/vda <"$dir/passphrase" || fail "farroot unlock --open"
say "$(($(vm_now) - rescue_began)) s: the disk is open"

say "--- streamed tools: a wrong image, then 4 minutes without a link"
image=$(echo "$rescue_image"/tools-*.img)
tr '\000-\377' '\001-\377\000' <"$image" >"$dir/www/tools/${image##*/}"
admin run --key "$dir/key" "$url" 'fsck.ext4 -f -y /dev/mapper/farroot-vda; echo "status $?"' >"$dir/repair.out" 2>&1 &
repair=$!
rescue_until=$(($(vm_now) + $(slack 180)))
until login 'farroot tools' >"$dir/out" 2>&1 && grep -q '^waiting: .*no dm-verity superblock' "$dir/out"; do
	[ "$(vm_now)" -lt "$rescue_until" ] || fail "a wrong tools image is not named: $(cat "$dir/out")"
	sleep 2
done
kill -0 $repair || fail "farroot run has ended: $(cat "$dir/repair.out")"
kill -USR1 $link
say "the link is cut"
cp "$image" "$dir/www/tools/"
: >"$dir/server.log"
sleep 240
kill -0 $repair || fail "farroot run has ended in the outage: $(cat "$dir/repair.out")"
kill -USR2 $link
say "the link is back"
wait $repair || fail "farroot run: $(cat "$dir/repair.out")"
say "$(($(vm_now) - rescue_began)) s: $(tail -n 1 "$dir/repair.out"), for $(awk -v name="/tools/${image##*/}" '$7 == name { n += $10 } END { print n + 0 }' "$dir/server.log") of $(stat -c %s "$image") bytes"
grep -q 'Free blocks count wrong' "$dir/repair.out" || fail "what fsck.ext4 said: $(cat "$dir/repair.out")"
grep -q '^status 1$' "$dir/repair.out" || fail "how fsck.ext4 ended: $(cat "$dir/repair.out")"
login_until 180
for message in "$mailbox"/*.message; do
	login 'farroot mailbox take' <"$message" | grep -q '^state=refused' || fail "a message is taken twice"
done

say "--- on into the repaired disk"
admin unlock --key "$dir/key" "$url" /dev/vda <"$dir/passphrase" || fail "farroot unlock"
rescue_expect 400 'unlocked login:'
# The new system has a host key of its own.
strict=no known=/dev/null
login_until 180
[ "$(login hostname)" = unlocked ] || fail "the tunnel does not lead to the new system"
say "$(($(vm_now) - rescue_began)) s: a login through the tunnel, in the system of the disk"
! grep -aE 'I/O error|EXT4-fs error|Kernel panic|Out of memory' "$rescue_log" || fail "see the lines above"
