# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# For the tests of farroot-image's boot files: a tiny site, a tiny output of
# farroot-image rescue, and firmware that is no firmware.  Source it first.
#
#   make_site       -> $site, $from, $firmware
#   make_key NAME   -> $dir/NAME.key and $dir/NAME.pem
#   boot [OPTION].. -> $out, made with --key $dir/owner.key
#   refused TEXT COMMAND...: it fails with status 1 and one message that has TEXT
#   ask PREFIX      a client asks for $out/tftp as a Pi does; -> $dir/got, $dir/asked.log
. "${srcdir:-..}/tests/lib.sh"
need mkfs.vfat mcopy openssl xxd cpio
image=$srcdir/image/farroot-image
# A folder with spaces, as people have them.
site="$dir/my site"
from="$dir/rescue out"
firmware="$dir/fw"
out="$dir/boot files"
unset SOURCE_DATE_EPOCH
export FARROOT_IMAGE_CACHE="$dir/cache"

# farroot-image, as the tests call it.
farroot_image() {
	sh "$image" "$@"
}

make_site() {
	mkdir -p "$site/common/cmdline.d" "$from/dtbs" "$firmware"
	echo 'serial=shell' >"$site/site.conf"
	echo 'boot=farroot farroot=rescue' >"$site/common/cmdline.d/boot"
	make_kernel "$from/vmlinuz"
	make_archive "$from/initrd" 2 100001 gzip -n
	make_archive "$from/rescue.cpio" 3 200000 cat
	for name in 4-b 400 cm4-io; do
		{
			printf '\320\015\376\355'
			echo "device tree of $name"
		} >"$from/dtbs/bcm2711-rpi-$name.dtb"
	done
	echo 6.12.57+deb13-arm64 >"$from/kernel-version"
	echo arm64 >"$from/arch"
	seed=4 random_bytes 150000 >"$firmware/start4.elf"
	seed=5 random_bytes 5000 >"$firmware/fixup4.dat"
	make_key owner
}

# make_archive FILE SEED BYTES COMMAND...: one random file in a cpio archive, compressed by
# the command.
make_archive() {
	rm -rf "$dir/archive"
	mkdir "$dir/archive"
	seed=$2 random_bytes "$3" >"$dir/archive/file"
	touch -d @1600000000 "$dir/archive/file"
	archive_out=$1
	shift 3
	(cd "$dir/archive" && echo file | cpio -o -H newc --quiet --reproducible -R 0:0) | "$@" >"$archive_out"
}

# The header of an arm64 Image, then bytes that gzip makes smaller.
make_kernel() {
	{
		printf 'MZ\000\221'
		head -c 52 /dev/zero
		printf 'ARM\144'
		seed=1 random_bytes 50000
		head -c 100000 /dev/zero
	} >"$1"
}

# A kernel of Raspberry Pi, with overlays.
make_raspberrypi_kernel() {
	echo 6.12.47+rpt-rpi-v8 >"$from/kernel-version"
	mkdir -p "$from/overlays"
	for name in overlay_map.dtb audremap.dtbo disable-bt.dtbo spi-gpio40-45.dtbo vc4-fkms-v3d.dtbo \
		vc4-kms-v3d.dtbo vc4-kms-v3d-pi4.dtbo; do
		echo "overlay $name" >"$from/overlays/$name"
	done
	mv "$from/dtbs/bcm2711-rpi-cm4-io.dtb" "$from/dtbs/bcm2711-rpi-cm4.dtb"
}

make_key() {
	openssl genrsa -out "$dir/$1.key" "${2:-2048}" 2>>"$dir/openssl.log" || fail "openssl makes no key"
	openssl pkey -in "$dir/$1.key" -pubout -out "$dir/$1.pem" || fail "openssl makes no public key"
}

# boot_to OUT [OPTION]...: without a key.
boot_to() {
	boot_out=$1
	shift
	farroot_image boot "$site" --from "$from" --firmware "$firmware" -o "$boot_out" "$@"
}

boot() {
	boot_to "$out" --key "$dir/owner.key" "$@" >"$dir/boot.log" 2>&1 || fail "farroot-image boot failed"
}

# refused TEXT COMMAND...: status 1, and the last line of its messages has TEXT.
refused() {
	text=$1
	shift
	status=0
	"$@" >"$dir/refused.out" 2>"$dir/refused.log" </dev/null || status=$?
	same "$status" 1 "status of $*"
	tail -n 1 "$dir/refused.log" | grep -qF -e "$text" || fail "$*: the message has no '$text'"
	! grep -q 'Traceback\|: not found\|cannot open\|syntax error' "$dir/refused.log" || fail "$*: a message of another program"
}

# Files that begin with a dot are temporary ones.
nothing_left() {
	left=$(find "$dir" -name '.farroot-image.*')
	[ -z "$left" ] || fail "temporary files are left: $left"
}

need_tftp() {
	need_root
	need dnsmasq python3 unshare ip
	unshare -n true 2>/dev/null || skip "no network namespace can be made"
}

# ask PREFIX: in a network namespace of its own, on its loopback device.
ask() {
	cat >"$dir/serve-and-ask" <<'END'
#!/bin/sh
# ROOT PREFIX GOT CLIENT
ip link set lo up || exit 1
dnsmasq --no-daemon --conf-file=/dev/null --port=0 --listen-address=127.0.0.1 --bind-interfaces \
	--enable-tftp --tftp-root="$1" --user=root --pid-file= >"$3.dnsmasq" 2>&1 &
server=$!
tries=0
until grep -q ':0045 ' /proc/net/udp; do
	tries=$((tries + 1))
	[ $tries -lt 200 ] || exit 1
	sleep 0.05
done
timeout 60 python3 "$4" 127.0.0.1 "$2" "$3"
status=$?
kill $server
wait $server
exit $status
END
	rm -rf "$dir/got"
	mkdir "$dir/got"
	unshare -n sh "$dir/serve-and-ask" "$(cd "$out/tftp" && pwd)" "$1" "$dir/got" "$srcdir/tests/image/pi-tftp.py" \
		>"$dir/asked.log" 2>&1 || fail "the client ended with $?"
}
