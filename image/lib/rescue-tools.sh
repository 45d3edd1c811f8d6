# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The tools image of the small flavour: what the full one has and the small one has not, as a
# squashfs of its own for a web server, packed in the order of use.  The small image gets its
# name, its root hash, and a list of what each program needs of it; initramfs/rescue/streamed-tools.sh
# reads them.  Nothing of it is made unless site.conf has tools=.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034,SC2030,SC2031

# As tools= of site.conf.
tools=

# tools_read_site: sets tools, empty if there is to be no such image.
tools_read_site() {
	tools=$(site_get tools)
	case "$tools" in
	'') return 0 ;;
	beside | http://[!/]* | https://[!/]*) ;;
	*) die "$site_conf: tools=$tools: must be beside, or the URL of the folder that will have the image" ;;
	esac
	case "$tools" in
	*[[:space:]]* | *'?'* | *'#'*) die "$site_conf: tools=$tools: must be the URL of a folder" ;;
	*://*@*) die "$site_conf: tools=$tools: a password in an image can be read by anyone; farroot.user= and farroot.password-file= of the machine count here, too" ;;
	esac
	[ "$flavour" = small ] || die "$site_conf: tools=$tools: flavour=$flavour has its tools in the image; only flavour=small can stream them"
	command -v farroot >/dev/null || die "farroot is not installed; install the package farroot"
}

# tools_plan: which packages the full flavour has today, in $work/tools/plan.
tools_plan() {
	[ -n "$tools" ] || return 0
	mkdir "$work/tools"
	ln -s ../debs "$work/tools/debs"
	cp "$work/local.names" "$work/tools/"
	(
		build_packages=$image_lib/rescue/packages-full
		work=$work/tools
		build_wanted
		build_solve
	)
}

# tools_inputs: more lines for the list of inputs.
tools_inputs() {
	[ -n "$tools" ] || return 0
	inputs_line option tools "$tools"
	inputs_line tool farroot "$(farroot --version | head -n 1)"
	awk '$3 == "debian" { printf "package-of-tools\t%s\t%s\n", $1, $2 }' "$work/tools/plan"
}

# tools_make SMALL: makes $result/NAME.img for the tool tree SMALL, of which nothing was moved
# to the initramfs yet, and adds to SMALL what the machine must know of it.
tools_make() {
	[ -n "$tools" ] || return 0
	say "making the tools image: the full flavour's tools"
	tools_tree
	tools_root=$work/tools/root
	tools_resolve_modules "$tools_root"
	tools_thin "$1" "$tools_root"
	tools_find_needs "$tools_root" "$1" >"$work/tools/needs"
	tools_in_order "$image_lib/rescue/tool-sets" "$work/tools/needs" >"$work/tools/ordered"
	tools_pack "$tools_root"
	tools_install "$1"
	root_remove "$tools_root"
}

# The tool tree of the full flavour, in $work/tools/root, with the modules that tool-sets names.
tools_tree() {
	(
		flavour=full
		sed '/^package	/d' "$work/inputs" >"$work/tools/inputs"
		awk '$3 == "debian" { printf "package\t%s\t%s\n", $1, $2 }' "$work/tools/plan" >>"$work/tools/inputs"
		LC_ALL=C sort -o "$work/tools/inputs" "$work/tools/inputs"
		base_digest=$(inputs_base_digest "$work/tools/inputs")
		SOURCE_DATE_EPOCH_given=$SOURCE_DATE_EPOCH
		work=$work/tools
		build_root
		identities_remove "$root" rescue
		[ -d "$root/usr/lib/modules/$version" ] || die "the full flavour has another kernel than $version"
		tree_drop_paths "$root" "$image_lib/rescue/paths-drop-first"
		rescue_modules
		cp -a "$root/var/lib/dpkg/info" "$work/dpkg-info"
		tree_prune "$root"
		rescue_check_tree
	)
}

# tools_resolve_modules ROOT: lines "+NAME<tab>FILES", the modules with all that they depend on, to
# $work/tools/modules; other modules are deleted.  Those that are in the kernel have no line.
tools_resolve_modules() {
	tools_words "$image_lib/rescue/tool-sets" | sed -n 's/^+//p' | sort -u | while IFS= read -r tools_module; do
		tools_files=$(modprobe -d "$1" -S "$version" --show-depends "$tools_module" 2>/dev/null |
			sed -n "s,^insmod .*/lib/modules/$version/\([^ ]*\).*,usr/lib/modules/$version/\1,p" | tr '\n' ' ')
		[ -z "$tools_files" ] || printf '+%s\t%s\n' "$tools_module" "${tools_files% }"
	done >"$work/tools/modules"
	cut -f 2 "$work/tools/modules" | tr ' ' '\n' | LC_ALL=C sort -u >"$work/tools/modules-kept"
	(cd "$1" && find usr/lib/modules ! -type d | LC_ALL=C sort | LC_ALL=C comm -23 - "$work/tools/modules-kept" |
		tr '\n' '\0' | xargs -0r rm -f --)
}

# tools_words FILE: all that the sets have.
tools_words() {
	sed -e 's/#.*//' -e 's/^[a-z-]*://' "$1" | tr -s '[:space:]' '\n' | sed '/^$/d'
}

# tools_thin SMALL FULL: deletes from FULL what SMALL has, too.  What is a command of busybox
# there stays: farroot tools --run gets it.
tools_thin() {
	find "$2" -mindepth 1 -maxdepth 1 ! -name usr ! -name etc ! -type l -exec rm -rf --one-file-system -- {} +
	# What is for logins, for package managers, or for timers.
	for tools_path in etc/farroot etc/pam.d etc/security etc/default etc/selinux etc/skel usr/lib/udev usr/lib/tmpfiles.d usr/libexec/farroot \
		usr/share/debianutils usr/share/menu usr/share/pam usr/share/pam-configs; do
		rm -rf --one-file-system "${2:?}/$tools_path"
	done
	(cd "$1" && find usr etc ! -type d -printf '%p\t%l\n') | awk -F '\t' '$2 !~ /(^|\/)busybox$/ { print $1 }' >"$work/tools/of-small"
	while IFS= read -r tools_path; do
		case $tools_path in
		*.so | *.so.*) [ ! -f "$2/$tools_path" ] || cmp -s "$1/$tools_path" "$2/$tools_path" ||
			die "$tools_path: is another one in the full flavour; did the archive change just now?  Run the command again" ;;
		esac
		rm -f "$2/$tools_path"
	done <"$work/tools/of-small"
	find "$2" -depth -mindepth 1 -type d -empty -delete
}

# tools_find_needs FULL SMALL: a line "NAME<tab>FOLDER<tab>FILES" for each program of FULL: the program,
# its libraries that SMALL lacks, its interpreter, and the data files of its package; then those of the
# modules that SMALL lacks, "+NAME<tab>FILES<tab>FILES".
tools_find_needs() {
	(
		cd "$1" || exit
		find usr -type f -printf 'f\t%p\n'
		find usr -type l | while IFS= read -r tools_path; do
			programs_resolve . "$tools_path" || continue
			printf 'l\t%s\t%s\n' "$tools_path" "$(realpath -m -s --relative-to=. "./$programs_path")"
		done
		find usr -path usr/lib/modules -prune -o -type f \( -perm -u+x -o -name '*.so' -o -name '*.so.*' \) -print0 |
			LC_ALL=C xargs -0r readelf -W -d /dev/null 2>/dev/null | LC_ALL=C awk '
				/^File: / { name = substr($0, 7) }
				/\(NEEDED\)/ { gsub(/.*\[|\].*/, ""); print "n\t" name "\t" $0 }'
		find usr/bin usr/sbin -type f | libraries_first_lines | awk '{ n = split($2 ~ /\/env$/ ? $3 : $2, part, "/"); print "i\t" $1 "\t" part[n] }'
		for tools_list in "$work/tools/dpkg-info"/*.list; do
			tools_name=${tools_list##*/}
			sed -n 's,^/\(.\),\1,p' "$tools_list" | sed "s,^\(bin\|sbin\|lib\|lib64\)/,usr/&,; s,^,p	${tools_name%.list}	,"
		done
	) | LC_ALL=C awk -F '\t' "$tools_needs_program"
	(cd "$2" && find usr/lib/modules -name '*.ko') | LC_ALL=C awk -F '\t' '
		FNR == NR { has[$1]; next }
		{
			n = split($2, file, " ")
			list = ""
			for (i = 1; i <= n; i++)
				if (!(file[i] in has))
					list = list (list == "" ? "" : " ") file[i]
			if (list != "")
				print $1 "\t" list "\t" list
		}' - "$work/tools/modules"
}

# A program that draws on the screen reads the description of the terminal.
# shellcheck disable=SC2016 # awk
tools_needs_program='
	$1 == "f" { is_file[$2]; path_of_name($2) }
	$1 == "l" { to[$2] = $3; path_of_name($2) }
	$1 == "n" { needed[$2] = needed[$2] $3 "\n" }
	$1 == "i" { interpreter[$2] = $3 }
	$1 == "p" { package[$3] = $2; if ($3 ~ /^usr\/(lib|share)\/terminfo\//) is_terminfo[$3] }
	function path_of_name(path,    name) {
		name = path
		sub(/.*\//, "", name)
		if (name ~ /\.so(\.|$)/)
			library[name] = path
		else if (path ~ /^usr\/s?bin\/[^\/]*$/)
			program[name] = path
	}
	function real(path) {
		return path in to ? to[path] : path
	}
	function add(path,    part, n, i) {
		path = real(path)
		if (!(path in is_file) || path in added)
			return
		added[path]
		files = files (files == "" ? "" : " ") path
		if (path in interpreter && interpreter[path] in program)
			add(program[interpreter[path]])
		n = split(needed[path], part, "\n")
		for (i = 1; i < n; i++) {
			if (part[i] in library)
				add(library[part[i]])
			if (path == drawn && part[i] ~ /^lib(tinfo|ncurses)/)
				terminal = 1
		}
	}
	END {
		for (path in is_file)
			if (path in package && path !~ /^usr\/s?bin\// && path !~ /^usr\/lib\/[^\/]*\/[^\/]*\.so[^\/]*$/ && path !~ /^usr\/lib\/modules\//)
				data[package[path]] = data[package[path]] path "\n"
		for (name in program) {
			path = real(program[name])
			if (!(path in is_file))
				continue
			files = ""
			terminal = 0
			drawn = path
			split("", added)
			add(path)
			n = split(data[package[path]], part, "\n")
			for (i = 1; i < n; i++)
				add(part[i])
			if (terminal)
				for (i in is_terminfo)
					add(i)
			folder = program[name]
			sub(/\/[^\/]*$/, "", folder)
			print name "\t" folder "\t" files
		}
	}'

# tools_in_order SETS NEEDS: the lines of NEEDS, those of the sets first.
tools_in_order() {
	tools_words "$1" | LC_ALL=C awk -F '\t' '
		FNR == NR { if (!($1 in place)) place[$1] = ++count; next }
		{ printf "%05d\t%s\n", $1 in place ? place[$1] : 99999, $0 }' - "$2" | LC_ALL=C sort | cut -f 2-
}

# tools_pack FULL: $result/tools-DIGEST.img; the files lie in it in the order in which tools need them.
# Without fragments no two files share a block, and a program costs no bytes of another one.
tools_pack() {
	say "packing the tools image"
	{
		(cd "$1" && find etc -type f | LC_ALL=C sort)
		cut -f 3 "$work/tools/ordered" | tr ' ' '\n'
	} | awk '!seen[$0]++ { print $0, 32767 - (n < 65000 ? n++ : n) }' >"$work/tools/order"
	initramfs_clamp "$1"
	squashfs_make "$1" "$work/tools/squashfs" -comp xz -b 1M -no-fragments -no-xattrs -no-exports -sort "$work/tools/order"
	farroot pack "$work/tools/squashfs" -o "$work/tools/img" >"$work/tools/packed" || die "farroot pack failed (above)"
	tools_hash=$(sed -n 's/^roothash=//p' "$work/tools/packed")
	tools_name=tools-$(echo "$tools_hash" | cut -c 1-16).img
	mv "$work/tools/img" "$result/$tools_name"
	echo "$tools_name" >"$result/tools-image"
	rm "$work/tools/squashfs"
}

# tools_extents FULL LINES: of each line "WORDS<tab>FOLDERS<tab>FILES" the words, the folders, and OFFSET+LENGTH of each part of the
# image that has blocks of the files; in the order of the lines.
tools_extents() {
	cut -f 3 "$2" | tr ' ' '\n' | LC_ALL=C sort -u | (cd "$1" && xargs stat -c '0 %s /%n' --) | sed '/^0 0 /d' >"$work/tools/files"
	farroot profile files --extents --to="$result/$tools_name" "$work/tools/files" -o "$work/tools/extents" || die "farroot profile files failed (above)"
	awk -F '\t' '
		FNR == NR { split($0, part, " "); extents[part[3]] = extents[part[3]] part[1] " " part[2] "\n"; next }
		{
			gsub(" ", ",", $2)
			print FNR, -1, $1, $2
			n = split($3, file, " ")
			for (i = 1; i <= n; i++) {
				m = split(extents["/" file[i]], extent, "\n")
				for (j = 1; j < m; j++)
					print FNR, extent[j]
			}
		}' "$work/tools/extents" "$2" | sort -n -k 1,1 -k 2,2 | awk '
		function put() { if (end) printf " %d+%d", start, end - start; end = 0 }
		$2 < 0 { put(); if (NR > 1) print ""; printf "%s %s", $3, $4; next }
		$2 <= end && end { if ($2 + $3 > end) end = $2 + $3; next }
		{ put(); start = $2; end = $2 + $3 }
		END { put(); print "" }'
}

# tools_tables: OFFSET+LENGTH of the tables of the squashfs, which are its end.  The superblock has the end at its byte 40, and
# the first table at 64.
tools_tables() {
	tools_end=$(od -An -tu8 -j 40 -N 8 "$result/$tools_name" | tr -d ' ')
	tools_begin=$(od -An -tu8 -j 64 -N 8 "$result/$tools_name" | tr -d ' ')
	tools_begin=$((tools_begin / 4096 * 4096))
	echo "$tools_begin+$(((tools_end - tools_begin + 4095) / 4096 * 4096))"
}

# tools_install SMALL: tools.conf, tools.list and the stubs, one for each program that SMALL lacks.
tools_install() {
	{
		echo "name=$tools_name"
		echo "roothash=$tools_hash"
		echo "size=$(stat -c %s "$result/$tools_name")"
		echo "url=$tools"
	} >"$1/etc/farroot/tools.conf"
	{
		sed -e 's/#.*//' -e '/^[[:space:]]*$/d' -e 's/^\([a-z-]*\):/=\1/' "$image_lib/rescue/tool-sets" |
			awk 'FNR == NR { sub(/\t.*/, ""); has[$0]; next }
				{ line = $1; for (i = 2; i <= NF; i++) if ($i in has) line = line " " $i; print line }' "$work/tools/ordered" -
		{
			cat "$work/tools/ordered"
			printf '@etc\tetc\t%s\n' "$(cd "$tools_root" && find etc -type f | LC_ALL=C sort | paste -s -d ' ' -)"
		} >"$work/tools/lines"
		tools_extents "$tools_root" "$work/tools/lines"
		echo "@tables tables $(tools_tables)"
	} >"$1/etc/farroot/tools.list"
	tools_stubs=$1/usr/libexec/farroot/streamed
	mkdir -p "$tools_stubs/bin" "$tools_stubs/sbin"
	awk '/^[^=+@]/ { print $1, $2 }' "$1/etc/farroot/tools.list" | while read -r tools_word tools_folder; do
		for tools_there in "$1/usr/bin" "$1/usr/sbin" "$1/usr/local/bin"; do
			if [ -L "$tools_there/$tools_word" ] || [ -e "$tools_there/$tools_word" ]; then
				continue 2
			fi
		done
		ln -s /usr/libexec/farroot/rescue/tools-run "$tools_stubs/${tools_folder#usr/}/$tools_word"
	done
	# mount(8) runs mount.TYPE, which makes the kernel know the file system.
	sed -n '/^=file-systems /s/ /\n/gp' "$1/etc/farroot/tools.list" | sed -n 's/^+//p' | while IFS= read -r tools_word; do
		[ "$tools_word" != isofs ] || tools_word=iso9660
		[ -e "$1/usr/sbin/mount.$tools_word" ] || ln -s /usr/libexec/farroot/rescue/tools-run "$1/usr/sbin/mount.$tools_word"
	done
	# The login shell finds the stubs also if ssh runs one command.
	sed -i '/^root:/s,:[^:]*$,:/usr/libexec/farroot/rescue/tools-shell,' "$1/etc/passwd"
	[ ! -e "$1/etc/shells" ] || echo /usr/libexec/farroot/rescue/tools-shell >>"$1/etc/shells"
}

# tools_keep_server SMALL INITRAMFS: the rescue system takes nbdkit and what it needs from the
# initramfs, for a server of its own; after shared_drop.
tools_keep_server() {
	[ -n "$tools" ] || return 0
	tools_kept=$1/etc/farroot/initramfs-files
	{
		echo etc/farroot/sandbox.list
		sed 's,^/,,' "$2/etc/farroot/sandbox.list"
	} | while IFS= read -r tools_path; do
		[ -L "$1/$tools_path" ] || [ -e "$1/$tools_path" ] || echo "$tools_path"
	done >>"$tools_kept"
	LC_ALL=C sort -u -o "$tools_kept" "$tools_kept"
}
