#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The modules of the role eeprom: what they read, refuse, make and write, and what they do
# when a write fails.
. "${srcdir:-..}/tests/lib.sh"
. "$srcdir/tests/ansible/lib.sh"
. "$srcdir/tests/ansible/pi-lib.sh"
/usr/bin/python3 -c 'import ansible' 2>/dev/null || skip "ansible is not installed for /usr/bin/python3"
make_conf
make_key owner
make_key other
mv "$dir/other.bin" "$dir/other-key.bin"
openssl genrsa 3072 2>/dev/null | openssl pkey -pubout -out "$dir/large.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null \
	-subj /CN=test -outform DER -out "$dir/ca.der" 2>/dev/null
make_pi
make_image "$dir/stock.bin" 2026-05-17
make_image "$dir/2026-08-04.bin" 2026-08-04
make_image "$dir/other.bin-image" 2026-08-04 pubkey.bin="$dir/other-key.bin"
# The commands that the modules may find, and no others of this machine.
for name in farroot-image rpi-eeprom-config; do
	[ -e "$dir/bin/$name" ] || ln -s "$(command -v $name)" "$dir/bin/$name"
done
EEPROM_IMAGE=$srcdir/tests/image/eeprom-image.py PYTHONPATH="$dir/collections" \
	timeout -k 5 "$(slack 240)" /usr/bin/python3 "$srcdir/tests/ansible/eeprom-modules.py" "$dir" >"$dir/units.log" 2>&1 ||
	{
		cat "$dir/units.log" >&2
		fail "see above"
	}
grep -q '^Ran [1-9]' "$dir/units.log" || fail "no test was run"
