# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What a site adds to a root: debs/, files/ and hooks/ of common, then of the part.
# Everything runs or is written inside the root, where a link of the root or of the site
# cannot lead to a file of this machine.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# site_apply_debs ROOT FOLDER NAME...: installs NAME.deb files of FOLDER; no initramfs.
site_apply_debs() {
	site_root=$1
	root_bind=$2
	shift 2
	[ $# -gt 0 ] || return 0
	root_run "$site_root" sh -euc 'cd /run/farroot-image && dpkg --force-unsafe-io --force-confnew -i "$@"' sh "$@" \
		>"$cache/dpkg.log" 2>&1 || {
		tail -n 20 "$cache/dpkg.log" | sed 's/^/  /' >&2
		die "dpkg cannot install $* (above)"
	}
	root_bind=
}

# site_apply_files ROOT PART
site_apply_files() {
	root_bind=
	site_parts "$2" files >"$work/parts"
	while IFS= read -r site_folder; do
		tar -C "$site_folder" --sort=name --numeric-owner --owner=0 --group=0 -c . >"$work/files.tar" ||
			die "$site_folder: cannot be read (above)"
		root_run "$1" tar -C / --keep-directory-symlink --no-overwrite-dir -xpf - <"$work/files.tar" ||
			die "$site_folder: cannot be copied into the image (above)"
		rm "$work/files.tar"
	done <"$work/parts"
}

# site_apply_hooks ROOT PART
site_apply_hooks() {
	site_parts "$2" hooks >"$work/parts"
	while IFS= read -r site_folder; do
		for site_file in "$site_folder"/[0-9][0-9]-*; do
			[ -e "$site_file" ] || continue
			say "hook ${site_file#"$site_dir/"}"
			root_bind=$site_folder
			site_status=0
			root_run_hook "$1" "/run/farroot-image/${site_file##*/}" </dev/null >&2 || site_status=$?
			[ "$site_status" = 0 ] || die "$site_file: the hook failed with status $site_status; its messages are above"
		done
	done <"$work/parts"
	root_bind=
}
