# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Ed25519 keys and signatures as hexadecimal digits, for openssl, and the strings of OpenSSH's formats.
# shellcheck shell=dash

has_openssh() {
	command -v ssh-keygen >/dev/null
}

# to_hex <bytes
to_hex() {
	xxd -p | tr -d '\n'
}

# ssh_string HEX: its length in bytes, as 8 digits; then the digits.
ssh_string() {
	printf '%08x%s' $((${#1} / 2)) "$1"
}

ssh_text() {
	ssh_string "$(printf %s "$1" | to_hex)"
}

# ed25519_private SEED: prints the private key as PKCS#8 (RFC 8410), in DER.
ed25519_private() {
	printf '302e020100300506032b657004220420%s' "$1" | xxd -r -p
}

# ed25519_verify PUBLIC SIGNATURE FILE FOLDER: whether the key PUBLIC has signed FILE.  FOLDER gets files of openssl.
ed25519_verify() {
	printf '302a300506032b6570032100%s' "$1" | xxd -r -p >"$4/public"
	printf '%s' "$2" | xxd -r -p >"$4/signature"
	openssl pkeyutl -verify -pubin -keyform DER -inkey "$4/public" -rawin -in "$3" -sigfile "$4/signature" >/dev/null 2>&1
}
