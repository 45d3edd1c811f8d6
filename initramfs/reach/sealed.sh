# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Sealed text: only the holder of a one-time key can read it.  It is CMS of OpenSSL (RFC 5083,
# AES-256-GCM; the key is agreed on with a key of P-256).  Used on both sides: by a machine in
# its rescue system, and by farroot unlock and farroot run.  Text goes through pipes and shell
# variables only, never into a file, an argument or the environment.
# shellcheck shell=dash

# sealed_make_key FOLDER: makes FOLDER with key.pem and certificate.der, of any time: nothing
# looks at the dates, since a machine's clock may be wrong.
sealed_make_key() (
	umask 077
	mkdir -p "$1" || exit
	printf '%s\n' '[req]' 'distinguished_name=name' '[name]' >"$1/openssl.cnf"
	openssl req -config "$1/openssl.cnf" -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
		-subj /CN=farroot -days 3650 -keyout "$1/key.pem" -outform DER -out "$1/certificate.der" 2>"$1/log" &&
		[ -s "$1/key.pem" ] && [ -s "$1/certificate.der" ] && exit
	echo "farroot: openssl req: $(tail -n 1 "$1/log")" >&2
	exit 1
)

# sealed_digest <bytes: SHA-256 in hexadecimal digits.
sealed_digest() {
	sha256sum | cut -d ' ' -f 1
}

# sealed_seal CERTIFICATE <text >bytes
sealed_seal() {
	openssl cms -encrypt -binary -aes-256-gcm -outform DER "$1"
}

# sealed_open FOLDER <bytes >text: fails if the bytes were sealed to another key, or changed.
# No text counts before the end: OpenSSL checks the bytes as a whole.
sealed_open() {
	openssl cms -decrypt -binary -inform DER -inkey "$1/key.pem" -recip "$1/certificate.der" 2>/dev/null
}

# The form of all texts: a line "farroot-KIND 1", lines NAME=VALUE, and, if there is a body, an
# empty line and the body.  These functions take the text as an argument, which is no argument
# of a process.
sealed_header() {
	printf '%s\n' "${1%%

*}"
}

sealed_body() {
	case $1 in
	*'

'*) printf '%s\n' "${1#*

}" ;;
	esac
}

sealed_is() {
	[ "${2%%
*}" = "farroot-$1 1" ]
}

# sealed_field NAME TEXT: fails unless the header has it once.
sealed_field() {
	sealed_header "$2" | LC_ALL=C awk -v name="$1=" '
		index($0, name) == 1 { n++; value = substr($0, length(name) + 1) }
		END { if (n != 1) exit 1; print value }'
}
