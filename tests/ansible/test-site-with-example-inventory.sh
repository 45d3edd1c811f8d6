#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The playbook site with the example inventory as it stands, but for the folders: all is
# built, published and configured, a second run changes nothing, and a run that failed in the
# middle goes on. farroot-image is a fake.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/publish-lib.sh"
need openssl ssh-keygen dnsmasq
need_root
configure
mkdir "$dir/dnsmasq.d" "$dir/srv"
cp -R "$collection/examples" "$dir/examples"
# The folders of the example, all below $dir; no package and no service of this machine.
: >"$dir/vars.yml"
variables "publish_listen: ['127.0.0.1:$port']
publish_nginx_config: $dir/conf.d/farroot.conf
publish_nginx_test: [nginx, -t, -q, -c, $dir/nginx.conf]
tools_install: false
publish_install: false
publish_manage_service: false
netboot_install: false
netboot_manage_service: false
netboot_config: $dir/dnsmasq.d/farroot.conf
netboot_tftp_root: $dir/srv/tftp
publish_root: $dir/www
publish_boot: $dir/srv/boot/http
keys_folder: $dir/srv/keys
site_folder: $dir/srv/site
rescue_site: $dir/srv/site
rootfs_site: $dir/srv/site
boot_site: $dir/srv/site
rescue_output: $dir/srv/rescue
rootfs_output: $dir/srv/rootfs
boot_from: $dir/srv/rescue
boot_output: $dir/srv/boot
boot_key: $dir/srv/keys/private.pem
boot_public_key: $dir/srv/keys/public.pem
netboot_source: $dir/srv/boot"
sed -i -e "s,/srv/farroot,$dir/srv,g" -e "s,http://192.0.2.1,$url,g" "$dir/examples/inventory/group_vars/all.yml"

site() {
	run_playbook -i "$dir/examples/inventory" -e "@$dir/vars.yml" "$@"
	[ "$status" = 0 ] || fail "ansible-playbook ended with $status: $(cat "$dir/play.out")"
}

# The publisher fails: nginx does not run yet. What is built stays.
run_playbook -i "$dir/examples/inventory" -e "@$dir/vars.yml" farroot.rpi.site
[ "$status" != 0 ] || fail "published without a server"
start_server
site farroot.rpi.site
changed some "the run after a failure"
site farroot.rpi.site
changed 0 "the second run"

roothash=$(cat "$dir/srv/rootfs/roothash")
get pi/boot.img >"$dir/boot.img"
grep -qF "farroot=$url/images/$roothash/root.img roothash=$roothash" "$dir/boot.img" || fail "boot.img: another image: $(cat "$dir/boot.img")"
grep -q '^\[0xabcdef02\]' "$dir/boot.img" || fail "config.txt: no lines for a machine"
same "$(get "images/$roothash/root.img" | sha256sum | cut -d ' ' -f 1)" "$roothash" "the image"
grep -q '^dhcp-host=dc:a6:32:01:02:04,set:farroot,192.0.2.12,field$' "$dir/dnsmasq.d/farroot.conf" || fail "no address for a machine"
cmp "$dir/srv/boot/tftp/config.txt" "$dir/srv/tftp/current/config.txt" || fail "TFTP has other files"
for file in rootfs/hooks/50-user rootfs/files/etc/motd common/packages.d/tools user_ca.pub; do
	grep -q " $file\$" "$dir/srv/rootfs/inputs" || fail "$file is not in the root file system"
done

# No key leaves its folder.
! grep -rlF "$(sed -n 3p "$dir/srv/keys/private.pem")" "$dir/www" "$dir/srv/tftp" "$dir/play.out" || fail "a key is published"
[ -z "$(find "$dir/www" "$dir/srv/tftp" -name '*.pem' -o -name 'user_ca' -o -name 'host_ca')" ] || fail "a key is published"

# A build host: the results come to the controller.
site farroot.rpi.build --tags fetch -e farroot_fetch_to="$dir/fetched"
cmp "$dir/srv/boot/http/boot.img" "$dir/fetched/boot/http/boot.img" || fail "boot.img is not fetched"
cmp "$dir/srv/rootfs/root.img" "$dir/fetched/rootfs/root.img" || fail "root.img is not fetched"
site farroot.rpi.build --tags fetch -e farroot_fetch_to="$dir/fetched"
changed 0 "fetched again"

# Files that are on the server already.
site farroot.rpi.publish -e publish_remote_src=true -e netboot_remote_src=true -e publish_channel=other
same "$(get other/boot.sig)" "$(cat "$dir/srv/boot/http/boot.sig")" "boot.sig of another channel"
site farroot.rpi.rollback -e publish_version="$(version)"
changed 0 "a rollback to the version that is there"

# The machines as a fleet: each has a link of its own.
variables "fleet_publish_root: $dir/www
fleet_config: $dir/fleet.json
fleet_state: $dir/fleet-state
fleet_log: $dir/fleet-access
fleet_program: ['$(cd "$srcdir/fleet" && pwd)/farroot-fleet']
fleet_nginx_folder: $dir/conf.d
fleet_nginx_test: [nginx, -t, -q, -c, $dir/nginx.conf]
fleet_units: $dir
fleet_install: false
fleet_manage_service: false"
site farroot.rpi.publish -e farroot_fleet=true
same "$(readlink "$dir/www/devices/abcdef01") $(readlink "$dir/www/devices/abcdef02")" "../versions/$(version) ../versions/$(version)" "the links"
grep -q '"group": "canary"' "$dir/fleet.json" || fail "no group: $(cat "$dir/fleet.json")"
site farroot.rpi.publish -e farroot_fleet=true
changed 0 "the fleet, again"

# The cache of the example, with this machine in its place.
local_port=$(free_port)
cache_port=$(free_port)
variables "site_cache_listen: ['127.0.0.1:$cache_port']
site_cache_url: http://127.0.0.1:$cache_port
site_cache_local_port: $local_port
site_cache_folder: $dir/cache
site_cache_log_folder: $dir
site_cache_nginx_folder: $dir/conf.d
site_cache_nginx_test: [nginx, -t, -q, -c, $dir/nginx.conf]
site_cache_program: $dir/bin/farroot-site-cache
site_cache_units: $dir
site_cache_install: false
site_cache_manage_service: false
ansible_connection: local"
sed -i "s,http://192.0.2.1,$url," "$dir/examples/inventory/group_vars/farroot_caches.yml"
site farroot.rpi.deploy_cache -e site_cache_url=
kill -HUP "$nginx"
wait_until 10 "nginx listens for the cache" listens "$cache_port"
site farroot.rpi.deploy_cache --tags all,site_cache_warm
said 'channel pi: now version'
site farroot.rpi.deploy_cache
grep -q '^barn-cache .* changed=0 ' "$dir/play.out" || fail "the second run of deploy_cache: $(cat "$dir/play.out")"
same "$(curl -fsS "http://127.0.0.1:$cache_port/pi/boot.sig")" "$(get pi/boot.sig)" "boot.sig of the cache"
