#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# QEMU's Raspberry Pi 4B boots what the firmware takes out of boot.img, with the device tree
# and the kernel arguments of boot.img as they are, to the serial login on the UART of the
# pins.  QEMU 10 has this machine, but neither its Ethernet nor its disks.  Its mini UART interrupts
# the kernel without an end, so the pins have the PL011, as with dtoverlay=disable-bt.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/rescue/lib.sh"

rescue_begin arm64
command -v fdtput >/dev/null || skip "no fdtput"
rescue_site shell
rescue_build
# QEMU restarts this machine when its watchdog is started, not when it is not fed.
rescue_fetch_as_a_pi farroot=rescue farroot.watchdog=no console=ttyAMA0,115200

# bench/qemu, if it has its own QEMU, sees this folder.
work=$(mktemp -d "$(vm_work_dir)/raspi4b.XXXXXX")
trap 'rescue_clean_up; rm -rf "$work"' EXIT
cp "$dir/taken/kernel" "$dir/taken/initramfs" "$work/"
cp "$dir/taken/dtb" "$work/dtb"
# What QEMU 10 lacks and a Pi has: the kernel would wait for it.
for node in interrupt-controller@7ef00100 i2c@7ef04500 i2c@7ef09500 clock@7ef00000 hdmi@7ef00700 hdmi@7ef05700; do
	fdtput -t s "$work/dtb" "/soc/$node" status disabled || fail "no $node in the device tree"
done
: >"$work/console"
rescue_log=$work/console
rescue_console=$work/tty
fdtput -t s "$work/dtb" /soc/serial@7e201000/bluetooth status disabled || fail "no Bluetooth in the device tree"
"$rescue_top/bench/qemu" arm64 -M raspi4b -smp 4 -accel tcg,thread=multi -display none -monitor none -no-reboot \
	-kernel "$work/kernel" -initrd "$work/initramfs" -dtb "$work/dtb" -append "$(cat "$dir/taken/cmdline")" \
	-chardev "socket,id=serial,path=$work/tty,server=on,wait=off,logfile=$work/console" -serial chardev:serial &
rescue_pid=$!
rescue_began=$(vm_now)
say "the Raspberry Pi is on"
rescue_expect 300 'rescue system of rescue'
# shellcheck disable=SC2016 # for the guest
rescue_type 'echo serial-$((6 * 7)); tr -d "\0" </proc/device-tree/model; echo; cat /proc/consoles; free -m'
rescue_expect 60 'serial-42'
rescue_expect 30 'Raspberry Pi 4 Model B'
rescue_expect 30 '^ttyAMA0 .*C'
rescue_type 'ls /dev/mmcblk* /sys/class/net; fsck.ext4 -V'
rescue_expect 60 'Using EXT2FS Library'
