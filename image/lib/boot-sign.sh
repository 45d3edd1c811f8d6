# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# boot.sig, the signature file beside boot.img, in the format of Raspberry Pi's
# rpi-eeprom-digest:
#
#   64 hex digits           SHA-256 of boot.img
#   ts: SECONDS             since 1970
#   rsa2048: 512 hex digits PKCS#1 v1.5 signature of the SHA-256
#
# The boot loader compares it with the RSA-2048 key in the EEPROM (pubkey.bin).
# shellcheck shell=dash

# sign_check_public FILE: a public key in PEM form, RSA, 2048 bits.
sign_check_public() {
	boot_need_file "$1" "a public RSA key in PEM form"
	sign_text=$(openssl pkey -pubin -in "$1" -noout -text 2>/dev/null </dev/null) || {
		! grep -q 'PRIVATE KEY' "$1" ||
			die "$1: is a private key; make its public key: openssl pkey -in KEY -pubout -out public.pem"
		die "$1: is no public key in PEM form; make one: openssl pkey -in KEY -pubout -out public.pem"
	}
	sign_check_text "$1" "$sign_text"
}

# The boot loader knows no other kind of key.
sign_check_text() {
	case $2 in
	*PSS*) die "$1: is a key for RSA-PSS only; the boot loader needs a plain RSA key: openssl genrsa -out private.pem 2048" ;;
	*Modulus:*'(2048 bit'* | *'(2048 bit'*Modulus:*) ;;
	*) die "$1: is not an RSA key of 2048 bits, which the boot loader needs; make one: openssl genrsa -out private.pem 2048" ;;
	esac
}

# sign_public_of KEY PUBLIC: the public key of a private key file.  openssl asks for the
# password of an encrypted key.
sign_public_of() {
	boot_need_file "$1" "a private RSA key in PEM form"
	openssl pkey -in "$1" -pubout -out "$2" 2>"$2.log" </dev/null || {
		! grep -q ENCRYPTED "$1" ||
			die "$1: the encrypted key was not opened; run this in a terminal and type its password, or sign with a program (--sign)"
		! grep -q 'PUBLIC KEY' "$1" || die "$1: is a public key; --key needs the private key"
		die "$1: is no private key in PEM form: $(head -n 1 "$2.log")"
	}
	sign_check_public "$2"
}

# sign_make IMAGE SIG EPOCH KEY PROGRAM: one of KEY and PROGRAM is empty.
sign_make() {
	if [ -n "$4" ]; then
		openssl dgst -sha256 -sign "$4" -out "$2.bin" "$1" 2>"$2.log" </dev/null ||
			die "$4: openssl cannot sign with this key: $(head -n 1 "$2.log")"
		sign_hex=$(xxd -p "$2.bin" | tr -d '\n')
		rm -f "$2.bin" "$2.log"
	else
		# It may ask for a PIN.
		sign_hex=$("$5" -a rsa2048-sha256 "$1") ||
			die "$5 -a rsa2048-sha256 FILE: ended with status $?, so boot.img is not signed"
		sign_hex=$(printf '%s' "$sign_hex" | tr -d '[:space:]' | tr A-F a-f)
	fi
	sign_is_hex "$sign_hex" 512 ||
		die "${4:-$5}: made no signature of 512 hex digits (RSA, 2048 bits), but ${#sign_hex} characters"
	{
		sha256sum "$1" | cut -d ' ' -f 1
		echo "ts: $3"
		echo "rsa2048: $sign_hex"
	} >"$2" || die "$2: cannot be written; is the disk full?"
}

# sign_is_hex TEXT LENGTH
sign_is_hex() {
	[ ${#1} = "$2" ] || return 1
	case $1 in
	*[!0-9a-f]*) return 1 ;;
	esac
}

# sign_check IMAGE SIG PUBLIC TEMP: dies unless the SIG is that of IMAGE.  Without PUBLIC
# only the hash is compared.
sign_check() {
	sign_hash=$(head -n 1 "$2" | tr -d '\r')
	sign_is_hex "$sign_hash" 64 || die "$2: line 1 is not 64 hex digits, the SHA-256 of boot.img"
	sign_seen=$(sha256sum "$1" | cut -d ' ' -f 1)
	[ "$sign_seen" = "$sign_hash" ] ||
		die "$1: its SHA-256 is $sign_seen, but $2 says $sign_hash: boot.img changed after it was signed, or the two files are of two builds"
	sign_hex=$(sed -n 's/^rsa2048: *//p' "$2" | head -n 1)
	sign_is_hex "$sign_hex" 512 || die "$2: has no line rsa2048: with 512 hex digits; a Pi boots nothing unsigned by HTTP"
	grep -qx 'ts: [0-9][0-9]*' "$2" || die "$2: has no line ts: with the seconds since 1970"
	[ -n "$3" ] || return 0
	echo "$sign_hex" | xxd -p -r >"$4/signature" || die "$4: cannot be written; is the disk full?"
	openssl dgst -sha256 -verify "$3" -signature "$4/signature" "$1" >/dev/null 2>&1 </dev/null ||
		die "$2: the signature is not of the key $3; a Pi with that key in its EEPROM refuses this boot.img"
}
