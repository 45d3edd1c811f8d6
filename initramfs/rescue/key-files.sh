# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Ed25519 keys in the format of this flavour's ssh: of OpenSSH, else of dropbear.  Used by
# host-keys and tunnel.  Source it after ../reach/ed25519.sh.
# shellcheck shell=dash

# keys_in_openssh SEED PUBLIC: both are 64 hexadecimal digits.  Prints the key in OpenSSH's
# format (PROTOCOL.key of its source).
keys_in_openssh() {
	keys_public=$(ssh_text ssh-ed25519)$(ssh_string "$2")
	# Twice the same number, which tells a wrong passphrase; then the key, a comment and
	# a padding to 8 bytes: 1, 2, 3 ...
	keys_private=0000000000000000$keys_public$(ssh_string "$1$2")$(ssh_text '')
	keys_n=1
	while [ $((${#keys_private} % 16)) != 0 ]; do
		keys_private=$keys_private$(printf '%02x' $keys_n)
		keys_n=$((keys_n + 1))
	done
	echo '-----BEGIN OPENSSH PRIVATE KEY-----'
	printf '%s' "$(printf 'openssh-key-v1' | xxd -p)00$(ssh_text none)$(ssh_text none)$(ssh_text '')00000001$(ssh_string "$keys_public")$(ssh_string "$keys_private")" |
		xxd -r -p | base64 -w 70
	echo '-----END OPENSSH PRIVATE KEY-----'
}

# keys_write FILE SEED PUBLIC: both are 64 hexadecimal digits.
keys_write() {
	if has_openssh; then
		keys_in_openssh "$2" "$3" >"$1.new" && ssh-keygen -y -f "$1.new" >"$1.pub" && mv "$1.new" "$1"
	else
		printf '%s' "$(ssh_text ssh-ed25519)$(ssh_string "$2$3")" | xxd -r -p >"$1.new" && mv "$1.new" "$1"
	fi
}

# keys_from_seed FILE BASE64 NAME: writes FILE; NAME is that of the argument, for the log.
keys_from_seed() {
	keys_seed=$(printf '%s\n' "$2" | base64 -d 2>/dev/null | to_hex)
	[ ${#keys_seed} = 64 ] || {
		log "$3= is not the base64 of 32 bytes; ignored"
		return 1
	}
	keys_public=$(ed25519_private "$keys_seed" | openssl pkey -inform DER -pubout -outform DER | to_hex | tail -c 64)
	[ ${#keys_public} = 64 ] || {
		log "$3= cannot be used without openssl; ignored"
		return 1
	}
	keys_write "$1" "$keys_seed" "$keys_public"
}

# keys_from_disk FILE FROM: writes FILE.  Without a passphrase, seed and public key stand in OpenSSH's
# format as they are.
keys_from_disk() {
	[ -s "$2" ] || return
	keys_pair=$(sed '/^-----/d' "$2" | base64 -d 2>/dev/null | to_hex |
		sed -n "s/.*$(ssh_text ssh-ed25519)00000020\([0-9a-f]\{64\}\)00000040\([0-9a-f]\{64\}\)\1.*/\2 \1/p")
	[ -n "$keys_pair" ] || {
		log "${2##*/} of the partition farroot-keys: not an Ed25519 key without a passphrase, as ssh-keygen makes it; ignored"
		rm "$2"
		return 1
	}
	keys_write "$1" "${keys_pair% *}" "${keys_pair#* }"
}

# keys_public_of FILE: "ssh-ed25519 BASE64".
keys_public_of() {
	if has_openssh; then
		cut -d ' ' -f 1,2 "$1.pub"
	else
		dropbearkey -y -f "$1" 2>/dev/null | sed -n 's/^\(ssh-ed25519 [^ ]*\).*/\1/p'
	fi
}

keys_fingerprint() {
	if has_openssh; then
		ssh-keygen -l -f "$1.pub" | cut -d ' ' -f 2
	else
		dropbearkey -y -f "$1" | sed -n 's/^Fingerprint: //p'
	fi
}
