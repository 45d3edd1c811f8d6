# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# From where the packages are: Debian, and one archive more, which site.conf names with the
# keyring that its packages are verified by.  source=raspios makes it Raspberry Pi's: then
# the kernel and the firmware are of this archive.  That was never tried with the real one.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# source_read: sets source, and archive_url, archive_suite, archive_components and
# archive_keyring, which are empty without an archive.
source_read() {
	source=$(site_get_one_of source debian raspios)
	archive_url=$(site_get archive)
	archive_suite=$(site_get archive-suite)
	archive_components=$(site_get archive-components)
	archive_keyring=$(site_get archive-keyring)
	if [ -z "$archive_url" ]; then
		[ "$source" != raspios ] ||
			die "$site_conf: source=raspios: give the URL of Raspberry Pi's archive, archive=URL, and the keyring of its packages, archive-keyring=FILE"
		[ -z "$archive_keyring$archive_suite" ] || die "$site_conf: archive-keyring= and archive-suite= have no effect without archive=URL"
		archive_components=
		return
	fi
	case $archive_url in
	*@*) die "$site_conf: archive=: a URL with a password would stay in the cache folder; use apt's auth.conf" ;;
	*[!A-Za-z0-9.:/_~%+-]*) die "$site_conf: archive=$archive_url: not the URL of an archive of packages" ;;
	http://?* | https://?* | file:/?*) ;;
	*) die "$site_conf: archive=$archive_url: must begin with http://, https:// or file:/" ;;
	esac
	archive_suite=${archive_suite:-$(site_get suite)}
	case $archive_suite in
	*[!A-Za-z0-9./_-]* | -*) die "$site_conf: archive-suite=$archive_suite: is no name of a suite" ;;
	esac
	case $archive_components in
	*[!a-z0-9' '-]*) die "$site_conf: archive-components=$archive_components: must be names such as main, with spaces between them" ;;
	esac
	source_check_keyring
}

# The keyring lies in the site, or has an absolute path.
source_check_keyring() {
	[ -n "$archive_keyring" ] ||
		die "$site_conf: archive=$archive_url needs archive-keyring=FILE, the public keys that its packages are verified by"
	case $archive_keyring in
	/*) ;;
	*) archive_keyring=$site_dir/$archive_keyring ;;
	esac
	{ [ -f "$archive_keyring" ] && [ -r "$archive_keyring" ] && [ -s "$archive_keyring" ]; } ||
		die "$site_conf: archive-keyring=: $archive_keyring: no such file, or it is empty"
	! grep -aq 'PRIVATE KEY' "$archive_keyring" || die "$archive_keyring: has a private key; the keyring of an archive has public ones"
}

# source_keyring FOLDER: copies the keyring there, under a name that apt knows, and prints it.
source_keyring() {
	source_copy=$1/archive.gpg
	! grep -aq -e '-----BEGIN PGP PUBLIC KEY' "$archive_keyring" || source_copy=$1/archive.asc
	rm -f "$1/archive.gpg" "$1/archive.asc"
	cp "$archive_keyring" "$source_copy" || die "$source_copy: cannot be written; is the disk full?"
	chmod 644 "$source_copy"
	echo "$source_copy"
}

# source_copies: lines for sources.list, from standard input.  apt takes packages from file: where
# they are; with copy: it has them in its cache, like all others.
source_copies() {
	sed 's, file:, copy:,'
}

# source_line KEYRING COMPONENTS: for sources.list.
source_line() {
	echo "deb [signed-by=$1] $archive_url $archive_suite $2" | source_copies
}

# source_explain LOG: dies if apt said in LOG that a signature cannot be verified.
source_explain() {
	! grep -q -e NO_PUBKEY -e 'is not signed' -e 'not signed by' -e BADSIG -e EXPKEYSIG -e KEYEXPIRED -e REVKEYSIG \
		-e 'Missing key' -e 'keyring.* ignored' -e 'Sub-process .*gpgv returned' "$1" ||
		die "the signature of an archive cannot be verified (above): its key is not in the keyring${archive_url:+; for $archive_url that is archive-keyring= of $site_conf, $archive_keyring}; get the keyring of the archive from its owner"
}

# source_inputs: what of it decides about the result.
source_inputs() {
	for source_key in source archive archive-suite archive-components; do
		inputs_line option "$source_key" "$(site_get "$source_key")"
	done
	[ -z "$archive_keyring" ] || inputs_file site "$archive_keyring" archive-keyring
}
