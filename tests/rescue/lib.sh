# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A rescue image in a VM, with a network of its own: a namespace with a DHCP server and an
# origin.  Sourced by tests/rescue/test-rescue-*.sh.
#   RESCUE_KEEP=FILE  keeps the console's log
#   RESCUE_IMAGE=DIR  uses what farroot-image rescue made there, and builds nothing; the key
#                     of its login is DIR.key
# shellcheck shell=dash

rescue_top=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
rescue_vm=$rescue_top/tests/boot/vm
# shellcheck disable=SC2034 # for lib.sh
vm_here=$rescue_vm
# shellcheck source-path=SCRIPTDIR source=../boot/vm/lib.sh
. "$rescue_vm/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../slack.sh
. "$rescue_top/tests/slack.sh"

rescue_server=192.168.77.1

say() {
	echo "$(date +%T) $*"
}

fail() {
	echo "FAILED: $*"
	echo "--- the guest's console, its last 60 lines:"
	tail -n 60 "$rescue_log" 2>/dev/null | tr -d '\r'
	exit 1
}

skip() {
	echo "SKIPPED: $*"
	exit 77
}

rescue_clean_up() {
	rescue_power_off
	rescue_stop_vlan
	rescue_stop_dhcp
	rescue_stop_origin
	rescue_end "${rescue_clock-}"
	[ -z "${RESCUE_KEEP-}" ] || cp "$rescue_log" "$RESCUE_KEEP"
	ip netns del "$rescue_ns" 2>/dev/null || true
	rm -rf "$dir"
}

# rescue_begin ARCH: a folder $dir, a network namespace, keys of ssh.
rescue_begin() {
	arch=$1
	[ "$(id -u)" = 0 ] || skip "not root"
	case $arch in
	arm64) rescue_qemu=qemu-system-aarch64 ;;
	*) rescue_qemu=qemu-system-x86_64 ;;
	esac
	for rescue_tool in mmdebstrap mksquashfs nginx socat dnsmasq ssh rsync "$rescue_qemu"; do
		PATH=$PATH:/usr/sbin command -v "$rescue_tool" >/dev/null || skip "no $rescue_tool"
	done
	dir=$(mktemp -d)
	rescue_log=$dir/console
	rescue_ns=rescue-$$
	: >"$rescue_log"
	trap rescue_clean_up EXIT
	trap 'exit 130' INT TERM
	ip netns add "$rescue_ns"
	rescue_in ip link set lo up
	rescue_in ip tuntap add dev tap0 mode tap
	rescue_in ip addr add $rescue_server/24 dev tap0
	rescue_in ip link set tap0 up
	if [ -n "${RESCUE_IMAGE-}" ]; then
		cp "$RESCUE_IMAGE.key" "$dir/key"
		cp "$RESCUE_IMAGE.key.pub" "$dir/key.pub"
	else
		rescue_take_keys
	fi
	ssh-keygen -q -t ed25519 -N '' -f "$dir/stranger"
}

# The login, the CA of users and the key of configurations are made once, so that images with their
# public keys can be kept.
rescue_take_keys() {
	rescue_keys=$(vm_work_dir)/rescue-keys
	(
		flock 9
		[ ! -e "$rescue_keys/config.key" ] || exit 0
		rm -rf "$rescue_keys.new" "$rescue_keys"
		(umask 077 && mkdir "$rescue_keys.new")
		ssh-keygen -q -t ed25519 -N '' -C test -f "$rescue_keys.new/key"
		ssh-keygen -q -t ed25519 -N '' -C test -f "$rescue_keys.new/ca"
		openssl genpkey -algorithm ed25519 -out "$rescue_keys.new/config.key" 2>/dev/null
		mv "$rescue_keys.new" "$rescue_keys"
	) 9>"$rescue_keys.lock"
	cp "$rescue_keys"/* "$dir/"
}

rescue_in() {
	ip netns exec "$rescue_ns" "$@"
}

# rescue_end PID: ends a process of this shell, if there is one.  It must not have been started by
# rescue_in: that would be the number of a shell.
rescue_end() {
	[ -n "$1" ] || return 0
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

# rescue_site SERIAL: a site for $arch whose login is $dir/key.
rescue_site() {
	mkdir -p "$dir/site/rescue"
	printf '%s\n' "arch=$arch" "serial=$1" >"$dir/site/site.conf"
	cp "$dir/key.pub" "$dir/site/authorized_keys"
	[ ! -e "$dir/ca.pub" ] || cp "$dir/ca.pub" "$dir/site/user_ca.pub"
}

# rescue_build: the rescue system of $dir/site, in $rescue_image.
rescue_build() {
	rescue_image=${RESCUE_IMAGE-}
	if [ -z "$rescue_image" ]; then
		say "building the packages and the rescue system"
		"$rescue_vm/make-debs" --arch "$arch" >"$dir/debs" || fail "make-debs"
		rescue_image=$dir/rescue
		FARROOT_IMAGE_CACHE=${FARROOT_IMAGE_CACHE:-$(vm_work_dir)/image-$arch} \
			"$rescue_top/image/farroot-image" rescue "$dir/site" -o "$rescue_image" --debs "$(cat "$dir/debs")" ||
			fail "farroot-image rescue"
	fi
	mkdir -p "$dir/boot"
	cp "$rescue_image/vmlinuz" "$dir/boot/vmlinuz"
	cat "$rescue_image/initrd" "$rescue_image/rescue.cpio" >"$dir/boot/initrd"
}

# rescue_make_root: the Debian that is streamed, in $rescue_root, with the login $dir/key.
rescue_make_root() {
	vm_use_tools || fail "make-debs"
	mkdir -p "$dir/root-site"
	cp "$dir/key.pub" "$dir/root-site/authorized_keys"
	# shellcheck disable=SC2034 # for the tests
	rescue_root=$(vm_root "$arch" "$dir/root-site") || fail "farroot-image rootfs"
}

# rescue_fetch_as_a_pi KERNEL-ARGUMENT...: makes boot.img and boot.sig with these arguments, serves
# them, fetches them, verifies them and takes them apart as the firmware does; what the
# machine boots is from there.  Sets rescue_arguments.
rescue_fetch_as_a_pi() {
	say "boot.img: made, signed, served, fetched, verified, taken apart"
	mkdir -p "$dir/site/boot/cmdline.d" "$dir/fetched"
	printf '%s\n' "$@" >"$dir/site/boot/cmdline.d/10-test"
	openssl genrsa -out "$dir/owner.key" 2048 2>/dev/null
	openssl pkey -in "$dir/owner.key" -pubout -out "$dir/owner.pem"
	"$rescue_top/image/farroot-image" boot "$dir/site" --from "$rescue_image" -o "$dir/pi" \
		--key "$dir/owner.key" --public-key "$dir/owner.pem" || fail "farroot-image boot"
	rescue_start_origin "$dir/pi/http"
	for rescue_file in boot.sig boot.img; do
		rescue_in curl -sfo "$dir/fetched/$rescue_file" "http://$rescue_server/$rescue_file" || fail "$rescue_file is not served"
	done
	rescue_stop_origin
	"$rescue_top/image/farroot-image" verify "$dir/fetched" --public-key "$dir/owner.pem" || fail "farroot-image verify"
	"$rescue_top/image/farroot-image" extract "$dir/fetched/boot.img" -o "$dir/taken" || fail "farroot-image extract"
	cp "$dir/taken/kernel" "$dir/boot/vmlinuz"
	cp "$dir/taken/initramfs" "$dir/boot/initrd"
	# The serial line of QEMU's machine is another one than the Pi's.
	# shellcheck disable=SC2034 # for the tests
	rescue_arguments="$(cat "$dir/taken/cmdline") console=$(vm_console "$arch")"
}

# rescue_damage EXT4: so that fsck finds something.
rescue_damage() {
	debugfs -w -R 'set_super_value free_blocks_count 1' "$1" 2>/dev/null
	debugfs -w -R 'set_super_value state 0' "$1" 2>/dev/null
}

# rescue_add_archive: what the site has for the machine 9ffefdef, as the archive that
# farroot-image boot makes for its folder of the TFTP tree.  The firmware loads it behind
# the others.
rescue_add_archive() {
	mkdir "$dir/archive"
	# shellcheck disable=SC2034 # for the parts of the builder
	(
		image_lib=$rescue_top/image boot_temp=$dir/archive
		for rescue_part in say boot-common site boot-config boot-files boot-layout archives magic settings secrets hosts host-values host-archive; do
			# shellcheck source=/dev/null
			. "$image_lib/lib/$rescue_part.sh"
		done
		site_open "$dir/site"
		hosts_open
		hosts_find 9ffefdef "the test"
		host_archive "$dir/archive/device.cpio" 1700000000
	) || fail "no archive for one machine"
	cat "$dir/archive/device.cpio" >>"$dir/boot/initrd"
}

# rescue_start_dhcp OPTION...: for dnsmasq.  It knows no leases of before.
rescue_start_dhcp() {
	: >"$dir/leases"
	rescue_in dnsmasq --conf-file=/dev/null --user=root --interface=tap0 --bind-interfaces --except-interface=lo \
		--port=0 --dhcp-leasefile="$dir/leases" --pid-file="$dir/dnsmasq.pid" --log-facility="$dir/dnsmasq.log" \
		--dhcp-option=option:dns-server,$rescue_server --dhcp-authoritative "$@" || fail "dnsmasq"
}

# rescue_start_vlan ID: an interface "vlan" with 192.168.78.1, whose frames are on tap0 with this
# tag.  Python does it, because this kernel may have no VLANs.
rescue_start_vlan() {
	ip netns exec "$rescue_ns" python3 "$rescue_top/tests/rescue/vlan.py" tap0 vlan "$1" &
	rescue_vlan=$!
	until rescue_in ip addr add 192.168.78.1/24 dev vlan 2>/dev/null; do
		kill -0 "$rescue_vlan" || fail "vlan.py has ended"
		sleep 0.2
	done
	rescue_in ip link set vlan up
}

rescue_stop_vlan() {
	rescue_end "${rescue_vlan-}"
	rescue_vlan=
}

# rescue_start_clock: a time server, which the option ntp-server of a DHCP server can name.
rescue_start_clock() {
	ip netns exec "$rescue_ns" "$rescue_top/tests/rescue/time-server" $rescue_server &
	rescue_clock=$!
}

rescue_stop_dhcp() {
	[ ! -s "$dir/dnsmasq.pid" ] || kill "$(cat "$dir/dnsmasq.pid")" 2>/dev/null || true
	rm -f "$dir/dnsmasq.pid"
}

# rescue_nginx NAME ADDRESS FOLDER [DIRECTIVES]: writes $dir/NAME.conf, of an nginx that serves FOLDER on port 80; its
# log is $dir/NAME.log, its number in $dir/NAME.pid.
rescue_nginx() {
	cat >"$dir/$1.conf" <<EOF
pid $dir/$1.pid; error_log $dir/$1-error.log; worker_processes 1; user root;
events { worker_connections 256; }
http { access_log $dir/$1.log; client_body_temp_path $dir/nginx-tmp;
proxy_temp_path $dir/nginx-tmp; fastcgi_temp_path $dir/nginx-tmp; uwsgi_temp_path $dir/nginx-tmp; scgi_temp_path $dir/nginx-tmp;
server { listen $2:80; root $3; ${4-} } }
EOF
}

# rescue_start_origin FOLDER: serves it on port 80 of $rescue_server.
rescue_start_origin() {
	rescue_nginx nginx "$rescue_server" "$1"
	rescue_in nginx -e "$dir/nginx-error.log" -c "$dir/nginx.conf" || fail "nginx"
}

rescue_stop_origin() {
	[ ! -s "$dir/nginx.pid" ] || kill "$(cat "$dir/nginx.pid")" 2>/dev/null || true
	rm -f "$dir/nginx.pid"
}

# rescue_power_on [OPTION-OF-RUN-VM]... -- KERNEL-ARGUMENT...
rescue_power_on() {
	rescue_console=$dir/tty
	rescue_options=
	while [ "$1" != -- ]; do
		rescue_options="$rescue_options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # words
	ip netns exec "$rescue_ns" "$rescue_vm/run-vm" --arch "$arch" --memory "${rescue_memory:-1G}" --tap tap0 --serial "$rescue_log" \
		--console "$rescue_console" $rescue_options "$dir/boot" boot=farroot "$@" &
	rescue_pid=$!
	rescue_began=$(vm_now)
	say "the machine is on"
}

rescue_power_off() {
	rescue_end "${rescue_pid-}"
	rescue_pid=
}

# rescue_expect SECONDS PATTERN: on the console.
rescue_expect() {
	vm_wait_for "$(slack "$1")" "$rescue_pid" "$rescue_log" "$2" || fail "no \"$2\" within $(slack "$1") s"
	say "$(($(vm_now) - rescue_began)) s: \"$2\""
}

# rescue_type TEXT: a line, on the console.
rescue_type() {
	printf '%s\n' "$1" | socat -t 1 - "UNIX-CONNECT:$rescue_console" >/dev/null
}

# rescue_find_address SECONDS: sets rescue_address, from the leases.
rescue_find_address() {
	rescue_until=$(($(vm_now) + $(slack "$1")))
	until rescue_address=$(awk '{ print $3 }' "$dir/leases" 2>/dev/null | tail -n 1) && [ -n "$rescue_address" ]; do
		[ "$(vm_now)" -lt "$rescue_until" ] || fail "no lease within $1 s"
		sleep 0.5
	done
}

# rescue_ssh [OPTION]... COMMAND: as root of the rescue system.
rescue_ssh_options="-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o BatchMode=yes -o ConnectTimeout=20 -o LogLevel=ERROR"
rescue_ssh() {
	# shellcheck disable=SC2086 # words
	rescue_in ssh $rescue_ssh_options -i "$dir/key" "root@$rescue_address" "$@"
}

# rescue_ssh_until SECONDS COMMAND MESSAGE: again and again until COMMAND succeeds; else fails with
# MESSAGE and what the command said.
rescue_ssh_until() {
	rescue_until=$(($(vm_now) + $(slack "$1")))
	until rescue_ssh "$2" >"$dir/until" 2>&1; do
		[ "$(vm_now)" -lt "$rescue_until" ] || fail "$3: $(cat "$dir/until")"
		kill -0 "$rescue_pid" 2>/dev/null || fail "the machine is off"
		sleep 1
	done
}

# rescue_open_login COMMAND: a login that stays open while another system takes over; 5 s after
# that it runs COMMAND, which needs the rescue system's tools.
rescue_open_login() {
	rescue_ssh "echo begun; while ! grep -q systemd /proc/1/comm; do sleep 1; done; sleep 5; $1; echo lived" \
		>"$dir/session" 2>&1 &
	rescue_session=$!
	until grep -qs begun "$dir/session"; do
		kill -0 "$rescue_session" 2>/dev/null || fail "no login: $(cat "$dir/session")"
		sleep 0.2
	done
}

# rescue_close_login: fails unless it lived.
rescue_close_login() {
	wait "$rescue_session" || fail "the login ended: $(cat "$dir/session")"
	grep -q lived "$dir/session" || fail "the login has lost its tools: $(cat "$dir/session")"
}

# rescue_wait_ssh SECONDS: until a login works.
rescue_wait_ssh() {
	rescue_ssh_until "$1" true "no login by ssh within $1 s"
	say "$(($(vm_now) - rescue_began)) s: a login by ssh"
}

# rescue_expect_disk_key SECONDS FINGERPRINT: the console says that the host key is that of a disk.
rescue_expect_disk_key() {
	# A fingerprint may have a +.
	rescue_expect "$1" "ssh host key $(echo "$2" | sed 's/+/[+]/g') \(local disk\)"
}

# rescue_has_key FINGERPRINT: whether the server of ssh shows this host key.
rescue_has_key() {
	rescue_in ssh-keyscan -t ed25519 "$rescue_address" 2>/dev/null | ssh-keygen -l -f - | grep -qF "$1"
}
