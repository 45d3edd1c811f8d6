#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The documents name only files, folders, functions and structs that exist: every path, and
# in backticks and drawings every file name and every C name.
# usage: test-docs-name-real-things.sh [FOLDER]: another tree than this source tree.
set -eu
cd "${1:-${srcdir:-.}}"

files=$(mktemp)
trap 'rm -f "$files"' EXIT
find . -type d \( -name .git -o -name 'build*' -o -name autom4te.cache -o -name '*-[0-9].[0-9]*' \
	-o -name _build -o -name _inst \) -prune -o ! -type d -print >"$files"

LC_ALL=C awk -v files="$files" '
function wrong(text) {
	print where ": " text >"/dev/stderr"
	status = 1
}

# A document may name a file by the end of its path, and without its extension:
# origins.c, unit/verity, speculative-open.
function add_path(path,    rest) {
	for (rest = path; ; rest = substr(rest, index(rest, "/") + 1)) {
		paths[rest]
		if (rest !~ /\//)
			break
	}
}

function read_tree(    path, line, word, n, i, bare) {
	while ((getline path <files) > 0) {
		path = substr(path, 3)
		if (path ~ /^nbd-plugin\/.*\.[ch]$/)
			sources[path]
		bare = path
		sub(/\.[a-z]+$/, "", bare)
		add_path(path)
		add_path(bare)
		while (sub(/\/[^\/]*$/, "", path) && !(path in folders)) {
			folders[path]
			add_path(path)
		}
	}
	# The words of the code, without those of its comments.
	for (path in sources) {
		while ((getline line <path) > 0) {
			if (line ~ /^(\/| )\*/)
				continue
			sub(/\/\*.*/, "", line)
			if (line ~ /^struct [a-z_0-9]+ \{/) {
				split(line, word, " ")
				structs[word[2]]
			}
			n = split(line, word, /[^A-Za-z0-9_]+/)
			for (i = 1; i <= n; i++)
				words[word[i]]
		}
		close(path)
	}
}

function matches_any(glob, list,    name) {
	gsub(/\./, "[.]", glob)
	gsub(/\*/, ".*", glob)
	for (name in list)
		if (name ~ "^" glob "$")
			return 1
	return 0
}

function check_path(path) {
	checked++
	sub(/^\.\//, "", path)
	sub(/\/$/, "", path)
	if (path ~ /\*/ ? !matches_any(path, paths) : !(path in paths))
		wrong("no such file or folder: " path)
}

# Placeholders such as tests/NAME are no paths, nor are those of an installed system.
function is_path(word) {
	return word !~ /^[\/-]|^\.\.|=|:|[A-Z][A-Z]/ && word ~ /\/|\.(c|h|sh|pod|md|am|py)$/
}

# What is in backticks, or a word of it.
function check_word(word) {
	sub(/\(\)$/, "", word)
	if (word in excepted)
		return
	if (is_path(word)) {
		check_path(word)
	} else if (word ~ /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/) {
		checked++
		if (!(word in words))
			wrong("no such name in nbd-plugin/: " word)
	} else if (word ~ /^[a-z][a-z0-9]*(_[a-z0-9]+)*_\*$/) {
		checked++
		if (!matches_any(word, words))
			wrong("no such name in nbd-plugin/: " word)
	}
}

function check_code(code,    n, i, word) {
	n = split(code, word, " ")
	if (n == 2 && word[1] == "struct") {
		checked++
		if (!(word[2] in structs))
			wrong("no such struct in nbd-plugin/: " word[2])
	} else if (n == 1 && code ~ /^[a-z]+(-[a-z]+)+$/ && !(code in excepted)) {
		checked++
		if (!(code in paths))
			wrong("no file or test has this name: " code)
	} else {
		for (i = 1; i <= n; i++)
			check_word(word[i])
	}
}

function check_drawing(line,    n, i, word) {
	n = split(line, word, /[^A-Za-z0-9_.*\/-]+/)
	for (i = 1; i <= n; i++)
		if (word[i] ~ /_/ || word[i] ~ /^[a-z0-9-]+\.[ch]$/ || word[i] ~ /^[a-z-]+\/([a-z-]+\/?)*$/)
			check_word(word[i])
}

# Paths outside of backticks, and links.
function check_prose(line, folder,    n, i, word) {
	n = split(line, word, /[^A-Za-z0-9_.\/-]+/)
	for (i = 1; i <= n; i++) {
		sub(/[.]+$/, "", word[i])
		if (word[i] ~ /^(bench|debian|docs|image|initramfs|nbd-plugin|tests)\/./ && is_path(word[i]))
			check_path(word[i])
	}
	while (match(line, /\]\([^)#]*\)/)) {
		word[1] = substr(line, RSTART + 2, RLENGTH - 3)
		line = substr(line, RSTART + RLENGTH)
		if (word[1] ~ /:/)
			continue
		if (sub(/^\.\.\//, "", word[1]))
			check_path(word[1])
		else
			check_path(folder word[1])
	}
}

function read_document(path,    line, number, fenced, n, i, part, folder) {
	folder = path ~ /\// ? "docs/" : ""
	while ((getline line <path) > 0) {
		where = path ":" ++number
		if (line ~ /^```/) {
			fenced = !fenced
			continue
		}
		if (fenced) {
			check_drawing(line)
			continue
		}
		check_prose(line, folder)
		if (line ~ /^    /)
			continue
		n = split(line, part, "`")
		for (i = 2; i < n; i += 2)
			check_code(part[i])
	}
	if (!number)
		wrong("cannot be read")
	close(path)
}

BEGIN {
	excepted["module_verb"]	# a pattern of names
	excepted["run-init"]	# of klibc
	excepted["rpi-eeprom-config"]	# of Raspberry Pi
	excepted["authorized_keys"]	# of OpenSSH
	excepted["ssh_host_ed25519_key"]
	excepted["tunnel_ed25519_key"]	# of ours on a disk
	excepted["wireguard_key"]
	excepted["rendezvous_machines"]	# of Ansible
	excepted["farroot-keys"]	# the label of a partition
	excepted["xfs_scrub"]	# of xfsprogs
	read_tree()
	n = split("README.md CONTRIBUTING.md docs/architecture.md docs/boot-http.md docs/boot-process.md " \
		"docs/boot-sd-usb-rpiboot.md docs/boot-tftp.md docs/customise.md docs/hacking.md docs/hardware-checklist.md " \
		"docs/reach.md docs/rescue.md docs/rescue-contents.md docs/root-file-system.md docs/unlock-from-afar.md docs/update-eeprom.md docs/when-it-does-not-boot.md", list, " ")
	for (i = 1; i <= n; i++)
		read_document(where = list[i])
	where = "test-docs-name-real-things.sh"
	if (checked < 150)
		wrong("only " checked + 0 " names were read: is this test still right?")
	exit status
}'
