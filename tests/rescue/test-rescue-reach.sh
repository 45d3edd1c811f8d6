#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Power on, then without a login by hand: the machine has its host key and the key of its tunnel from a
# disk, takes its signed configuration from a web server, and with that a mailbox and a tunnel.  A
# login works through the tunnel.  farroot unlock opens the LUKS disk through the mailbox, farroot
# run checks the file system in it, and farroot unlock boots it; the tunnel then leads to its sshd.
# Before, the server lies: an old configuration and an old message are refused by name.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"
top_builddir=$(cd "${top_builddir:-.}" && pwd)
FARROOT=$top_builddir/farroot
FARROOT_LIBEXECDIR=$rescue_top/initramfs
export FARROOT FARROOT_LIBEXECDIR

rescue_begin amd64
for tool in sshd openssl xxd; do
	PATH=$PATH:/usr/sbin command -v $tool >/dev/null || skip "no $tool"
done
openssl genpkey -algorithm ed25519 -out "$dir/config.key" 2>/dev/null
rescue_site shell
"$rescue_top/image/farroot-image" config --public --key "$dir/config.key" >"$dir/site/config.pub"
rescue_build
rescue_make_root

say "a disk with keys, and the server: mailbox, configuration, rendezvous"
mkdir -p "$dir/keys-files" "$dir/www/config" "$dir/home/.ssh"
for name in ssh_host_ed25519_key tunnel_ed25519_key; do
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/keys-files/$name"
done
truncate -s 8M "$dir/keys"
mkfs.ext4 -q -L farroot-keys -d "$dir/keys-files" "$dir/keys"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/rendezvous"
mkdir -p "$dir/site/groups/vm" /run/sshd
# sign NUMBER HOSTNAME
sign() {
	printf '%s\n' "farroot.hostname=$2" "farroot.mailbox=http://$rescue_server/mailbox" farroot.mailbox-pause=5 farroot.commands=yes \
		"farroot.tunnel=farroot-tunnel@$rescue_server:2222" farroot.tunnel-port=2201 "farroot.tunnel-host-key=$(cut -d ' ' -f 1,2 "$dir/rendezvous.pub")" \
		>"$dir/site/groups/vm/device.conf"
	"$rescue_top/image/farroot-image" config "$dir/site" -o "$dir/configs" --key "$dir/config.key" --number "$1" || fail "farroot-image config"
}
sign 1 old
cp "$dir/configs/group-vm.conf" "$dir/old.conf"
sign 2 reached
cp "$dir/configs/group-vm.conf" "$dir/www/config/"
cat >"$dir/nginx.conf" <<EOF
pid $dir/nginx.pid; error_log $dir/nginx-error.log; worker_processes 1; user root;
events { worker_connections 256; }
http { access_log $dir/nginx.log; client_body_temp_path $dir/nginx-tmp;
proxy_temp_path $dir/nginx-tmp; fastcgi_temp_path $dir/nginx-tmp; uwsgi_temp_path $dir/nginx-tmp; scgi_temp_path $dir/nginx-tmp;
server { listen $rescue_server:80; root $dir/www; client_max_body_size 128k; dav_methods PUT; create_full_put_path on; } }
EOF
rescue_in nginx -e "$dir/nginx-error.log" -c "$dir/nginx.conf" || fail "nginx"
{
	grep '^root:' /etc/passwd
	printf 'sshd:x:120:65534::/run/sshd:/usr/sbin/nologin\nfarroot-tunnel:x:995:995::/nonexistent:/usr/sbin/nologin\n'
} >"$dir/passwd"
printf 'root:*:19000::::::\nsshd:!:19000::::::\nfarroot-tunnel:*:19000::::::\n' >"$dir/shadow"
echo "restrict,port-forwarding,permitlisten=\"127.0.0.1:2201\",command=\"/bin/false\" $(cat "$dir/keys-files/tunnel_ed25519_key.pub")" >"$dir/tunnels"
{
	printf '%s\n' "ListenAddress $rescue_server:2222" "HostKey $dir/rendezvous" 'PidFile none' 'UsePAM no' 'StrictModes no'
	sed -e '/ansible_managed/d' -e 's/{{ rendezvous_user }}/farroot-tunnel/' -e "s,{{ rendezvous_keys_file }},$dir/tunnels," \
		"$rescue_top/ansible/roles/rendezvous/templates/sshd.conf.j2"
} >"$dir/sshd.conf"
# shellcheck disable=SC2016 # for sh
ip netns exec "$rescue_ns" sh -c 'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/shadow" /etc/shadow &&
	exec "$1" -D -e -f "$0/sshd.conf"' "$dir" "$(PATH=$PATH:/usr/sbin command -v sshd)" 2>"$dir/sshd.log" &
sshd=$!
trap 'rescue_end $sshd; rescue_clean_up' EXIT

strict=yes known=$dir/known_hosts
# login COMMAND: through the tunnel.
login() {
	rescue_in ssh -F none -i "$dir/key" -p 2201 -o BatchMode=yes -o LogLevel=ERROR -o ConnectTimeout=20 -o "StrictHostKeyChecking=$strict" \
		-o "UserKnownHostsFile=$known" -o HostKeyAlias=vm root@127.0.0.1 "$@"
}
echo "vm $(cut -d ' ' -f 1,2 "$dir/keys-files/ssh_host_ed25519_key.pub")" >"$dir/known_hosts"
cp "$dir/known_hosts" "$dir/home/.ssh/known_hosts"
# admin COMMAND...: farroot of the administrator.
admin() {
	rescue_in env HOME="$dir/home" "$FARROOT" "$@"
}
login_until() {
	rescue_until=$(($(vm_now) + $(slack "$1")))
	until login true 2>"$dir/login"; do
		[ "$(vm_now)" -lt "$rescue_until" ] || fail "no login through the tunnel: $(cat "$dir/login")"
		sleep 1
	done
}

truncate -s 3G "$dir/disk"
rescue_start_dhcp --dhcp-range=192.168.77.50,192.168.77.99,2m
rescue_power_on --disk "$dir/disk" --disk "$dir/keys" -- farroot=rescue "farroot.config=http://$rescue_server/config" farroot.config-groups=vm
rescue_expect 180 'configuration group-vm.conf: number 2 from'
login_until 120
[ "$(login hostname)" = reached ] || fail "the hostname: $(login hostname)"

say "an old configuration is refused"
cp "$dir/old.conf" "$dir/www/config/group-vm.conf"
rescue_expect 120 'number 1 is not newer than 2: REFUSED'

say "a Debian on the encrypted disk"
# shellcheck disable=SC2154 # of lib.sh
unsquashfs -q -n -d "$dir/base" "$rescue_root/root.img" >/dev/null || fail "unsquashfs"
printf 'passphrase\n' >"$dir/passphrase"
tr -d '\n' <"$dir/passphrase" | login 'cryptsetup luksFormat -q --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/vda -' || fail "luksFormat"
tr -d '\n' <"$dir/passphrase" | login 'cryptsetup open /dev/vda work -d - && mkfs.ext4 -q /dev/mapper/work && mkdir -p /mnt/new &&
	mount /dev/mapper/work /mnt/new' || fail "mkfs"
tar -C "$dir/base" --one-file-system --exclude=./boot/* --exclude=./usr/lib/modules/* --exclude=./var/cache/* --exclude=./var/lib/apt/* \
	--exclude=./dev/* --exclude=./proc/* --exclude=./sys/* --exclude=./run/* -c . | login 'tar -C /mnt/new -xp' || fail "the files cannot be copied"
login 'cd /mnt/new && echo unlocked >etc/hostname && : >etc/machine-id && cd / && umount /mnt/new && cryptsetup close work' || fail "the new system"

say "farroot unlock --open, farroot run, farroot unlock, through the mailbox"
machine=$(cd "$dir/www/mailbox" && echo *)
echo "$machine $(cut -d ' ' -f 1,2 "$dir/keys-files/ssh_host_ed25519_key.pub")" >>"$dir/home/.ssh/known_hosts"
url=http://$rescue_server/mailbox/$machine
echo wrong >"$dir/wrong"
! admin unlock --open --key "$dir/key" "$url" /dev/vda <"$dir/wrong" >"$dir/out" 2>&1 || fail "opened without its passphrase"
! admin unlock --open --key "$dir/stranger" "$url" /dev/vda <"$dir/passphrase" >"$dir/out" 2>&1 || fail "opened for a stranger"
grep -q "not signed by a key of this machine's authorized_keys" "$dir/out" || fail "the refusal: $(cat "$dir/out")"
admin unlock --open --key "$dir/key" "$url" /dev/vda <"$dir/passphrase" || fail "farroot unlock --open"
admin run --key "$dir/key" "$url" 'fsck.ext4 -f -y /dev/mapper/farroot-vda' >"$dir/out" || fail "farroot run: $(cat "$dir/out")"
grep -q 'Pass 5' "$dir/out" || fail "what fsck said: $(cat "$dir/out")"
for message in "$dir/www/mailbox/$machine"/*.message; do
	login 'farroot mailbox take' <"$message" | grep -q '^state=refused' || fail "a message is taken twice"
done
admin unlock --key "$dir/key" "$url" /dev/vda <"$dir/passphrase" || fail "farroot unlock"
rescue_expect 300 'unlocked login:'
# The new system has a host key of its own.
strict=no known=/dev/null
login_until 120
[ "$(login hostname)" = unlocked ] || fail "the tunnel does not lead to the new system"
