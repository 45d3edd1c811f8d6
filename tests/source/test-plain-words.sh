#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# The documents, the messages and the comments use plain words: none of the patterns of
# plain-words.txt, which also explains its format.
# usage: test-plain-words.sh [FOLDER]: another tree than this source tree.
set -eu
: "${srcdir:=.}"
words=$(cd "$srcdir" && pwd)/tests/source/plain-words.txt
cd "${1:-$srcdir}"

# awk, one process, reads all of these; of a file that is no text it reads the first line.
list=$(mktemp)
trap 'rm -f "$list"' EXIT
find . -type d \( -name .git -o -name 'build*' -o -name autom4te.cache -o -name m4 -o -name results \
	-o -name _build -o -name _inst -o -name .deps -o -name .libs -o -name '*-[0-9].[0-9]*' \) \
	-prune -o -type f ! -name '*.svg' ! -name '*.[1-9]' ! -name '*.o' ! -name '*.lo' ! -name '*.log' \
	! -name Makefile.in ! -path './config.*' ! -path ./configure ! -path './*~' ! -path ./libtool \
	! -path ./aclocal.m4 ! -path ./ar-lib ! -path ./compile ! -path ./depcomp ! -path ./install-sh \
	! -path ./ltmain.sh ! -path ./missing ! -path ./test-driver -print |
	LC_ALL=C sort >"$list"

status=0
LC_ALL=C awk -v words="$words" -v list="$list" '
function wrong(text) {
	print text >"/dev/stderr"
	status = 1
}

# A word begins and ends here: budget_bytes, budget-stops and budget= are other words.
function bounded(pattern) {
	return "(^|[^A-Za-z_-])(" pattern ")([^A-Za-z_=-]|$)"
}

function read_words(    line, part, n, paths, i) {
	while ((getline line <words) > 0) {
		if (line ~ /^(#|$)/)
			continue
		n = split(line, part, /\t+/)
		if (line ~ /^!/) {
			if (n != 3 || part[3] == "")
				wrong(words ": an exception without a reason: " line)
			exceptions++
			exception[exceptions] = line
			except_pattern[exceptions] = part[2]
			except_paths[exceptions] = substr(part[1], 2)
			continue
		}
		if (n < 2)
			wrong(words ": a pattern without a better word: " line)
		count++
		pattern[count] = bounded(part[1])
		better[count] = part[2]
		allowed[count] = n > 2 ? part[3] : ""
		all = all (all == "" ? "" : "|") part[1]
	}
	all = bounded(all)
}

function is_excepted(path, number, text,    e, i, n, list) {
	for (e = 1; e <= exceptions; e++) {
		n = split(except_paths[e], list, " ")
		for (i = 1; i <= n; i++)
			if (index(path, list[i]) == 1 &&
			    (except_pattern[e] == "*" || index(text, except_pattern[e]))) {
				used[e] = 1
				return 1
			}
	}
	return 0
}

function has(text, i) {
	if (allowed[i] != "")
		gsub(allowed[i], "", text)
	return text ~ pattern[i]
}

# A phrase may begin on the line before: carry has the last words of that.
function check(path, number, text,    i, joined) {
	joined = carry " " text
	gsub(/[ \t]+/, " ", joined)
	if (joined ~ all)
		for (i = 1; i <= count; i++)
			if (has(joined, i) && !has(carry, i) && !is_excepted(path, number, joined))
				wrong(path ":" number ": " better[i] ": " joined)
	carry = text
	sub(/[ \t]+$/, "", carry)
	if (match(carry, /[^ \t]+[ \t]+[^ \t]+$/))
		carry = substr(carry, RSTART)
}

# The comments and the string literals of a line of C.
function c_text(line,    out, at, rest) {
	out = ""
	while (line != "") {
		if (in_comment) {
			at = index(line, "*/")
			if (!at) {
				out = out line
				break
			}
			out = out substr(line, 1, at - 1) " "
			line = substr(line, at + 2)
			in_comment = 0
		} else if (match(line, /\/\*|"([^"\\]|\\.)*"/)) {
			rest = substr(line, RSTART + RLENGTH)
			if (substr(line, RSTART, 2) == "/*")
				in_comment = 1
			else
				out = out substr(line, RSTART, RLENGTH) " "
			line = rest
		} else {
			break
		}
	}
	return out
}

# The comment and the strings of a line of a script.
function script_text(line,    out) {
	out = ""
	if (line ~ /^[ \t]*#/)
		return line
	while (match(line, /"([^"\\]|\\.)*"|\047[^\047]*\047|[ \t]#.*$/)) {
		out = out substr(line, RSTART, RLENGTH) " "
		line = substr(line, RSTART + RLENGTH)
	}
	return out
}

function kind_of(path, first) {
	if (path ~ /\.(md|pod)$/ || path ~ /^[A-Z]+$/)
		return "text"
	if (path ~ /\.[ch]$/)
		return "c"
	if (path ~ /\.am$/ || path == "configure.ac")
		return "script"
	if (path ~ /\.py$/ || first ~ /^#!.*python/)
		return "text"
	if (first ~ /^#!/ || first ~ /^# shellcheck shell=/)
		return "script"
	return ""
}

function read_file(path,    line, number, kind, in_heredoc, end) {
	number = in_comment = 0
	end = carry = ""
	while ((getline line <path) > 0) {
		if (++number == 1) {
			kind = kind_of(path, line)
			if (kind == "")
				break
			files[kind]++
		}
		if (kind == "c") {
			if (!in_comment)
				carry = ""
			line = c_text(line)
			sub(/^[ \t]*[*]/, "", line)
		} else if (kind == "script") {
			if (line !~ /^[ \t]*#/ && end == "")
				carry = ""
			if (end != "") {
				if (line ~ "^\t*" end "$")
					end = ""
			} else {
				if (line ~ /<<-?[\047"]?EOF/)
					end = "EOF"
				line = script_text(line)
				sub(/^[ \t]*#+/, "", line)
			}
		}
		if (line ~ /^[ \t]*$/)
			carry = ""
		else
			check(path, number, line)
	}
	close(path)
}

BEGIN {
	read_words()
	while ((getline path <list) > 0)
		read_file(substr(path, 3))
	for (e = 1; e <= exceptions; e++)
		if (!(e in used))
			wrong(words ": an exception of nothing, delete it: " exception[e])
	if (count < 30 || files["c"] < 150 || files["script"] < 80 || files["text"] < 8)
		wrong("only " count " patterns, " files["c"] " C files, " files["script"] " scripts and " \
			files["text"] " texts were read")
	exit status
}' || status=1
[ "$status" = 0 ] || echo "tests/source/plain-words.txt has the list of words" >&2
exit "$status"
