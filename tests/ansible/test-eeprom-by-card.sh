#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The role eeprom by a card: the files on the card count as written, the key is known after the restart,
# a card that does nothing is noticed; and what the role refuses, with its reason.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/pi-lib.sh"
make_conf
make_key owner
make_key other
make_pi
add_card
make_image "$dir/stock.bin" 2026-05-17
make_image "$dir/new.bin" 2026-08-04
variables "ansible_connection: pi
_eeprom_root: $FAKE_PI/root
eeprom_backup_folder: $dir/backups
eeprom_image: $dir/new.bin
eeprom_public_key: $dir/owner.pem
eeprom_settings: {HTTP_HOST: boot.example.org}"

# The key in the EEPROM is not shown.
refuses 'eeprom_replace_public_key: true' eeprom -- --check
first='{"eeprom_replace_public_key": true}'
play eeprom -- --check --diff -e "$first"
changed some "check mode before the first run"
[ ! -e "$FAKE_PI/boot/pieeprom.upd" ] || fail "check mode writes to the card"
play eeprom -- --diff -e "$first"
changed some "the first run"
said '+version: 2026-08-04'
said '-public key: not known'
said "+public key: $(sha256_of <"$dir/owner.pem")"
cmp "$FAKE_PI/chip.bin" "$FAKE_PI/factory.bin" || fail "the EEPROM has changed before the restart"
cmp "$dir/conf" "$dir"/backups/localhost-2026-05-17-*.conf || fail "no copy of the old configuration"
# Once more before the restart, which the card ignores at first.
play eeprom
changed 0 "the second run"
faults card-is-ignored
refuses 'its boot loader is of 2026-05-17 (2026-08-04 was written), with another configuration. The card' eeprom -- -e eeprom_reboot=true
faults
play eeprom -- -e eeprom_reboot=true
changed 1 "the run with a restart"
eeprom_has "$FAKE_PI/chip.bin"
grep -qx 'boot loader of 2026-08-04' "$dir/has/printed" || fail "another version"
grep -qx HTTP_HOST=boot.example.org "$dir/has/bootconf.txt" || fail "another configuration"
cmp "$dir/has/public.pem" "$dir/owner.pem" || fail "another key"
play eeprom
changed 0 "the run after the restart"

# What is refused.
make_image "$dir/2025-08-27.bin" 2025-08-27
make_image "$dir/2025-09-22.bin" 2025-09-22
head -c 1000 "$dir/stock.bin" >"$dir/short.bin"
good=$(sha256_of <"$FAKE_PI/chip.bin")
variables "eeprom_way: flashrom"
wrong 'EEPROM version 2025-08-27: an answer 404 stops a CM4 for ever' "{\"eeprom_image\": \"$dir/2025-08-27.bin\"}"
wrong 'EEPROM version 2025-09-22: network boot of a Pi 4 is broken' "{\"eeprom_image\": \"$dir/2025-09-22.bin\"}"
wrong 'has a newer boot loader, of 2026-08-04' "{\"eeprom_image\": \"$dir/stock.bin\"}"
wrong '1000 bytes; an EEPROM image of a Pi 4 has 524288' "{\"eeprom_image\": \"$dir/short.bin\"}"
wrong "$dir/no.bin: No such file" "{\"eeprom_image\": \"$dir/no.bin\"}"
wrong 'is not the key in the EEPROM' "{\"eeprom_public_key\": \"$dir/other.pem\"}"
wrong 'is a private key' "{\"eeprom_public_key\": \"$dir/owner.key\"}"
wrong 'FREEZE_VERSION=1: the boot loader then refuses every update' '{"eeprom_settings": {"FREEZE_VERSION": "1"}}'
wrong 'BOOT_ORDER: 61975: must be one line of text in quotes' '{"eeprom_settings": {"BOOT_ORDER": 0xf217}}'
wrong 'HTTP_HOST=Boot.Example: lower case only' '{"eeprom_settings": {"HTTP_HOST": "Boot.Example"}}'
wrong 'must be the name of a setting' '{"eeprom_settings": {"boot order": "0xf1"}}'
wrong 'NET_INSTALL_ENABLED: False: must be one line of text in quotes' '{"eeprom_settings": {"NET_INSTALL_ENABLED": no}}'
wrong 'HTTP_HOST: is in eeprom_settings, too' '{"eeprom_removed_settings": ["HTTP_HOST"]}'
wrong 'must be an absolute path' '{"eeprom_backup_folder": "backups"}'
wrong 'but eeprom_public_key is not set' \
	'{"eeprom_replace_public_key": true, "eeprom_public_key": "", "eeprom_image": ""}'
wrong 'value of eeprom_way must be one of' '{"eeprom_way": "wifi"}'
refuses_all eeprom
same "$(sha256_of <"$FAKE_PI/chip.bin")" "$good" "the chip after what was refused"
[ ! -e "$FAKE_PI/writes" ] || fail "the chip was written"
