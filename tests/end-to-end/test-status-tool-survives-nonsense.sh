#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# farroot status survives a server that talks nonsense, and says that it does.
. "${srcdir:-..}/tests/end-to-end/status-answers.sh"
need python3

for nonsense in '' '{' 'null' '[]' '{"state":"frob"}' '{"state":"ready"}' "$(line ready -5 '')" \
	"$(line ready '"x"' '')" "$(line ready 1 "$(printf '%0300d' 1)")"; do
	printf '%s\n' "$nonsense"
done >"$dir/nonsense"
answers_from "$dir/nonsense"
while read -r nonsense; do
	status=0
	ask || status=$?
	same "$status" 1 "exit status for '$nonsense'"
	grep -q 'not the answer of a farroot server' "$dir/err" || fail "'$nonsense': $(cat "$dir/err")"
done <"$dir/nonsense"
same "$(grep -c '' "$dir/nonsense")" 9 "answers"
