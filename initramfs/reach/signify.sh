# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Checks a file that carries its signature, as signify -S -e and farroot-image config make it
# (signify(1) of OpenBSD; Ed25519):
#
#   untrusted comment: TEXT
#   base64 of "Ed", 8 bytes of the key's number, 64 bytes of signature
#   what is signed, to the end of the file
#
# The public key has the same two lines, with 32 bytes of key instead of the signature.  Source it after
# ed25519.sh.
# shellcheck shell=dash

# signify_hex FILE DIGITS: what the second line of FILE has behind "Ed", or nothing if it does not have
# this number of hexadecimal digits.
signify_hex() {
	head -n 1 "$1" | LC_ALL=C grep -q '^untrusted comment: ' &&
		sed -n 2p "$1" | base64 -d 2>/dev/null | to_hex | sed -n "s/^4564\([0-9a-f]\{$2\}\)\$/\1/p"
}

# signify_check PUBLIC FILE FOLDER: whether the key of the file PUBLIC has signed FILE.  What is
# signed is then in FOLDER/message; nothing of it has been looked at before.
signify_check() {
	signify_public=$(signify_hex "$1" 80)
	signify_signature=$(signify_hex "$2" 144)
	[ ${#signify_public} = 80 ] && [ ${#signify_signature} = 144 ] || return
	# The number only tells keys apart.
	[ "${signify_public%"${signify_public#????????????????}"}" = "${signify_signature%"${signify_signature#????????????????}"}" ] || return
	tail -n +3 "$2" >"$3/message"
	ed25519_verify "${signify_public#????????????????}" "${signify_signature#????????????????}" "$3/message" "$3" && return
	rm -f "$3/message"
	return 1
}
