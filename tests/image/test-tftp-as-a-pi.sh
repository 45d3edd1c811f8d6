#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# dnsmasq serves OUT/tftp, and a client that asks in the order of a Pi 4 gets the very files
# of boot.img, with a folder for its serial number and without one.
. "${srcdir:-..}/tests/image/lib.sh"
need_tftp
make_site
make_raspberrypi_kernel

boot --prefix 9ffefdef
ask 9ffefdef/
for file in kernel8.img initrd rescue.cpio config.txt cmdline.txt bcm2711-rpi-4-b.dtb start4.elf fixup4.dat overlays/overlay_map.dtb; do
	mcopy -n -i "$out/http/boot.img" "::$file" "$dir/file"
	cmp "$dir/file" "$dir/got/$file" || fail "$file by TFTP is not that of boot.img"
	rm "$dir/file"
done
same "$(grep -c '^get .* missing' "$dir/asked.log")" 0 "files that are missing"
same "$(head -n 4 "$dir/asked.log" | tr '\n' ',')" \
	"probe 9ffefdef/start4.elf found,get 9ffefdef/config.txt $(stat -c %s "$out/card/config.txt"),probe 9ffefdef/recover4.elf missing,probe 9ffefdef/recovery.elf missing," \
	"the first requests"

# Another Pi: its folder is not there, and the files lie at the top.
boot
ask 12345678/
grep -qx 'probe 12345678/start.elf missing' "$dir/asked.log" || fail "the folder of another Pi was found"
cmp "$out/card/kernel8.img" "$dir/got/kernel8.img" || fail "another kernel"
