# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The public keys that may log in: SITE/authorized_keys and SITE/user_ca.pub.  A rescue system
# without any is not built: no user could log in.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# keys_check_any: dies if one of them is unusable.  Sets keys_found.
keys_check_any() {
	keys_found=
	for keys_name in authorized_keys user_ca.pub; do
		keys_file=$site_dir/$keys_name
		[ -e "$keys_file" ] || [ -L "$keys_file" ] || continue
		[ -f "$keys_file" ] || die "$keys_file: not a file that can be read; it has one public key per line"
		keys_check_file "$keys_file" "$keys_name"
		keys_found="$keys_found $keys_name"
	done
}

# keys_check FLAVOUR: dies unless the site has a usable key, and only public ones.
keys_check() {
	keys_check_any
	[ -n "$keys_found" ] ||
		die "$site_dir: neither authorized_keys nor user_ca.pub, so no user could log in; put your public keys into $site_dir/authorized_keys"
	keys_check_config
	case "$1:$keys_found" in
	'small: user_ca.pub')
		die "$site_dir/user_ca.pub: the small flavour has dropbear, which knows no certificates; add authorized_keys, or choose flavour=full"
		;;
	esac
}

# SITE/config.pub verifies the signed configurations of machines.
keys_check_config() {
	[ -e "$site_dir/config.pub" ] || return 0
	{ [ -f "$site_dir/config.pub" ] && [ "$(sed -n 2p "$site_dir/config.pub" | base64 -d 2>/dev/null | head -c 2)" = Ed ] &&
		[ "$(sed -n 2p "$site_dir/config.pub" | base64 -d 2>/dev/null | wc -c)" = 42 ]; } ||
		die "$site_dir/config.pub: is no public key of signify; farroot-image config --public --key KEY prints one"
}

# keys_check_file FILE NAME
keys_check_file() {
	! grep -aq -e 'PRIVATE KEY' -e '^PuTTY-User-Key' "$1" ||
		die "$1: holds a private key; only public keys go into an image (ssh-keygen -y -f KEY prints the public key)"
	keys_count=0
	keys_line=0
	while IFS= read -r keys_text || [ -n "$keys_text" ]; do
		keys_line=$((keys_line + 1))
		case "$keys_text" in
		'' | '#'*) continue ;;
		esac
		keys_shown=$(printf '%s\n' "$keys_text" | ssh-keygen -l -f - 2>/dev/null) ||
			die "$1:$keys_line: not a public key; a line looks like: ssh-ed25519 AAAA... name"
		case "$keys_shown" in
		*-CERT\)) die "$1:$keys_line: a certificate; the key of its authority belongs into user_ca.pub" ;;
		*'(DSA)') die "$1:$keys_line: a DSA key, which sshd refuses; make one with ssh-keygen -t ed25519" ;;
		*'(RSA)') [ "${keys_shown%% *}" -ge 2048 ] || die "$1:$keys_line: an RSA key of ${keys_shown%% *} bits; use at least 2048, or ssh-keygen -t ed25519" ;;
		esac
		keys_count=$((keys_count + 1))
	done <"$1"
	[ "$keys_count" -gt 0 ] || die "$1: has no key; a line looks like: ssh-ed25519 AAAA... name"
}

# keys_install TREE: as /etc/farroot/authorized_keys, user_ca.pub and config.pub in it.
keys_install() {
	for keys_name in authorized_keys user_ca.pub config.pub; do
		if [ -f "$site_dir/$keys_name" ]; then
			install -D -m 644 "$site_dir/$keys_name" "$1/etc/farroot/$keys_name"
		fi
	done
}
