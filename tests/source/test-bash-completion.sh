#!/bin/bash
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Tab completes commands, options, parameters and their values.
: "${srcdir:=.}" "${top_builddir:=.}"
[ -r /usr/share/bash-completion/bash_completion ] || exit 77
# shellcheck disable=SC1091
. /usr/share/bash-completion/bash_completion
# shellcheck source=/dev/null
. "$srcdir/nbd-plugin/tool/farroot.bash-completion" || exit 1
PATH=$(cd "$top_builddir" && pwd):$PATH
failed=0

# completes WORD... EXPECTED: the last word, as far as it is typed.
completes() {
	local expected=${*: -1}
	COMP_WORDS=(farroot "${@:1:$#-1}")
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMP_LINE="${COMP_WORDS[*]}"
	COMP_LINE=${COMP_LINE// = /=} # one word for people, three for readline
	COMP_POINT=${#COMP_LINE}
	COMPREPLY=()
	_farroot farroot 2>/dev/null
	case " ${COMPREPLY[*]} " in
	*" $expected "*) ;;
	*)
		echo "${COMP_LINE}: no $expected in: ${COMPREPLY[*]}" >&2
		failed=1
		;;
	esac
}
# Only in a real completion may it change its options.
# shellcheck disable=SC2317
compopt() { :; }

completes pa pack
completes '' status
completes status --w --watch
completes status --pro --prometheus
completes serve --sock --socket=
completes serve http://a/x rooth roothash=
completes serve http://a/x fill = y yes
completes serve http://a/x verify = n none
completes pack --prof --profile=
completes profile rec record
completes profile record --so --socket=
completes profile files --ne --needs
completes mount http://a/x rooth roothash=
completes mount -o allow_o allow_other
completes mount --um --umount
completes fleet roll rollout
completes fleet --js --json
completes --ver --version
exit "$failed"
