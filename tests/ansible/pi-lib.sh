# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A Raspberry Pi with an EEPROM for the tests of the role eeprom: the folder $FAKE_PI, and commands
# that read and write it (fake/pi explains them). Source it after lib.sh.
#
#   make_key NAME      -> $dir/NAME.pem, and $dir/NAME.bin as it lies in the EEPROM
#   make_image FILE [DATE]...   an EEPROM image of Raspberry Pi: no key; $dir/conf is its configuration
#   make_pi [REVISION] -> $FAKE_PI without a card, with the key owner, and $dir/conf
#   add_card           the machine has an SD card
#   faults WORD...     what goes wrong from now on
#   eeprom_has FILE    -> $dir/has: the files in the EEPROM image, and what farroot-image prints of it
# shellcheck disable=SC2154

need openssl xxd
rm -f "$dir/bin/farroot-image"
printf '#!/bin/sh\nexec sh "%s" "$@"\n' "$(cd "$srcdir/image" && pwd)/farroot-image" >"$dir/bin/farroot-image"
chmod +x "$dir/bin/farroot-image"
for name in vcgencmd flashrom rpi-eeprom-update pi-start; do
	ln -s "$(cd "$srcdir/tests/ansible/fake" && pwd)/pi" "$dir/bin/$name"
done
# Raspberry Pi's own tool, where it is installed.
command -v rpi-eeprom-config >/dev/null || ln -s "$(cd "$srcdir/tests/ansible/fake" && pwd)/pi" "$dir/bin/rpi-eeprom-config"
export FAKE_PI="$dir/pi"
export ANSIBLE_CONNECTION_PLUGINS
ANSIBLE_CONNECTION_PLUGINS=$(cd "$srcdir/tests/ansible/fake/connection" && pwd)

make_key() {
	openssl genrsa -out "$dir/$1.key" 2048 2>/dev/null || fail "no key"
	openssl pkey -in "$dir/$1.key" -pubout -out "$dir/$1.pem" || fail "no key"
	/usr/bin/python3 -c 'import sys
sys.stdout.buffer.write(bytes.fromhex(sys.argv[1])[::-1] + (65537).to_bytes(8, "little"))' \
		"$(openssl rsa -pubin -in "$dir/$1.pem" -noout -modulus | cut -d = -f 2)" >"$dir/$1.bin"
}

# make_image FILE DATE [NAME=FILE]...
make_image() {
	image_out=$1
	image_seconds=$(date -u -d "$2 12:00" +%s)
	shift 2
	/usr/bin/python3 "$srcdir/tests/image/eeprom-image.py" "$image_out.raw" bootconf.txt="$dir/conf" "$@" || fail "no image"
	sed "s/BUILD_TIMESTAMP=1779045198/BUILD_TIMESTAMP=$image_seconds/" "$image_out.raw" >"$image_out"
	rm "$image_out.raw"
}

# A setting under a condition, an unknown one, and a secret.
make_conf() {
	cat >"$dir/conf" <<'EOT'
[all]
BOOT_UART=1
BOOT_ORDER=0xf217
HTTP_HOST=old.example.org
HTTP_PATH=pi
NET_INSTALL_ENABLED=0
REBOOT_ON_FATAL_ERROR=1
BOOT_WATCHDOG_TIMEOUT=1800
SOMETHING_NEW=7
[0x12345678]
HTTP_PATH=other
[farroot]
farroot.password=hunter2hunter2
EOT
}

# The revision codes of a 4B with 2 GB, a 400 and a CM4 are b03114, c03130 and b03140.
make_pi() {
	rm -rf "$FAKE_PI"
	mkdir -p "$FAKE_PI/root/dev" "$FAKE_PI/root/etc/systemd/system" "$FAKE_PI/root/usr/lib/systemd/system"
	tree=$FAKE_PI/root/proc/device-tree
	mkdir -p "$tree/system" "$tree/chosen/bootloader" "$tree/aliases" "$FAKE_PI/root/sys/firmware/devicetree/base/reserved-memory"
	printf 'Raspberry Pi 4 Model B Rev 1.4\0' >"$tree/model"
	printf '10000000abcdef01\0' >"$tree/serial-number"
	printf '%08x' "0x${1:-b03114}" | xxd -r -p >"$tree/system/linux,revision"
	printf '\0\0\0\1' >"$tree/chosen/rpi-min-boot-ver"
	for number in 0 1; do
		node=$FAKE_PI/root/sys/firmware/devicetree/base/reserved-memory/nvram@$number
		mkdir -p "$node" "$FAKE_PI/root/sys/bus/nvmem/devices/rmem$number"
		ln -s "$node" "$FAKE_PI/root/sys/bus/nvmem/devices/rmem$number/of_node"
	done
	printf '/reserved-memory/nvram@0\0' >"$tree/aliases/blconfig"
	printf '/reserved-memory/nvram@1\0' >"$tree/aliases/blpubkey"
	: >"$FAKE_PI/root/dev/spidev0.0"
	echo "/dev/nbd0 / squashfs ro 0 0" >"$FAKE_PI/root/proc/mounts"
	make_image "$FAKE_PI/chip.bin" 2026-05-17 pubkey.bin="$dir/owner.bin"
	cp "$FAKE_PI/chip.bin" "$FAKE_PI/factory.bin"
	pi-start || fail "the machine does not start"
}

add_card() {
	mkdir -p "$FAKE_PI/boot"
	echo start >"$FAKE_PI/boot/start4.elf"
	echo "/dev/mmcblk0p1 $FAKE_PI/boot vfat rw 0 0" >>"$FAKE_PI/root/proc/mounts"
}

faults() {
	echo "$*" >"$FAKE_PI/faults"
}

eeprom_has() {
	rm -rf "$dir/has"
	farroot-image eeprom --read "$1" -o "$dir/has" >"$dir/has.out" || fail "$1 cannot be read"
	cat "$dir/has.out" >>"$dir/has/printed"
}
