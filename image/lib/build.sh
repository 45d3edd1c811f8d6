# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# What farroot-image rescue and farroot-image rootfs do alike: the arguments, the cache
# folder, the plan of the packages, the installed base, the delivery.
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

parts_use cache gzip site hosts host-values boot-layout site-apply source debian-plan debian-root debian-modules kernel archives libraries magic settings secrets inputs initramfs \
	squashfs identities keys

build_wrong_usage() {
	say "$*; see farroot-image $build_part --help"
	exit 2
}

# Sets site, out, debs, mirror, security, explain, build_groups (words) and build_host.  Options of one command alone are those
# that its PART_option takes.
build_arguments() {
	site='' out='' debs='' mirror='' security='' explain='' build_groups='' build_host=''
	while [ $# -gt 0 ]; do
		case "$1" in
		-o | --output | --debs | --mirror | --security-mirror | --group | --host)
			[ -n "${2-}" ] || build_wrong_usage "$1 needs a value"
			;;
		esac
		case "$1" in
		-o | --output) out=$2 && shift ;;
		--debs) debs=$2 && shift ;;
		--mirror) mirror=${2%/} && shift ;;
		--security-mirror) security=${2%/} && shift ;;
		--group)
			hosts_is_group_name "$2" || build_wrong_usage "--group $2: $hosts_group_names"
			build_groups="$build_groups$2 " && shift
			;;
		--host) build_host=$2 && shift ;;
		--explain) explain=yes ;;
		-h | --help)
			"${build_part}_usage"
			exit
			;;
		-*) "${build_part}_option" "$1" || build_wrong_usage "$1: no such option" ;;
		*)
			[ -z "$site" ] || build_wrong_usage "$1: only one site can be built"
			site=$1
			;;
		esac
		shift
	done
	[ -n "$site" ] || build_wrong_usage "which site?"
	[ -n "$out" ] || build_wrong_usage "where to? give -o OUT"
	[ -z "$build_groups" ] || [ -z "$build_host" ] || build_wrong_usage "--group and --host: a host brings its groups; give one of them"
}

# build_read_site: what both parts have in site.conf, and the folders of the site.
build_read_site() {
	site_open "$site"
	arch=$(site_get_one_of arch arm64 amd64)
	suite=$(site_get_one_of suite trixie bookworm)
	serial=$(site_get_one_of serial shell password none)
	source_read
	[ "$source:$arch" != raspios:amd64 ] || die "$site_conf: source=raspios: has no packages for amd64; arch=arm64 is needed"
	kernel=$(site_get kernel)
	case "$kernel:$source" in
	:raspios) kernel=linux-image-rpi-v8 ;;
	:debian | debian:*) kernel=linux-image-$arch ;;
	esac
	case "$kernel" in
	linux-image-*[!a-z0-9+.-]*) die "$site_conf: kernel=$kernel: not a package name" ;;
	linux-image-?*) ;;
	*) die "$site_conf: kernel=$kernel: must be debian, or a package linux-image-NAME" ;;
	esac
	[ -z "$build_groups$build_host" ] || hosts_open
	hosts_use "$build_groups" "$build_host"
	site_check "$build_part"
	if [ -n "$debs" ]; then
		[ -d "$debs" ] || die "--debs $debs: no such folder"
		debs=$(cd "$debs" && pwd)
		ls "$debs"/*.deb >/dev/null 2>&1 || die "--debs $debs: has no .deb file; build the packages first: dpkg-buildpackage -b -us -uc"
	fi
}

build_check_out() {
	if [ -e "$out" ] || [ -L "$out" ]; then
		[ -d "$out" ] || die "-o $out: not a folder"
		[ -e "$out/inputs" ] || [ -z "$(find "$out/" -mindepth 1 -maxdepth 1 ! -name .new | head -n 1)" ] ||
			die "-o $out: has files of something else; give an empty folder, or one of an earlier build"
	elif [ ! -d "$(dirname "$out")" ]; then
		die "-o $out: the folder $(dirname "$out") does not exist"
	fi
}

build_check_tools() {
	build_missing=
	for build_tool in apt-get cpio depmod dpkg-deb libdeflate-gzip mksquashfs mmdebstrap modprobe openssl readelf setpriv ssh-keygen \
		unshare unsquashfs unzip xz zstd; do
		command -v "$build_tool" >/dev/null || build_missing="$build_missing $build_tool"
	done
	[ -z "$build_missing" ] || die "these programs are missing:$build_missing; the package farroot-image depends on all of them"
}

# The cache folder belongs to root: what is in it goes into images.
build_open_cache() {
	cache=$(cache_folder)
	case "$cache" in
	/*) ;;
	*) die "FARROOT_IMAGE_CACHE=$cache: must be an absolute path" ;;
	esac
	case "$cache" in
	*[!A-Za-z0-9/._+-]*) die "FARROOT_IMAGE_CACHE=$cache: may hold letters, digits and / . _ + - only" ;;
	esac
	mkdir -p "$cache" || die "$cache: cannot be made; FARROOT_IMAGE_CACHE names another folder"
	[ -n "$(find "$cache" -maxdepth 0 -type d -uid "$(id -u)" ! -perm /022)" ] ||
		die "$cache: must belong to the user that builds, and no other user may write in it"
	exec 9>"$cache/lock"
	flock -n 9 || {
		say "another build is using $cache; waiting for its end"
		flock 9
	}
	# What an interrupted build left; the lock says that no build runs.
	for build_old in "$cache"/work.*; do
		[ ! -e "$build_old" ] || root_remove "$build_old"
	done
	find "$cache" -mindepth 1 -maxdepth 1 \( -name 'base-*' -o -name 'rescue-*' -o -name 'rootfs-*' \) -mtime +60 >"$cache/old"
	while IFS= read -r build_old; do
		root_remove "$build_old"
	done <"$cache/old"
	rm "$cache/old"
	work=$(mktemp -d "$cache/work.XXXXXX")
	trap build_clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

build_clean_up() {
	build_status=$?
	trap - EXIT
	[ -z "${work-}" ] || root_remove "$work" || :
	exit "$build_status"
}

# The packages that are asked for; apt adds what they depend on.  build_packages is the list
# of the part, build_more_packages another one, or empty; build_ours are those of our packages that the image
# takes, build_needs the one that it cannot do without.
build_plan() {
	build_wanted
	site_parts "$build_part" debs | while IFS= read -r build_folder; do
		find -L "$build_folder" -maxdepth 1 -name '*.deb' | LC_ALL=C sort
	done >"$work/local"
	[ -z "$debs" ] || for build_word in $build_ours; do
		find -L "$debs" -maxdepth 1 -name "${build_word}_*.deb"
	done | LC_ALL=C sort >>"$work/local"
	build_check_local
	plan_open "$mirror" "$security"
	build_solve
}

build_wanted() {
	{
		echo "$kernel"
		site_words "$build_packages" ${build_more_packages:+"$build_more_packages"}
		site_list "$build_part" packages.d
	} >"$work/wanted"
	build_bad=$(grep -v -x -e '[a-z0-9][a-z0-9+.-]*' "$work/wanted" | head -n 1) || :
	[ -z "$build_bad" ] || die "\"$build_bad\" is not the name of a package"
}

build_solve() {
	(
		set --
		while IFS= read -r build_word; do
			set -- "$@" "$build_word"
		done <"$work/wanted"
		while IFS= read -r build_word; do
			set -- "$@" "$build_word"
		done <"$work/local.names"
		cd "$work/debs" || exit
		plan_solve "$work/plan" "$@"
	)
}

# Our packages and those of the site, all in one folder under simple names.
build_check_local() {
	mkdir "$work/debs"
	: >"$work/local.names"
	build_number=0
	while IFS= read -r build_deb; do
		build_arch=$(dpkg-deb -f "$build_deb" Architecture) || die "$build_deb: not a Debian package"
		case "$build_arch" in
		all | "$arch") ;;
		*) die "$build_deb: is for $build_arch, but the site has arch=$arch" ;;
		esac
		build_number=$((build_number + 1))
		build_name=$(printf '%03d-%s.deb' "$build_number" "$(dpkg-deb -f "$build_deb" Package)")
		cp -L "$build_deb" "$work/debs/$build_name"
		echo "./$build_name" >>"$work/local.names"
	done <"$work/local"
}

build_explain() {
	if [ ! -e "$out/inputs" ]; then
		echo "$out: no earlier build, so everything is to be done"
	elif cmp -s "$out/inputs" "$work/inputs"; then
		echo "$out: nothing has changed; nothing would be rebuilt"
		return
	else
		inputs_explain "$out/inputs" "$work/inputs"
	fi
	if [ -d "$cache/$build_part-$digest" ]; then
		echo "$build_part-$digest is in $cache already: it would be copied"
	elif [ -d "$cache/base-$base_digest" ]; then
		echo "the packages of Debian are installed in $cache already; the rest would be rebuilt"
	else
		echo "the packages of Debian would be installed again, and all be rebuilt"
	fi
}

# The root with Debian's packages, once for all sites that have the same.
build_base() {
	base=$cache/base-$base_digest
	[ ! -d "$base" ] || {
		touch "$base"
		return 0
	}
	build_free=$(df -Pk "$cache" | awk 'NR == 2 { print int($4 / 1024) }')
	[ "$build_free" -ge 3000 ] || die "$cache: has $build_free MB free, and 3000 MB are needed; FARROOT_IMAGE_CACHE names another folder"
	say "installing $(awk '$3 == "debian"' "$work/plan" | wc -l) packages of Debian $suite for $arch; this takes minutes"
	root_make "$work/plan" "$work/base"
	mv "$work/base" "$base"
}

# build_root: a copy of the base with our packages and the site, in $root.
build_root() {
	build_base
	root=$work/root
	cp -a --reflink=auto "$base" "$root"
	SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH_given:-$(root_epoch "$root")}
	export SOURCE_DATE_EPOCH
	[ -n "$SOURCE_DATE_EPOCH" ] || die "$base: the packages have no checksums; delete the folder and run the command again"
	export FARROOT_ARCH="$arch" FARROOT_SUITE="$suite" FARROOT_FLAVOUR="$flavour"
	export FARROOT_GROUPS="${site_groups% }" FARROOT_HOST="$site_host"
	say "adding our packages and the site"
	# shellcheck disable=SC2046 # simple names
	site_apply_debs "$root" "$work/debs" $(cat "$work/local.names")
	"${build_part}_files"
	site_apply_hooks "$root" "$build_part"
}

# build_packages_list: each installed package with its version.
build_packages_list() {
	# shellcheck disable=SC2016 # dpkg-query's own
	dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package} ${Version}\n' | LC_ALL=C sort
}

# The last look: everything that leaves this machine is unpacked again.
build_check_secrets() {
	say "looking for secrets in the result"
	secrets_check "$result" >"$work/secrets" || {
		sed -e "s,$result/,," -e 's/^/  /' "$work/secrets" >&2
		die "any machine can fetch an image, and this one would hold secrets (above): remove them from the site's files, hooks and packages"
	}
}

# OUT keeps the last build until all of the new one is there; inputs, which vouches for the
# others, is moved last.
build_deliver() {
	mkdir -p "$out" || die "$out: cannot be made"
	if [ -e "$out/inputs" ] && cmp -s "$out/inputs" "$1/inputs" &&
		(cd "$1" && find . -type f -printf '%P\0' | xargs -0 sha256sum -z) >"$work/sums" &&
		(cd "$out" && tr '\0' '\n' <"$work/sums" | sha256sum --quiet -c - >/dev/null 2>&1); then
		say "$out: nothing has changed"
		return
	fi
	rm -rf "$out/.new"
	cp -rp --reflink=auto "$1" "$out/.new" || {
		rm -rf "$out/.new"
		die "$out: cannot be written, so nothing in it was changed; is the disk full?"
	}
	rm -rf "$out/inputs" "$out/dtbs" "$out/overlays"
	for build_path in "$out/.new"/*; do
		[ "${build_path##*/}" = inputs ] || mv -fT "$build_path" "$out/${build_path##*/}"
	done
	mv "$out/.new/inputs" "$out/inputs"
	rmdir "$out/.new"
}

# build_run PART ARGUMENT...: the command farroot-image PART.  Of the part are the functions
# PART_usage, _option, _read_site, _inputs, _files and _build.
build_run() {
	build_part=$1
	shift
	build_arguments "$@"
	"${build_part}_read_site"
	build_check_out
	build_check_tools
	SOURCE_DATE_EPOCH_given=${SOURCE_DATE_EPOCH-}
	case "$SOURCE_DATE_EPOCH_given" in
	*[!0-9]*) die "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH_given: must be a number of seconds since 1970" ;;
	esac
	[ -n "$explain" ] || [ "$(id -u)" = 0 ] || die "run as root: the packages of Debian are installed into a folder"
	umask 022
	build_open_cache
	build_plan
	"${build_part}_inputs" >"$work/inputs"
	digest=$(inputs_digest "$work/inputs")
	base_digest=$(inputs_base_digest "$work/inputs")
	if [ -n "$explain" ]; then
		build_explain
		return
	fi
	if [ ! -d "$cache/$build_part-$digest" ]; then
		grep -q "^$build_needs " "$work/plan" ||
			die "the package $build_needs of this project is not among the packages; give the folder where it is with --debs"
		root_can_run
		result=$work/result
		mkdir "$result"
		"${build_part}_build"
		# farroot-image boot takes the newest as the time of its own files.
		cp "$work/inputs" "$result/inputs"
		find "$result" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
		build_check_secrets
		mv "$result" "$cache/$build_part-$digest"
	fi
	touch "$cache/$build_part-$digest"
	build_deliver "$cache/$build_part-$digest"
	cat "$out/sizes"
	say "$out: ready, $digest"
}
