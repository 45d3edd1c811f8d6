# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# Which Debian packages of which versions an image has: apt decides, with lists of its own
# in the cache folder, before anything is installed.  The answer is an input of the build.
# Uses arch, suite, cache and the archive of source.sh, and sets plan_sources, plan_debs.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

# plan_sources_of MIRROR SECURITY: lines for sources.list.
plan_sources_of() {
	plan_key=/usr/share/keyrings/debian-archive-keyring.gpg
	plan_options=
	[ ! -e "$plan_key" ] || plan_options="[signed-by=$plan_key] "
	echo "deb $plan_options$1 $suite main"
	echo "deb $plan_options$1 $suite-updates main"
	[ -z "$2" ] || echo "deb $plan_options$2 $suite-security main"
}

# plan_mirror_of LABEL: the archive that this machine's apt uses.
plan_mirror_of() {
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI)' "Label: $1" 2>/dev/null | sed 's,/*$,,' | sort -u | head -n 1
}

# plan_open [MIRROR [SECURITY]]: apt's folder, and the lists of today.
plan_open() {
	plan_mirror=${1-}
	plan_security=${2-}
	if [ -z "$plan_mirror" ]; then
		plan_mirror=$(plan_mirror_of Debian)
		plan_security=${plan_security:-$(plan_mirror_of Debian-Security)}
		[ -n "$plan_mirror" ] ||
			die "apt's sources on this machine have no Debian archive; give one with --mirror"
	fi
	case "$plan_mirror$plan_security" in
	*[!A-Za-z0-9.:/_~%+@-]*) die "$plan_mirror $plan_security: not the URL of a Debian archive" ;;
	*@*) die "--mirror: a URL with a password would stay in the cache folder; use apt's auth.conf" ;;
	esac
	[ -n "$plan_security" ] ||
		say "warning: no archive with security updates is known; give one with --security-mirror"
	plan_sources=$(plan_sources_of "$plan_mirror" "$plan_security" | source_copies)
	# Without an archive the name is that of before.
	plan_dir=$cache/apt-$arch-$suite-$({
		echo "$plan_sources"
		[ -z "$archive_url" ] || {
			source_line '' "$archive_components"
			cat "$archive_keyring"
		}
	} | sha256sum | cut -c 1-8)
	mkdir -p "$plan_dir/lists/partial" "$plan_dir/archives/partial"
	{
		echo "$plan_sources"
		[ -z "$archive_url" ] || source_line "$(source_keyring "$plan_dir")" "$archive_components"
	} >"$plan_dir/sources.list"
	: >"$plan_dir/status"
	cat >"$plan_dir/apt.conf" <<-END
		Dir::Etc::SourceList "$plan_dir/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
		Dir::State "$plan_dir";
		Dir::State::status "$plan_dir/status";
		Dir::State::Lists "$plan_dir/lists";
		Dir::Cache "$plan_dir";
		Dir::Cache::archives "$plan_dir/archives";
		Dir::Log "$plan_dir";
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		APT::Install-Recommends "false";
		APT::Install-Suggests "false";
		APT::Sandbox::User "root";
		APT::Get::List-Cleanup "true";
		Acquire::Languages "none";
		Acquire::Retries "3";
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		#clear DPkg::Post-Invoke;
		#clear DPkg::Pre-Install-Pkgs;
	END
	plan_update
}

# Without a network the lists of the last time do, and the user is told.
plan_update() {
	plan_apt -qq update >"$plan_dir/update.log" 2>&1 && ! grep -q '^[WE]:' "$plan_dir/update.log" && {
		touch "$plan_dir/updated"
		return
	}
	sed 's/^/  /' "$plan_dir/update.log" >&2
	source_explain "$plan_dir/update.log"
	[ -e "$plan_dir/updated" ] ||
		die "$plan_mirror${archive_url:+ or $archive_url}: cannot read its package lists (above); check the URL, the suite $suite and the network"
	say "warning: $plan_mirror${archive_url:+ or $archive_url} cannot be read (above); the package lists are those of $(date -r "$plan_dir/updated" +%F)"
}

plan_apt() {
	LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -c "$plan_dir/apt.conf" "$@"
}

# plan_solve OUT WANTED...: writes lines "NAME VERSION ORIGIN" to OUT, sorted, for all that
# must be installed.  WANTED are names and paths of .deb files; ORIGIN is local for those
# and debian for the rest.
plan_solve() {
	plan_out=$1
	shift
	plan_apt -s -qq install '?essential' "$@" >"$plan_out.apt" 2>"$plan_out.log" || {
		cat "$plan_out.apt" "$plan_out.log" | sed 's/^/  /' >&2
		die "apt cannot choose the packages (above); is each name in packages.d a package of $suite for $arch?"
	}
	sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) \(.*\)$/\1 \2 \3/p' "$plan_out.apt" |
		sed -e 's/ local-deb.*/ local/' -e '/ local$/!s/^\([^ ]* [^ ]*\) .*/\1 debian/' |
		sed 's/^\([^ :]*\):[a-z0-9]* /\1 /' | LC_ALL=C sort >"$plan_out"
	[ -s "$plan_out" ] || die "apt chose no package; its output is $plan_out.apt"
}

# plan_download PLAN: the packages of Debian, into $plan_dir/archives.
plan_download() {
	plan_apt -qq autoclean >/dev/null 2>&1 || :
	# shellcheck disable=SC2046 # names
	plan_apt -qq -y --download-only install $(awk '$3 == "debian" { print $1 "=" $2 }' "$1") \
		>"$plan_dir/download.log" 2>&1 || {
		tail -n 20 "$plan_dir/download.log" | sed 's/^/  /' >&2
		die "cannot download the packages (above); run the command again once $plan_mirror answers and the disk has space"
	}
}
