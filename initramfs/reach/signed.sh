# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Signed text, in the format of ssh-keygen -Y (PROTOCOL.sshsig of OpenSSH).  Without ssh-keygen, in
# the small flavour, openssl makes and checks signatures of Ed25519, and no others.
# shellcheck shell=dash

signed_has_openssh() {
	command -v ssh-keygen >/dev/null
}

# signed_string HEX: its length in bytes, as 8 digits; then the digits.
signed_string() {
	printf '%08x%s' $((${#1} / 2)) "$1"
}

signed_hex() {
	xxd -p | tr -d '\n'
}

signed_text() {
	signed_string "$(printf %s "$1" | signed_hex)"
}

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
	signed_pair=$(sed '/^-----/d' "$1" | base64 -d 2>/dev/null | signed_hex)
	signed_size=$(printf '%s' "$signed_pair" | cut -c 21-28)
	printf 'SHA256:%s' "$(printf '%s' "$signed_pair" | cut -c "29-$((28 + 2 * 0x${signed_size:-0}))" | xxd -r -p |
		openssl dgst -sha256 -binary | base64 | tr -d '=\n')"
}

# signed_make KEY NAMESPACE <text >signature: KEY is a file with a key of OpenSSH (the public one, if
# ssh-agent has the other), or, without ssh-keygen, one of dropbear.
signed_make() {
	if signed_has_openssh; then
		ssh-keygen -Y sign -q -f "$1" -n "$2"
		return
	fi
	signed_pair=$(signed_hex <"$1" | sed -n "s/^$(signed_text ssh-ed25519)00000040\([0-9a-f]\{128\}\)\$/\1/p")
	[ ${#signed_pair} = 128 ] || return
	signed_public=${signed_pair#????????????????????????????????????????????????????????????????}
	signed_seed=${signed_pair%"$signed_public"}
	signed_public=$(signed_text ssh-ed25519)$(signed_string "$signed_public")
	signed_blob=$(signed_work) || return
	signed_message "$2" >"$signed_blob/message"
	# A seed of Ed25519 in PKCS#8 (RFC 8410).
	signed_bytes=$(printf '302e020100300506032b657004220420%s' "$signed_seed" | xxd -r -p |
		openssl pkeyutl -sign -rawin -keyform DER -inkey /dev/stdin -in "$signed_blob/message" | signed_hex)
	rm -r "$signed_blob"
	[ ${#signed_bytes} = 128 ] || return
	echo '-----BEGIN SSH SIGNATURE-----'
	printf '%s' "$(printf SSHSIG | xxd -p)00000001$(signed_string "$signed_public")$(signed_text "$2")00000000$(signed_text sha512)$(
		signed_string "$(signed_text ssh-ed25519)$(signed_string "$signed_bytes")"
	)" | xxd -r -p | base64 -w 70
	echo '-----END SSH SIGNATURE-----'
}

# signed_check SIGNERS NAME NAMESPACE SIGNATURE <text: whether a key of the file SIGNERS
# (ALLOWED SIGNERS in ssh-keygen(1)) that is for NAME has signed it.  Without ssh-keygen, a line of
# SIGNERS is as signed_line prints it.
signed_check() {
	if signed_has_openssh; then
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
	signed_pair=$(sed '/^-----/d' "$4" | base64 -d 2>/dev/null | signed_hex |
		sed -n "s/^$(printf SSHSIG | xxd -p)0000000100000033$(signed_text ssh-ed25519)00000020\([0-9a-f]\{64\}\)$(signed_text "$3")00000000$(
			signed_text sha512
		)00000053$(signed_text ssh-ed25519)00000040\([0-9a-f]\{128\}\)\$/\1 \2/p")
	[ ${#signed_pair} = 193 ] || return
	signed_public=$(printf '%s' "$(signed_text ssh-ed25519)$(signed_string "${signed_pair% *}")" | xxd -r -p | base64 -w 0)
	grep -qxF -e "$(signed_line "$signed_name" "$3" "ssh-ed25519 $signed_public")" "$1" || return
	signed_message "$3" >"$signed_blob/message"
	printf '%s' "${signed_pair#* }" | xxd -r -p >"$signed_blob/signature"
	printf '302a300506032b6570032100%s' "${signed_pair% *}" | xxd -r -p >"$signed_blob/public"
	openssl pkeyutl -verify -pubin -keyform DER -inkey "$signed_blob/public" -rawin -in "$signed_blob/message" \
		-sigfile "$signed_blob/signature" >/dev/null 2>&1
}

# signed_line NAME NAMESPACE KEY: a line of a file of signers.
signed_line() {
	printf '%s namespaces="%s" %s\n' "$1" "$2" "$3"
}

# What is signed for a text on standard input: no secret, since it has the text's hash alone.
signed_message() {
	printf '%s' "$(printf SSHSIG | xxd -p)$(signed_text "$1")00000000$(signed_text sha512)$(
		signed_string "$(sha512sum | cut -d ' ' -f 1)"
	)" | xxd -r -p
}

signed_work() {
	mktemp -d "${signed_folder:-${TMPDIR:-/tmp}}/signed.XXXXXX"
}
