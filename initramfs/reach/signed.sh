# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Signed text, in the format of ssh-keygen -Y (PROTOCOL.sshsig of OpenSSH).  Without ssh-keygen, in
# the small flavour, openssl makes and checks signatures of Ed25519, and no others.  Source it after ed25519.sh.
# shellcheck shell=dash

# signed_split FILE TEXT SIGNATURE: what stands before the last signature in FILE, and that
# signature, as files.
signed_split() {
	LC_ALL=C awk -v text="$2" -v signature="$3" '
		{ line[NR] = $0 }
		$0 == "-----BEGIN SSH SIGNATURE-----" { begin = NR }
		END {
			printf "" >text
			printf "" >signature
			for (i = 1; i < begin; i++)
				print line[i] >text
			for (i = begin; begin && i <= NR; i++)
				print line[i] >signature
			exit !begin
		}' "$1"
}

# signed_fingerprint SIGNATURE: of the key that it names, as ssh-keygen -l shows it.
signed_fingerprint() {
	signed_pair=$(sed '/^-----/d' "$1" | base64 -d 2>/dev/null | to_hex)
	signed_size=$(printf '%s' "$signed_pair" | cut -c 21-28)
	printf 'SHA256:%s' "$(printf '%s' "$signed_pair" | cut -c "29-$((28 + 2 * 0x${signed_size:-0}))" | xxd -r -p |
		openssl dgst -sha256 -binary | base64 | tr -d '=\n')"
}

# signed_make KEY NAMESPACE <text >signature: KEY is a file with a key of OpenSSH (the public one, if
# ssh-agent has the other), or, without ssh-keygen, one of dropbear.
signed_make() {
	if has_openssh; then
		ssh-keygen -Y sign -q -f "$1" -n "$2"
		return
	fi
	signed_pair=$(to_hex <"$1" | sed -n "s/^$(ssh_text ssh-ed25519)00000040\([0-9a-f]\{128\}\)\$/\1/p")
	[ ${#signed_pair} = 128 ] || return
	signed_public=${signed_pair#????????????????????????????????????????????????????????????????}
	signed_seed=${signed_pair%"$signed_public"}
	signed_public=$(ssh_text ssh-ed25519)$(ssh_string "$signed_public")
	signed_blob=$(signed_work) || return
	signed_message "$2" >"$signed_blob/message"
	signed_bytes=$(ed25519_private "$signed_seed" |
		openssl pkeyutl -sign -rawin -keyform DER -inkey /dev/stdin -in "$signed_blob/message" | to_hex)
	rm -r "$signed_blob"
	[ ${#signed_bytes} = 128 ] || return
	echo '-----BEGIN SSH SIGNATURE-----'
	printf '%s' "$(printf SSHSIG | xxd -p)00000001$(ssh_string "$signed_public")$(ssh_text "$2")00000000$(ssh_text sha512)$(
		ssh_string "$(ssh_text ssh-ed25519)$(ssh_string "$signed_bytes")"
	)" | xxd -r -p | base64 -w 70
	echo '-----END SSH SIGNATURE-----'
}

# signed_check SIGNERS NAME NAMESPACE SIGNATURE <text: whether a key of the file SIGNERS
# (ALLOWED SIGNERS in ssh-keygen(1)) that is for NAME has signed it.  Without ssh-keygen, a line of
# SIGNERS is as signed_line prints it.
signed_check() {
	if has_openssh; then
		ssh-keygen -Y verify -q -f "$1" -I "$2" -n "$3" -s "$4" >/dev/null 2>&1
		return
	fi
	signed_blob=$(signed_work) || return
	signed_check_by_openssl "$@"
	signed_status=$?
	rm -r "$signed_blob"
	return $signed_status
}

# One form alone is accepted, byte by byte.
signed_check_by_openssl() {
	signed_name=$2
	signed_pair=$(sed '/^-----/d' "$4" | base64 -d 2>/dev/null | to_hex |
		sed -n "s/^$(printf SSHSIG | xxd -p)0000000100000033$(ssh_text ssh-ed25519)00000020\([0-9a-f]\{64\}\)$(ssh_text "$3")00000000$(
			ssh_text sha512
		)00000053$(ssh_text ssh-ed25519)00000040\([0-9a-f]\{128\}\)\$/\1 \2/p")
	[ ${#signed_pair} = 193 ] || return
	signed_public=$(printf '%s' "$(ssh_text ssh-ed25519)$(ssh_string "${signed_pair% *}")" | xxd -r -p | base64 -w 0)
	grep -qxF -e "$(signed_line "$signed_name" "$3" "ssh-ed25519 $signed_public")" "$1" || return
	signed_message "$3" >"$signed_blob/message"
	ed25519_verify "${signed_pair% *}" "${signed_pair#* }" "$signed_blob/message" "$signed_blob"
}

# signed_line NAME NAMESPACE KEY: a line of a file of signers.
signed_line() {
	printf '%s namespaces="%s" %s\n' "$1" "$2" "$3"
}

# What is signed for a text on standard input: no secret, since it has the text's hash alone.
signed_message() {
	printf '%s' "$(printf SSHSIG | xxd -p)$(ssh_text "$1")00000000$(ssh_text sha512)$(
		ssh_string "$(sha512sum | cut -d ' ' -f 1)"
	)" | xxd -r -p
}

signed_work() {
	mktemp -d "${signed_folder:-${TMPDIR:-/tmp}}/signed.XXXXXX"
}
