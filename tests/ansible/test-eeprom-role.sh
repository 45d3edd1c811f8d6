#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The role eeprom by flashrom, with a machine that is a folder: the first run changes the
# EEPROM and keeps its key, the second run changes nothing, check mode and --diff tell the truth and
# show no secret; a restart is checked; a write that fails says what to do, and stops the playbook.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/pi-lib.sh"
make_conf
make_key owner
make_key other
make_pi
backups=$dir/backups
variables "ansible_connection: pi
_eeprom_root: $FAKE_PI/root
eeprom_backup_folder: $backups
eeprom_settings:
  BOOT_ORDER: '0xf127'
  HTTP_HOST: boot.example.org"
play_eeprom() {
	play eeprom -- "$@"
	! grep -q hunter2 "$dir/play.out" || fail "the output has a secret: $(grep hunter2 "$dir/play.out")"
}
no_files_left() {
	[ -z "$(find "$dir/home/tmp" -name '*farroot-eeprom.*')" ] || fail "files are left: $(find "$dir/home/tmp")"
}
chip_is() {
	same "$(sha256_of <"$FAKE_PI/chip.bin")" "$1" "the chip $2"
}

# By flashrom.
factory=$(sha256_of <"$FAKE_PI/chip.bin")
play_eeprom --check --diff -vvv
changed some "check mode before the first run"
said '+HTTP_HOST=boot.example.org'
said '-BOOT_ORDER=0xf217'
chip_is "$factory" "after check mode"
[ ! -e "$backups" ] || fail "check mode makes a backup"
[ ! -e "$FAKE_PI/writes" ] || fail "check mode writes"
play_eeprom --diff -vvv
changed some "the first run"
said '+HTTP_HOST=boot.example.org'
said 'counts after the next restart of this machine'
eeprom_has "$FAKE_PI/chip.bin"
sed -e 's/0xf217/0xf127/' -e 's/old.example/boot.example/' "$dir/conf" | diff - "$dir/has/bootconf.txt" >&2 || fail "another configuration"
cmp "$dir/has/public.pem" "$dir/owner.pem" || fail "the key is lost"
same "$(wc -l <"$FAKE_PI/writes")" 1 "writes of the chip"
backup=$(echo "$backups"/localhost-2026-05-17-*.bin)
same "$(sha256_of <"$backup")" "$factory" "the backup"
same "$(stat -c %a "$backups" "$backup" | tr '\n' ' ')" "700 600 " "the mode of the backup"
written=$(sha256_of <"$FAKE_PI/chip.bin")
play_eeprom
changed 0 "the second run"
said 'counts after the next restart of this machine'
play_eeprom --check --diff
changed 0 "check mode after it"
chip_is "$written" "after the second run"

# The restart that is still needed, and none after it.
play_eeprom -e eeprom_reboot=true
changed 1 "a run with a restart"
play_eeprom -e eeprom_reboot=true
changed 0 "the run after the restart"
chip_is "$written" "after the restart"
no_files_left

# Another version, with the same configuration, key, and a copy of the old one.
make_image "$dir/new.bin" 2026-08-04
touch "$FAKE_PI/root/usr/lib/systemd/system/rpi-eeprom-update.service"
play_eeprom --diff -e eeprom_image="$dir/new.bin" -e eeprom_public_key="$dir/owner.pem" -e eeprom_reboot=true
said '+version: 2026-08-04'
eeprom_has "$FAKE_PI/chip.bin"
grep -qx 'boot loader of 2026-08-04' "$dir/has/printed" || fail "another version"
cmp "$dir/has/public.pem" "$dir/owner.pem" || fail "the key is lost with a new version"
grep -qx HTTP_HOST=boot.example.org "$dir/has/bootconf.txt" || fail "the configuration is lost with a new version"
same "$(readlink "$FAKE_PI/root/etc/systemd/system/rpi-eeprom-update.service")" /dev/null "the automatic update"

# A write that fails: with the old contents back, and without.
settings='{"eeprom_settings": {"HTTP_HOST": "third.example.org"}}'
cp "$FAKE_PI/chip.bin" "$FAKE_PI/factory.bin"
faults half-of-new
refuses 'has its old contents again, which was checked: the machine can be restarted' eeprom -- -e "$settings"
cmp "$FAKE_PI/chip.bin" "$FAKE_PI/factory.bin" || fail "the chip after a write that failed"
no_files_left
faults half
refuses 'DO NOT RESTART this machine' eeprom -- -e "$settings" -e eeprom_reboot=true
kept=$(tr -s ' \n' ' ' <"$dir/play.out" | sed -n 's/.* -w \([^;]*old.bin\);.*/\1/p')
cmp "$kept" "$FAKE_PI/factory.bin" || fail "the machine has no copy of the old contents"
! grep -q 'Restart the machine' "$dir/play.out" || fail "a restart after a write that failed"
flashrom -p linux_spi:dev=/dev/spidev0.0,spispeed=8000 -w "$kept" >&2 && fail "the fault is gone"
rm -r "${kept%/old.bin}"
faults
cp "$FAKE_PI/factory.bin" "$FAKE_PI/chip.bin"

# The playbook: one machine after the other, and none after a failure.
faults protected
cat >"$dir/hosts.yml" <<EOT
farroot_devices:
  hosts: {barn: , field: }
  vars: {ansible_become: false}
EOT
run_playbook -i "$dir/hosts.yml" -e "@$dir/vars.yml" farroot.rpi.eeprom
[ "$status" != 0 ] || fail "no failure of a playbook: $(cat "$dir/play.out")"
said 'the EEPROM is write-protected (hardware)'
! grep -q '^\(ok\|changed\|skipping\|fatal\): \[field\]' "$dir/play.out" || fail "the next machine after a failure: $(cat "$dir/play.out")"
