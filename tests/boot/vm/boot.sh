# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A boot from an origin as a test: sourced by tests/boot/test-boot-*.sh.  They call
# boot_prepare and boot_start, then make their checks, then call boot_check_log.
# BOOT_KEEP=FILE in the environment keeps the console's log.
# shellcheck shell=dash

boot_here=$(cd "${srcdir:-$(dirname "$0")/../..}/tests/boot/vm" && pwd)
vm_here=$boot_here
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$boot_here/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../slack.sh
. "$boot_here/../../slack.sh"

boot_say() {
	echo "$(date +%T) $*"
}

boot_fail() {
	echo "FAILED: $*"
	echo "--- the guest's console, from its last 60 lines:"
	tail -n 60 "$boot_log" 2>/dev/null | tr -d '\r'
	exit 1
}

boot_cleanup() {
	[ -d "$boot_dir" ] || return 0
	[ -z "${boot_pid-}" ] || kill "$boot_pid" 2>/dev/null || true
	"$boot_here/serve" stop "$boot_dir/origin"
	[ -z "${BOOT_KEEP-}" ] || cp "$boot_log" "$BOOT_KEEP"
	rm -rf "$boot_dir"
}

# A private CA that every image here trusts by farroot.cainfo=/etc/farroot/ca.pem,
# made once so that images can be kept.
boot_make_ca() {
	boot_ca=$(vm_work_dir)/ca-of-tests
	exec 8>"$boot_ca.lock"
	flock 8
	if [ ! -d "$boot_ca" ]; then
		rm -rf "$boot_ca.new"
		mkdir "$boot_ca.new"
		(
			cd "$boot_ca.new"
			openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
				-subj /CN=boot-test-ca -keyout ca.key -out ca.pem
			openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
				-subj /CN=boot-test -addext subjectAltName=IP:10.0.2.2 \
				-CA ca.pem -CAkey ca.key -keyout server.key -out server.pem
			install -D -m 644 ca.pem site/rootfs/files/etc/farroot/ca.pem
		) 2>/dev/null || boot_fail "openssl"
		mv "$boot_ca.new" "$boot_ca"
	fi
	exec 8>&-
}

# The site of the image; with $boot_modules (words) in its initramfs, and $boot_settings (words) in site.conf.
boot_site() {
	if [ -z "${boot_modules-}${boot_settings-}" ]; then
		echo "$boot_ca/site"
		return
	fi
	cp -R "$boot_ca/site" "$boot_dir/site"
	if [ -n "${boot_modules-}" ]; then
		mkdir -p "$boot_dir/site/rootfs/modules.d"
		# shellcheck disable=SC2086 # words
		printf '%s\n' $boot_modules >"$boot_dir/site/rootfs/modules.d/of-the-test"
	fi
	if [ -n "${boot_settings-}" ]; then
		# shellcheck disable=SC2086 # words
		printf '%s\n' $boot_settings | cat "$boot_here/../site/site.conf" - >"$boot_dir/site/site.conf"
	fi
	echo "$boot_dir/site"
}

# boot_prepare ARCH: an image on an origin.  Sets boot_url, boot_https_url and
# boot_roothash.
boot_prepare() {
	boot_arch=$1
	[ "$(id -u)" = 0 ] || boot_skip "not root"
	for boot_tool in mmdebstrap mksquashfs nginx socat openssl "$(boot_qemu)"; do
		PATH=$PATH:/usr/sbin command -v "$boot_tool" >/dev/null || boot_skip "no $boot_tool"
	done
	boot_dir=$(mktemp -d)
	boot_log=$boot_dir/console
	trap boot_cleanup EXIT
	trap 'exit 130' INT TERM
	boot_say "building farroot and a Debian for $boot_arch"
	vm_use_tools || boot_fail "make-debs"
	boot_make_ca
	boot_image=$(vm_root "$boot_arch" "$(boot_site)") || boot_fail "farroot-image rootfs"
	mkdir "$boot_dir/www"
	ln "$boot_image/root.img" "$boot_dir/www/root.img" 2>/dev/null || cp "$boot_image/root.img" "$boot_dir/www/root.img"
	boot_roothash=$(cat "$boot_image/roothash")
	boot_size=$(stat -c %s "$boot_dir/www/root.img")
	boot_serve
	boot_url=http://10.0.2.2:$boot_port/root.img
	# shellcheck disable=SC2034 # for the tests
	boot_https_url=https://10.0.2.2:$((boot_port + 1))/root.img
}

boot_qemu() {
	case "$boot_arch" in
	arm64) echo qemu-system-aarch64 ;;
	*) echo qemu-system-x86_64 ;;
	esac
}

boot_skip() {
	echo "SKIPPED: $*"
	exit 77
}

boot_serve() {
	boot_port=$("$boot_here/serve" start "$boot_dir/origin" "$boot_dir/www" \
		"$boot_ca/server.pem" "$boot_ca/server.key") ||
		boot_fail "no origin"
}

# boot_stop_machine: as if its power was cut.
boot_stop_machine() {
	kill "$boot_pid"
	wait "$boot_pid" || true
	boot_pid=
}

boot_stop_serving() {
	"$boot_here/serve" stop "$boot_dir/origin"
}

boot_bytes() {
	"$boot_here/serve" bytes "$boot_dir/origin"
}

# boot_start KERNEL-ARGUMENT...
# $boot_vm_options: more options for run-vm.
boot_start() {
	: >"$boot_log"
	boot_console=$boot_dir/tty
	# shellcheck disable=SC2086 # words
	"$boot_here/run-vm" ${boot_vm_options-} --arch "$boot_arch" --serial "$boot_log" --console "$boot_console" "$boot_image" \
		boot=farroot "farroot=$boot_url" "roothash=$boot_roothash" ip=dhcp "$@" 9>&- &
	boot_pid=$!
	boot_began=$(vm_now)
	boot_say "the machine is on"
}

# boot_type TEXT: a line, on the console.
boot_type() {
	printf '%s\n' "$1" | socat -t 1 - "UNIX-CONNECT:$boot_console" >/dev/null
}

# boot_run NAME COMMAND: in a shell on the console; its last line says how it ended.
boot_run() {
	boot_type "$2; echo $1-'ended'-\$?"
	boot_expect 600 "$1-ended-"
	boot_seen "$1-ended-0" || boot_fail "$1"
}

# boot_expect SECONDS PATTERN: on the console.
boot_expect() {
	boot_limit=$(slack "$1")
	vm_wait_for "$boot_limit" "$boot_pid" "$boot_log" "$2" || boot_fail "no \"$2\" within $boot_limit s"
	boot_say "$(($(vm_now) - boot_began)) s: \"$2\", $(boot_bytes) of $boot_size bytes moved"
}

boot_seen() {
	grep -aqE -e "$1" "$boot_log"
}

# boot_expect_off SECONDS: the machine must turn itself off.
boot_expect_off() {
	boot_limit=$(slack "$1")
	boot_until=$(($(vm_now) + boot_limit))
	while kill -0 "$boot_pid" 2>/dev/null; do
		[ "$(vm_now)" -lt "$boot_until" ] || boot_fail "not off within $boot_limit s"
		sleep 0.5
	done
	boot_pid=
	boot_say "$(($(vm_now) - boot_began)) s: off"
}

# Messages that no boot may show, and messages that every running system must show.
boot_check_log() {
	if grep -aE 'I/O error|SQUASHFS error|nbd[0-9]*: Connection timed out|shutting down sockets|Kernel panic|vm-report: (error|kernel|failed|cannot)' \
		"$boot_log"; then
		boot_fail "see the lines above"
	fi
	boot_seen 'vm-report: daemon=@nbdkit oom=-1000 nice=-20 root=/run/initramfs/farroot' ||
		boot_fail "no daemon in the running system"
	! boot_seen 'vm-report: another client' || boot_fail "the server of the root accepts other clients"
	boot_seen 'vm-report: status=.*"state":"' || boot_fail "farroot status does not work there"
}
