# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Signed configurations, in the format of signify(1) of OpenBSD with the signature in the file
# (signify -S -e): signify can check them, and sign them in place of this program.
# initramfs/reach/signify.sh checks them on a machine, and has the format.
# shellcheck shell=dash

# boot_temp is set by boot-common.sh.
# shellcheck disable=SC2154

# config_key KEY: checks the private key, and sets config_public, its public half in hexadecimal digits,
# and config_number, the first 8 bytes of that half's SHA-256.
config_key() {
	boot_need_file "$1" "a private Ed25519 key in PEM form"
	config_public=$(openssl pkey -in "$1" -pubout -outform DER 2>"$boot_temp/log" </dev/null | xxd -p | tr -d '\n' |
		sed -n 's/^302a300506032b6570032100//p')
	[ ${#config_public} = 64 ] || {
		! grep -q 'untrusted comment' "$1" ||
			die "$1: is a key of signify; sign with signify -S -e yourself, or make a key: openssl genpkey -algorithm ed25519 -out config.key"
		die "$1: is no private Ed25519 key that can be read; make one: openssl genpkey -algorithm ed25519 -out config.key"
	}
	config_number=$(printf '%s' "$config_public" | xxd -r -p | sha256sum | cut -c 1-16)
}

config_lines() {
	echo "untrusted comment: $1"
	printf '4564%s%s' "$config_number" "$2" | xxd -r -p | base64 -w 0
	echo
}

# config_sign KEY FILE OUT
config_sign() {
	openssl pkeyutl -sign -inkey "$1" -rawin -in "$2" -out "$boot_temp/signature" 2>"$boot_temp/log" </dev/null ||
		die "$1: openssl cannot sign with this key: $(head -n 1 "$boot_temp/log")"
	{
		config_lines 'verify with config.pub' "$(xxd -p "$boot_temp/signature" | tr -d '\n')"
		cat "$2"
	} >"$3" || die "$3: cannot be written; is the disk full?"
}

# config_check_public FILE: dies unless FILE is the public half of the key.
config_check_public() {
	[ "$(sed -n 2p "$1")" = "$(config_lines x "$config_public" | sed -n 2p)" ] ||
		die "$1: is not the public half of --key, so no machine would accept what it signs"
}
