# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Reads the image of a Pi 4's EEPROM (512 KiB), in the format of Raspberry Pi's
# rpi-eeprom-config, which also writes it where it is installed.  The image is a list of
# sections, each at a multiple of 8 bytes, numbers big-endian:
#
#   4 bytes  magic, 55aaf00f under the mask fffff00f; 55aaf11f is a file
#   4 bytes  length of what follows
#   a file:  12 bytes name, 4 bytes reserved, contents
#
# It ends at a magic of 00000000 or ffffffff.
# shellcheck shell=dash

# boot_temp is set by boot-common.sh.
# shellcheck disable=SC2154

eeprom_image_size=$((512 * 1024))

# eeprom_sections IMAGE: a line "OFFSET LENGTH NAME" for each file in it, of its contents.
eeprom_sections() {
	eeprom_size=$(boot_size "$1")
	[ "$eeprom_size" != $((2 << 20)) ] || die "$1: is an EEPROM image of a Pi 5 (2 MiB); only a Pi 4 and CM4 (512 KiB) are supported"
	[ "$eeprom_size" = $eeprom_image_size ] || die "$1: $eeprom_size bytes; an EEPROM image of a Pi 4 has $eeprom_image_size"
	eeprom_offset=0
	while [ $((eeprom_offset + 24)) -le "$eeprom_size" ]; do
		eeprom_header=$(tail -c "+$((eeprom_offset + 1))" "$1" | head -c 24 | xxd -p -c 24)
		eeprom_magic=0x$(echo "$eeprom_header" | cut -c 1-8)
		case $eeprom_magic in
		0x00000000 | 0xffffffff) return 0 ;;
		esac
		[ $((eeprom_magic & 0xfffff00f)) = $((0x55aaf00f)) ] ||
			die "$1: no section at byte $eeprom_offset ($eeprom_magic); is it an EEPROM image?"
		eeprom_length=$((0x$(echo "$eeprom_header" | cut -c 9-16)))
		[ $((eeprom_offset + 8 + eeprom_length)) -le "$eeprom_size" ] ||
			die "$1: the section at byte $eeprom_offset is longer than the image; it is damaged"
		if [ $((eeprom_magic)) = $((0x55aaf11f)) ] && [ "$eeprom_length" -ge 16 ]; then
			echo "$((eeprom_offset + 24)) $((eeprom_length - 16)) $(eeprom_section_name "$eeprom_header")"
		fi
		eeprom_offset=$(((eeprom_offset + 8 + eeprom_length + 7) / 8 * 8))
	done
}

# The 12 bytes after magic and length, up to the first zero, letters of file names only.
eeprom_section_name() {
	echo "$1" | cut -c 17-40 | xxd -r -p | tr -d '\0' | tr -c 'A-Za-z0-9._-' _
}

# eeprom_file IMAGE NAME TO: the contents of a file; fails if there is none.
eeprom_file() {
	eeprom_found=$(eeprom_sections "$1") || exit 1
	eeprom_found=$(echo "$eeprom_found" | awk -v name="$2" '$3 == name { print $1, $2; exit }')
	[ -n "$eeprom_found" ] || return 1
	tail -c "+$((${eeprom_found% *} + 1))" "$1" | head -c "${eeprom_found#* }" >"$3" ||
		die "$3: cannot be written; is the disk full?"
}

# eeprom_build_date IMAGE: YYYY-MM-DD of the boot loader, or nothing.
eeprom_build_date() {
	eeprom_seconds=$(grep -a -o 'BUILD_TIMESTAMP=[0-9]*' "$1" | head -n 1 | cut -d = -f 2)
	[ -z "$eeprom_seconds" ] || date -u -d "@$eeprom_seconds" +%Y-%m-%d
}

# eeprom_key_hex PUBLIC: the key as it lies in pubkey.bin: modulus (256 bytes) and exponent
# (8 bytes), both little-endian.
eeprom_key_hex() {
	eeprom_modulus=$(openssl rsa -pubin -in "$1" -noout -modulus 2>/dev/null | cut -d = -f 2 | tr A-F a-f)
	eeprom_exponent=$(openssl rsa -pubin -in "$1" -noout -text 2>/dev/null | sed -n 's/^Exponent: \([0-9]*\).*/\1/p')
	{ [ ${#eeprom_modulus} = 512 ] && [ -n "$eeprom_exponent" ]; } || die "$1: openssl cannot read this key"
	printf '%s%016x' "$eeprom_modulus" "$eeprom_exponent" | fold -w 2 | awk '
		NR <= 256 { n = $0 n }
		NR > 256 { e = $0 e }
		END { print n e }'
}

# eeprom_key_pem PUBKEY.BIN PEM: fails if there is no key in it.
eeprom_key_pem() {
	eeprom_key=$(head -c 264 "$1" | xxd -p | tr -d '\n')
	case $eeprom_key in
	# The exponent 65537, the only one in use.
	*0100010000000000) ;;
	*) return 1 ;;
	esac
	eeprom_modulus=$(echo "$eeprom_key" | cut -c 1-512 | fold -w 2 | awk '{ n = $0 n } END { print n }')
	# SubjectPublicKeyInfo of an RSA key of 2,048 bits, RFC 8017.
	printf '%s%s0203010001' 30820122300d06092a864886f70d01010105000382010f003082010a0282010100 "$eeprom_modulus" |
		xxd -r -p | openssl pkey -pubin -inform DER -out "$2" 2>/dev/null
}

# eeprom_check_ca CA CONFIG: the certificate fits into the image, and is the one of HTTP_CACERT_HASH in CONFIG.  The
# boot loader compares both, and without the hash it uses no TLS.
eeprom_check_ca() {
	boot_need_file "$1" "a certificate in DER form"
	openssl x509 -inform DER -in "$1" -noout >/dev/null 2>&1 ||
		die "$1: is no certificate in DER form; convert it: openssl x509 -in FILE -outform DER -out ca.der"
	[ "$(boot_size "$1")" -le 4076 ] ||
		die "$1: has $(boot_size "$1") bytes, and the EEPROM has room for a certificate of 4076; use an authority with a shorter key or fewer extensions"
	eeprom_ca_sum=$(sha256sum <"$1" | cut -d ' ' -f 1)
	eeprom_ca_given=$(sed -n 's/^HTTP_CACERT_HASH=\([0-9a-f]*\).*/\1/p' "$2" | sort -u)
	case $eeprom_ca_given in
	"$eeprom_ca_sum") ;;
	'') say "note: the configuration has no HTTP_CACERT_HASH, so the boot loader does not use $1; add --ca-hash $eeprom_ca_sum" ;;
	*) die "$1: its SHA-256 is $eeprom_ca_sum, and not that of HTTP_CACERT_HASH ($(echo "$eeprom_ca_given" | tr '\n' ' ' | sed 's/ $//')), so the boot loader would refuse it" ;;
	esac
}

# eeprom_image_make CONFIG BASE PUBLIC CA NEW: by the vendor's tool, and reads the result
# back.  PUBLIC and CA may be empty.
eeprom_image_make() {
	command -v rpi-eeprom-config >/dev/null ||
		die "rpi-eeprom-config is not installed; it is in the package rpi-eeprom of Raspberry Pi OS, or take the script from github.com/raspberrypi/rpi-eeprom; --public-key also needs python3-pycryptodome"
	[ -n "$3" ] || ! eeprom_image_has_key "$2" ||
		say "note: $2 has a public key, which stays, since there is no --public-key"
	set -- "$1" "$2" "$3" "$4" "$5" "$boot_temp/rpi-eeprom-config.log"
	rpi-eeprom-config --config "$1" ${3:+--pubkey "$3"} ${4:+--cacertder "$4"} --out "$5" "$2" >"$6" 2>&1 </dev/null ||
		die "rpi-eeprom-config failed: $(tail -n 1 "$6"); for --pubkey it needs python3-pycryptodome"
	eeprom_file "$5" bootconf.txt "$boot_temp/back" || die "$5: has no bootconf.txt"
	cmp -s "$1" "$boot_temp/back" || die "$5: does not have the configuration that was given to rpi-eeprom-config"
	[ -n "$3" ] || return 0
	eeprom_file "$5" pubkey.bin "$boot_temp/back" || die "$5: has no pubkey.bin"
	[ "$(head -c 264 "$boot_temp/back" | xxd -p | tr -d '\n')" = "$(eeprom_key_hex "$3")" ] ||
		die "$5: does not have the key $3"
}

eeprom_image_has_key() {
	eeprom_file "$1" pubkey.bin "$boot_temp/key" && eeprom_key_pem "$boot_temp/key" "$boot_temp/key.pem"
}
