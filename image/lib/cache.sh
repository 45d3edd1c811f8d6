# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The folder for packages, installed packages and results, which stays.
# shellcheck shell=dash

# cache_folder: its name, which FARROOT_IMAGE_CACHE overrides.
cache_folder() {
	if [ -n "${FARROOT_IMAGE_CACHE-}" ]; then
		printf '%s\n' "$FARROOT_IMAGE_CACHE"
	elif [ "$(id -u)" = 0 ]; then
		echo /var/cache/farroot-image
	else
		printf '%s\n' "${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/farroot-image"
	fi
}
