# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# A machine's side of farroot unlock and farroot run.  The machine announces a one-time key, signed
# by its ssh host key.  A message is sealed to that key, and signed by a key that may log in.  The
# one-time key ends with the message that it has opened, before anything is done: no
# message counts twice, in this boot or in another one.  What is refused changes nothing.
# shellcheck shell=dash

# rescue_state and rescue_streamed are set by lib.sh.
# shellcheck disable=SC2154
mailbox=$rescue_state/mailbox
# shellcheck source-path=SCRIPTDIR source=../reach/sealed.sh
. "$rescue_here/../reach/sealed.sh"
# shellcheck source-path=SCRIPTDIR source=../reach/ed25519.sh
. "$rescue_here/../reach/ed25519.sh"
# shellcheck source-path=SCRIPTDIR source=../reach/signed.sh
. "$rescue_here/../reach/signed.sh"
# shellcheck source-path=SCRIPTDIR source=key-files.sh
. "$rescue_here/key-files.sh"
# shellcheck disable=SC2034 # for signed.sh
signed_folder=$mailbox
mailbox_host_key=$rescue_state/ssh/host_ed25519_key
# The last bytes of what a command prints.
mailbox_output_bytes=32768

# mailbox_begin: makes the one-time key, unless there is one, and sets mailbox_digest.  A link is
# made at once or not at all, by one process alone.
mailbox_begin() {
	(umask 077 && mkdir -p "$mailbox") || return
	if [ ! -L "$mailbox/key" ]; then
		mailbox_new=$(mktemp -d "$mailbox/key.XXXXXX") && sealed_make_key "$mailbox_new" || return
		ln -sn "$mailbox_new" "$mailbox/key" 2>/dev/null || rm -r "$mailbox_new"
	fi
	mailbox_digest=$(sealed_digest <"$mailbox/key/certificate.der") && [ ${#mailbox_digest} = 64 ]
}

# What udev knows of the disks; a broken one must not hold up the mailbox.
mailbox_disks() {
	timeout 10 lsblk -nro PATH,FSTYPE 2>/dev/null | awk '$2 == "crypto_LUKS" { print $1 }' | sort -u
}

mailbox_has_commands() {
	[ "$(argument farroot.commands)" = yes ]
}

mailbox_yes() {
	if "$@"; then echo yes; else echo no; fi
}

# mailbox_text: the announcement without its signature.
mailbox_text() {
	echo 'farroot-announcement 1'
	echo "serial=$(machine_name)"
	echo "key=$mailbox_digest"
	echo "certificate=$(base64 -w 0 <"$mailbox/key/certificate.der")"
	echo "host-key=$(keys_public_of "$mailbox_host_key")"
	echo "ephemeral=$(mailbox_yes test -e "$rescue_state/ephemeral")"
	echo "commands=$(mailbox_yes mailbox_has_commands)"
	echo "openssh=$(mailbox_yes has_openssh)"
	echo "disks=$(mailbox_disks | tr '\n' ' ')"
}

# mailbox_sign NAMESPACE FILE: prints FILE with the signature of the host key.
mailbox_sign() {
	cat "$2"
	signed_make "$mailbox_host_key" "$1" <"$2"
}

# mailbox_signers: the keys that may log in without any restriction.
mailbox_signers() {
	awk '/^(ssh-(ed25519|rsa)|ecdsa-sha2-[a-z0-9]*|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh.com) / { print $1, $2 }' \
		"$rescue_system/etc/farroot/authorized_keys" 2>/dev/null | while IFS= read -r mailbox_key; do
		signed_line admin farroot-message "$mailbox_key"
	done
}

# mailbox_take FOLDER [TAKEN]: takes the sealed file FOLDER/message; writes the signed
# FOLDER/answer.  The caller's umask is 077.  The command TAKEN runs before what the message asks for.  Fails if the message
# was refused.
mailbox_take() {
	mailbox_work=$1
	mailbox_message=$(sealed_digest <"$mailbox_work/message")
	mailbox_check || {
		mailbox_write_answer refused 1 "$mailbox_why" </dev/null
		return 1
	}
	# Of two processes, one has the key.
	mv "$mailbox/key" "$mailbox/used.$$" 2>/dev/null || {
		mailbox_why='another message was taken just now; ask for the new key'
		mailbox_write_answer refused 1 "$mailbox_why" </dev/null
		return 1
	}
	rm -rf "$(readlink "$mailbox/used.$$")" "$mailbox/used.$$"
	log "mailbox: $mailbox_purpose, by a message that the key $mailbox_signer has signed"
	mailbox_write_answer taken 0 "$mailbox_purpose" </dev/null
	[ -z "${2-}" ] || "$2"
	# The boot does not restart the machine while this process lives.
	: >"$mailbox/working.$$"
	umask 022
	mailbox_do >"$mailbox_work/output" 2>&1
	mailbox_status=$?
	umask 077
	rm -f "$mailbox/working.$$"
	mailbox_state="done"
	[ "$mailbox_status" = 0 ] || mailbox_state=failed
	mailbox_write_answer $mailbox_state $mailbox_status "$mailbox_purpose" <"$mailbox_work/output"
	rm -f "$mailbox_work/output"
}

# mailbox_check: sets what the message says; or fails, with mailbox_why.
mailbox_check() {
	mailbox_why='not sealed to the one-time key of this machine: the key of an earlier boot or message, or of another machine'
	mailbox_plain=$(sealed_open "$mailbox/key" <"$mailbox_work/message") || return
	mailbox_why='not signed'
	mailbox_begins='-----BEGIN SSH SIGNATURE-----'
	case $mailbox_plain in
	*"
$mailbox_begins
"*) ;;
	*) return 1 ;;
	esac
	# The signature of a text of which an attacker knows the rest would tell whether a
	# passphrase was guessed: it does not stay.
	mailbox_signed=${mailbox_plain%"$mailbox_begins"*}
	printf '%s' "$mailbox_begins${mailbox_plain##*"$mailbox_begins"}" >"$mailbox_work/signature"
	mailbox_signers >"$mailbox_work/signers"
	mailbox_why="not signed by a key of this machine's authorized_keys; keys with options do not count$(
		has_openssh || echo ', and in this flavour Ed25519 alone'
	)"
	printf '%s' "$mailbox_signed" | signed_check "$mailbox_work/signers" admin farroot-message "$mailbox_work/signature"
	mailbox_status=$?
	mailbox_signer=$(signed_fingerprint "$mailbox_work/signature")
	rm -f "$mailbox_work/signature"
	[ $mailbox_status = 0 ] || return
	mailbox_check_text
}

mailbox_check_text() {
	mailbox_why='not a message of farroot unlock or farroot run of this version'
	sealed_is message "$mailbox_signed" && mailbox_purpose=$(sealed_field purpose "$mailbox_signed") &&
		mailbox_disk=$(sealed_field device "$mailbox_signed") || return
	mailbox_why='for another machine or another key'
	[ "$(sealed_field serial "$mailbox_signed")" = "$(machine_name)" ] &&
		[ "$(sealed_field key "$mailbox_signed")" = "$mailbox_digest" ] || return
	mailbox_why='no certificate for the answer'
	sealed_field reply "$mailbox_signed" | base64 -d >"$mailbox_work/reply" 2>/dev/null &&
		openssl x509 -inform DER -in "$mailbox_work/reply" -noout 2>/dev/null || return
	case $mailbox_purpose in
	unlock | open) mailbox_check_disk ;;
	# It has no secret, and its reader may log in as root.
	report) ;;
	run)
		mailbox_why='commands are off; farroot.commands=yes among the arguments of this machine turns them on'
		mailbox_has_commands
		;;
	*)
		mailbox_why="purpose=$mailbox_purpose: unknown"
		return 1
		;;
	esac
}

mailbox_check_disk() {
	[ -n "$mailbox_disk" ] || mailbox_disk=$(mailbox_disks)
	mailbox_why="say which DEVICE; encrypted are: $(mailbox_disks | tr '\n' ' ')"
	case $mailbox_disk in
	'' | *'
'*) return 1 ;;
	/dev/* | [A-Z]*=*) ;;
	*)
		mailbox_why="$mailbox_disk: not a device such as /dev/mmcblk0p2 and not UUID=, LABEL= or PARTUUID="
		return 1
		;;
	esac
}

# The passphrase goes through a pipe, to cryptsetup alone.
mailbox_do() {
	case $mailbox_purpose in
	unlock) sealed_body "$mailbox_signed" | "$rescue_here/boot-local" "$mailbox_disk" ;;
	open) sealed_body "$mailbox_signed" | "$rescue_here/open-disk" "$mailbox_disk" ;;
	run)
		{
			PATH=$PATH:$rescue_streamed/sbin:$rescue_streamed/bin sh -c "$(sealed_body "$mailbox_signed")" </dev/null
			echo $? >"$mailbox_work/status"
		} 2>&1 | tail -c "$mailbox_output_bytes"
		return "$(cat "$mailbox_work/status")"
		;;
	report)
		"$rescue_here/report" --limit "$mailbox_output_bytes" 2>"$mailbox_work/errors" && return
		tail -c 4096 "$mailbox_work/errors"
		return 1
		;;
	esac
}

# mailbox_write_answer STATE STATUS REASON <OUTPUT: the output is sealed to the certificate of
# the message; no answer of a message that was refused has one.
mailbox_write_answer() {
	{
		echo 'farroot-answer 1'
		echo "serial=$(machine_name)"
		echo "key=$mailbox_digest"
		echo "message=$mailbox_message"
		echo "state=$1"
		echo "status=$2"
		echo "reason=$3"
		case $1 in
		done | failed)
			echo
			sealed_seal "$mailbox_work/reply" | base64
			;;
		esac
	} >"$mailbox_work/answer.text"
	mailbox_sign farroot-answer "$mailbox_work/answer.text" >"$mailbox_work/answer.new"
	mv "$mailbox_work/answer.new" "$mailbox_work/answer"
	rm "$mailbox_work/answer.text"
}
