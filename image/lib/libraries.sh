# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Each program of a tree finds the libraries that it links to, each script its interpreter,
# and no wanted program is missing.  Nothing of the tree runs: readelf reads it, in seconds,
# whatever the architecture.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# libraries_check TREE: prints what is missing, one a line, and fails if anything is.
libraries_check() {
	libraries_work=$(mktemp -d)
	libraries_status=0
	(
		cd "$1" || exit
		find . -xdev \( -path ./lib/modules -o -path ./usr/lib/modules -o -path ./proc -o -path ./sys \) -prune \
			-o \( -type f -printf 'f %p\n' \) -o \( -type l -printf 'l %p %l\n' \) >"$libraries_work/files"
		find . -xdev \( -path ./lib/modules -o -path ./usr/lib/modules -o -path ./proc -o -path ./sys \) -prune \
			-o -type f \( -perm -u+x -o -name '*.so' -o -name '*.so.*' \) -print0 >"$libraries_work/candidates"
		# Two names at least, so that readelf says which file it speaks of.
		LC_ALL=C xargs -0r readelf -W -l -d -h /dev/null <"$libraries_work/candidates" \
			>"$libraries_work/elf" 2>/dev/null || :
		: >"$libraries_work/scripts"
		tr '\0' '\n' <"$libraries_work/candidates" | libraries_first_lines >"$libraries_work/scripts"
		cat etc/ld.so.conf etc/ld.so.conf.d/*.conf 2>/dev/null | sed -n 's,^/,,p' >"$libraries_work/folders" || :
	)
	libraries_resolve "$libraries_work" || libraries_status=1
	rm -rf "$libraries_work"
	return $libraries_status
}

# The #! lines of the files whose names are read: "NAME INTERPRETER ARGUMENT".
libraries_first_lines() {
	LC_ALL=C awk '{
		name = $0
		if ((getline line <name) > 0 && line ~ /^#!/) {
			sub(/^#![ \t]*/, "", line)
			print name, line
		}
		close(name)
	}'
}

libraries_resolve() {
	LC_ALL=C awk -v work="$1" '
	function wrong(text) {
		print text
		status = 1
	}

	# Paths are without the first ./, and without links.
	function clean(path,    n, i, part, out, depth) {
		n = split(path, part, "/")
		depth = 0
		for (i = 1; i <= n; i++) {
			if (part[i] == "" || part[i] == ".")
				continue
			if (part[i] == "..") {
				if (depth > 0)
					depth--
			} else {
				stack[++depth] = part[i]
			}
		}
		out = ""
		for (i = 1; i <= depth; i++)
			out = out (i > 1 ? "/" : "") stack[i]
		return out
	}

	# The file that a path leads to, through links, or nothing.
	function follow(path,    tries, n, part, i, at, rest, j) {
		path = clean(path)
		for (tries = 0; tries < 40; tries++) {
			n = split(path, part, "/")
			at = ""
			for (i = 1; i <= n; i++) {
				at = at (i > 1 ? "/" : "") part[i]
				if (at in link)
					break
			}
			if (i > n)
				return path in file ? path : ""
			rest = ""
			for (j = i + 1; j <= n; j++)
				rest = rest "/" part[j]
			if (link[at] ~ /^\//)
				path = clean(link[at] rest)
			else {
				sub(/[^\/]*$/, "", at)
				path = clean(at link[substr(path, 1, length(path) - length(rest))] rest)
			}
		}
		return ""
	}

	function finds(soname, from, machine,    i, n, folder, list, path) {
		if (soname ~ /\//)
			return follow(soname) != ""
		n = split(runpath[from], list, ":")
		for (i = 1; i <= n; i++) {
			folder = list[i]
			path = from
			sub(/[^\/]*$/, "", path)
			gsub(/\$\{?ORIGIN\}?/, "/" path, folder)
			if ((path = follow(folder "/" soname)) != "" && arch[path] == machine)
				return 1
		}
		for (i = 1; i <= folders; i++)
			if ((path = follow(folder_of[i] "/" soname)) != "" && arch[path] == machine)
				return 1
		# A plugin may link to a library of the program that loads it.
		path = from
		sub(/[^\/]*$/, "", path)
		return 0
	}

	BEGIN {
		while ((getline line <(work "/files")) > 0) {
			n = split(line, word, " ")
			path = clean(word[2])
			if (word[1] == "f")
				file[path]
			else
				link[path] = word[3]
		}
		while ((getline line <(work "/folders")) > 0)
			folder_of[++folders] = line
		n = split("lib usr/lib lib64 usr/lib64 lib/aarch64-linux-gnu usr/lib/aarch64-linux-gnu lib/x86_64-linux-gnu usr/lib/x86_64-linux-gnu", word, " ")
		for (i = 1; i <= n; i++)
			folder_of[++folders] = word[i]
		name = ""
		while ((getline line <(work "/elf")) > 0) {
			if (line ~ /^File: /)
				name = clean(substr(line, 7))
			else if (line ~ /^  Machine:/)
				arch[name] = substr(line, 12)
			else if (line ~ /\(NEEDED\)/) {
				gsub(/.*\[|\].*/, "", line)
				needed[name] = needed[name] " " line
				elves[name]
			} else if (line ~ /\((RUNPATH|RPATH)\)/) {
				gsub(/.*\[|\].*/, "", line)
				runpath[name] = line
			} else if (line ~ /Requesting program interpreter:/) {
				gsub(/.*interpreter: |\].*/, "", line)
				if (follow(line) == "")
					wrong(name ": its loader " line " is missing")
			}
		}
		for (name in elves) {
			count++
			n = split(needed[name], word, " ")
			for (i = 1; i <= n; i++)
				if (!finds(word[i], name, arch[name]))
					wrong(name ": its library " word[i] " is missing")
		}
		while ((getline line <(work "/scripts")) > 0) {
			n = split(line, word, " ")
			path = word[2]
			if (path ~ /\/env$/ && n > 2) {
				i = word[3] == "-S" ? 4 : 3
				if (follow("usr/bin/" word[i]) == "" && follow("bin/" word[i]) == "")
					wrong(clean(word[1]) ": its interpreter " word[i] " is missing")
			} else if (follow(path) == "")
				wrong(clean(word[1]) ": its interpreter " path " is missing")
		}
		if (!count)
			wrong("no program links to any library: the tree cannot be right")
		exit status
	}' | LC_ALL=C sort >"$1/wrong"
	cat "$1/wrong"
	[ ! -s "$1/wrong" ]
}

# libraries_unused TREE: the libraries that no program and no library links to; some are
# loaded by name, the others can go.
libraries_unused() {
	find "$1" -xdev -type f \( -perm -u+x -o -name '*.so' -o -name '*.so.*' \) -print0 |
		LC_ALL=C xargs -0r readelf -W -d /dev/null 2>/dev/null | LC_ALL=C awk '
		/^File: / { in_folder = $2 ~ /-linux-gnu\/[^\/]*$/ }
		/\((SONAME|NEEDED)\)/ {
			name = $0
			gsub(/.*\[|\].*/, "", name)
			if ($0 ~ /NEEDED/)
				needed[name]
			else if (in_folder)
				library[name]
		}
		END { for (name in library) if (!(name in needed)) print name }' | LC_ALL=C sort
}

# programs_resolve TREE PATH: PATH is there, and if it is a link, what it leads to inside of
# TREE is, too.
programs_resolve() {
	programs_path=$2
	programs_links=0
	while [ -L "$1/$programs_path" ]; do
		programs_links=$((programs_links + 1))
		[ "$programs_links" -le 20 ] || return 1
		programs_link=$(readlink "$1/$programs_path")
		case $programs_link in
		/*) programs_path=${programs_link#/} ;;
		*) programs_path=${programs_path%/*}/$programs_link ;;
		esac
	done
	[ -e "$1/$programs_path" ]
}

# programs_check TREE LIST: each name in LIST is a program in TREE; prints those that are not.
programs_check() {
	site_words "$2" | while IFS= read -r programs_name; do
		programs_found=
		for programs_folder in usr/sbin usr/bin sbin bin usr/lib/openssh usr/lib/systemd; do
			! programs_resolve "$1" "$programs_folder/$programs_name" || programs_found=yes
		done
		[ -n "$programs_found" ] || echo "$programs_name"
	done >"$1.programs"
	programs_missing=$(tr '\n' ' ' <"$1.programs")
	rm "$1.programs"
	[ -z "$programs_missing" ] || {
		echo "$programs_missing"
		return 1
	}
}
