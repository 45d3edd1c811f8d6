# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The rpi-rescue-netboot authors
#
# summary:   rescue SITE -o OUT  builds the rescue system: kernel, initramfs, tool tree
# shellcheck shell=dash
# The parts of the builder share their variables.
# shellcheck disable=SC2154,SC2034

for rescue_part in site rescue-keys debian-plan debian-root debian-modules rescue-inputs site-apply archives \
	libraries secrets rescue-initramfs rescue-tree rescue-sizes; do
	# shellcheck source=/dev/null
	. "$image_lib/lib/$rescue_part.sh"
done

rescue_usage() {
	cat <<'EOT'
Usage: farroot-image rescue SITE -o OUT [OPTION]...
Builds the rescue system of the site in the folder SITE, as root, from packages of
Debian, and writes vmlinuz, initrd, rescue.cpio, dtbs/ and lists to the folder OUT.

  -o, --output OUT       the folder for the result; it is made if need be
  --debs DIR             the packages farroot, nbdkit-plugin-farroot,
                         farroot-initramfs and farroot-rescue are in DIR
  --mirror URL           Debian's archive; default: that of this machine's apt
  --security-mirror URL  the archive of Debian's security updates; the same default
  --explain              build nothing; say what would be rebuilt, and why

Results are kept in $FARROOT_IMAGE_CACHE, default /var/tmp/farroot-image: what did
not change is not built again. SOURCE_DATE_EPOCH sets the time of the image.
EOT
}

rescue_wrong_usage() {
	say "$*; see farroot-image rescue --help"
	exit 2
}

rescue_arguments() {
	site='' out='' debs='' mirror='' security='' explain=''
	while [ $# -gt 0 ]; do
		case "$1" in
		-o | --output | --debs | --mirror | --security-mirror)
			[ -n "${2-}" ] || rescue_wrong_usage "$1 needs a value"
			;;
		esac
		case "$1" in
		-o | --output) out=$2 && shift ;;
		--debs) debs=$2 && shift ;;
		--mirror) mirror=${2%/} && shift ;;
		--security-mirror) security=${2%/} && shift ;;
		--explain) explain=yes ;;
		-h | --help)
			rescue_usage
			exit
			;;
		-*) rescue_wrong_usage "$1: no such option" ;;
		*)
			[ -z "$site" ] || rescue_wrong_usage "$1: only one site can be built"
			site=$1
			;;
		esac
		shift
	done
	[ -n "$site" ] || rescue_wrong_usage "which site?"
	[ -n "$out" ] || rescue_wrong_usage "where to? give -o OUT"
}

# Everything that the site can be wrong in, before anything takes long.
rescue_read_site() {
	site_open "$site"
	arch=$(site_get_one_of arch arm64 amd64)
	suite=$(site_get_one_of suite trixie bookworm)
	flavour=$(site_get_one_of flavour full small)
	serial=$(site_get_one_of serial shell password none)
	kernel=$(site_get kernel)
	case "$kernel" in
	debian) kernel=linux-image-$arch ;;
	linux-image-*[!a-z0-9+.-]*) die "$site_conf: kernel=$kernel: not a package name" ;;
	linux-image-?*) ;;
	*) die "$site_conf: kernel=$kernel: must be debian, or a package linux-image-NAME" ;;
	esac
	keys_check "$flavour"
	site_check rescue
	[ -e "$image_lib/rescue/packages-$flavour" ] || die "$image_lib/rescue/packages-$flavour: missing; install farroot-image again"
	if [ -n "$debs" ]; then
		[ -d "$debs" ] || die "--debs $debs: no such folder"
		debs=$(cd "$debs" && pwd)
		ls "$debs"/*.deb >/dev/null 2>&1 || die "--debs $debs: has no .deb file; build the packages first: dpkg-buildpackage -b -us -uc"
	fi
}

rescue_check_out() {
	if [ -e "$out" ] || [ -L "$out" ]; then
		[ -d "$out" ] || die "-o $out: not a folder"
		[ -e "$out/inputs" ] || [ -z "$(find "$out/" -mindepth 1 -maxdepth 1 ! -name .new | head -n 1)" ] ||
			die "-o $out: has files of something else; give an empty folder, or one of an earlier build"
	elif [ ! -d "$(dirname "$out")" ]; then
		die "-o $out: the folder $(dirname "$out") does not exist"
	fi
}

rescue_check_tools() {
	rescue_missing=
	for rescue_tool in apt-get cpio depmod dpkg-deb mksquashfs mmdebstrap modprobe openssl readelf setpriv ssh-keygen \
		unshare unsquashfs xz zstd; do
		command -v "$rescue_tool" >/dev/null || rescue_missing="$rescue_missing $rescue_tool"
	done
	[ -z "$rescue_missing" ] || die "these programs are missing:$rescue_missing; the package farroot-image depends on all of them"
}

# The cache folder belongs to root: what is in it goes into images.
rescue_open_cache() {
	cache=${FARROOT_IMAGE_CACHE:-/var/tmp/farroot-image}
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
	for rescue_old in "$cache"/work.*; do
		[ ! -e "$rescue_old" ] || root_remove "$rescue_old"
	done
	find "$cache" -mindepth 1 -maxdepth 1 \( -name 'base-*' -o -name 'rescue-*' \) -mtime +60 >"$cache/old"
	while IFS= read -r rescue_old; do
		root_remove "$rescue_old"
	done <"$cache/old"
	rm "$cache/old"
	work=$(mktemp -d "$cache/work.XXXXXX")
	trap rescue_clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

rescue_clean_up() {
	rescue_status=$?
	trap - EXIT
	[ -z "${work-}" ] || root_remove "$work" || :
	exit "$rescue_status"
}

# The packages that are asked for; apt adds what they depend on.
rescue_plan() {
	{
		echo "$kernel"
		site_words "$image_lib/rescue/packages-$flavour"
		site_list rescue packages.d
	} >"$work/wanted"
	rescue_bad=$(grep -v -x -e '[a-z0-9][a-z0-9+.-]*' "$work/wanted" | head -n 1) || :
	[ -z "$rescue_bad" ] || die "\"$rescue_bad\" is not the name of a package"
	site_parts rescue debs | while IFS= read -r rescue_folder; do
		find -L "$rescue_folder" -maxdepth 1 -name '*.deb' | LC_ALL=C sort
	done >"$work/local"
	[ -z "$debs" ] || find -L "$debs" -maxdepth 1 \( -name 'farroot*.deb' -o -name 'nbdkit-plugin*.deb' \) \
		! -name '*-dbgsym_*' ! -name 'farroot-image_*' | LC_ALL=C sort >>"$work/local"
	rescue_check_local
	plan_open "$mirror" "$security"
	(
		set --
		while IFS= read -r rescue_word; do
			set -- "$@" "$rescue_word"
		done <"$work/wanted"
		while IFS= read -r rescue_word; do
			set -- "$@" "$rescue_word"
		done <"$work/local.names"
		cd "$work/debs" || exit
		plan_solve "$work/plan" "$@"
	)
}

# Our packages and those of the site, all in one folder under simple names.
rescue_check_local() {
	mkdir "$work/debs"
	: >"$work/local.names"
	rescue_number=0
	while IFS= read -r rescue_deb; do
		rescue_arch=$(dpkg-deb -f "$rescue_deb" Architecture) || die "$rescue_deb: not a Debian package"
		case "$rescue_arch" in
		all | "$arch") ;;
		*) die "$rescue_deb: is for $rescue_arch, but the site has arch=$arch" ;;
		esac
		rescue_number=$((rescue_number + 1))
		rescue_name=$(printf '%03d-%s.deb' "$rescue_number" "$(dpkg-deb -f "$rescue_deb" Package)")
		cp -L "$rescue_deb" "$work/debs/$rescue_name"
		echo "./$rescue_name" >>"$work/local.names"
	done <"$work/local"
}

rescue_explain() {
	if [ ! -e "$out/inputs" ]; then
		echo "$out: no earlier build, so everything is to be done"
	elif cmp -s "$out/inputs" "$work/inputs"; then
		echo "$out: nothing has changed; nothing would be rebuilt"
		return
	else
		inputs_explain "$out/inputs" "$work/inputs"
	fi
	if [ -d "$cache/rescue-$digest" ]; then
		echo "rescue-$digest is in $cache already: it would be copied"
	elif [ -d "$cache/base-$base_digest" ]; then
		echo "the packages of Debian are installed in $cache already; initrd and rescue.cpio would be rebuilt"
	else
		echo "the packages of Debian would be installed again, and initrd and rescue.cpio be rebuilt"
	fi
}

# The root with Debian's packages, once for all sites that have the same.
rescue_base() {
	base=$cache/base-$base_digest
	[ ! -d "$base" ] || {
		touch "$base"
		return 0
	}
	rescue_free=$(df -Pk "$cache" | awk 'NR == 2 { print int($4 / 1024) }')
	[ "$rescue_free" -ge 3000 ] || die "$cache: has $rescue_free MB free, and 3000 MB are needed; FARROOT_IMAGE_CACHE names another folder"
	say "installing $(awk '$3 == "debian"' "$work/plan" | wc -l) packages of Debian $suite for $arch; this takes minutes"
	root_make "$work/plan" "$work/base"
	mv "$work/base" "$base"
}

rescue_build() {
	rescue_base
	root=$work/root
	cp -a --reflink=auto "$base" "$root"
	SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH_given:-$(root_epoch "$root")}
	export SOURCE_DATE_EPOCH
	[ -n "$SOURCE_DATE_EPOCH" ] || die "$base: the packages have no checksums; delete the folder and run the command again"
	export FARROOT_ARCH="$arch" FARROOT_SUITE="$suite" FARROOT_FLAVOUR="$flavour"
	say "adding our packages and the site"
	# shellcheck disable=SC2046 # simple names
	site_apply_debs "$root" "$work/debs" $(cat "$work/local.names")
	site_apply_files "$root" rescue
	tree_site "$root"
	site_apply_hooks "$root" rescue
	tree_identities "$root"
	rescue_kernel
	say "making the initramfs"
	initramfs_make "$root" "$version" "$work/modules-boot" "$result/initrd"
	say "making the tool tree"
	cp -a "$root/var/lib/dpkg/info" "$work/dpkg-info"
	# shellcheck disable=SC2016 # dpkg-query's own
	dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package} ${Version}\n' | LC_ALL=C sort >"$result/packages"
	tree_prune "$root"
	rescue_check_tree
	libraries_unused "$root" >"$work/unused"
	sizes_tree_bytes=$(du -s --apparent-size --block-size=1 "$root" | cut -f 1)
	tree_squash "$root" "$work/rescue.squashfs"
	sizes_packages "$root" "$work/dpkg-info" "$(stat -c %s "$work/rescue.squashfs")" "$result/package-sizes"
	tree_cpio "$work/rescue.squashfs" "$result/rescue.cpio"
	sizes_table "$result/package-sizes" "$image_lib/rescue/packages-$flavour" "$result" >"$result/sizes"
	# farroot-image boot takes the newest as the time of its own files.
	cp "$work/inputs" "$result/inputs"
	find "$result" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
}

# The kernel, its device trees, and of its modules those that are listed.
rescue_kernel() {
	set -- "$root"/boot/vmlinuz-*
	[ "$#:$(ls "$@" 2>/dev/null)" = "1:$1" ] || die "the image must have exactly one kernel, but has: $(cd "$root/boot" && echo vmlinuz-*)"
	version=${1##*/vmlinuz-}
	cp "$1" "$result/vmlinuz"
	chmod 644 "$result/vmlinuz"
	touch -d "@$SOURCE_DATE_EPOCH" "$result/vmlinuz"
	echo "$version" >"$result/kernel-version"
	echo "$arch" >"$result/arch"
	echo "$flavour" >"$result/flavour"
	mkdir "$result/dtbs"
	if [ "$arch" = arm64 ]; then
		for rescue_dtb in "$root/usr/lib/linux-image-$version"/broadcom/bcm2711-*.dtb; do
			[ -e "$rescue_dtb" ] || die "the kernel $version has no device tree of a Raspberry Pi 4"
			cp "$rescue_dtb" "$result/dtbs/"
		done
		[ ! -d "$root/usr/lib/linux-image-$version/overlays" ] ||
			cp -r "$root/usr/lib/linux-image-$version/overlays" "$result/overlays"
	fi
	modules_read "$image_lib/rescue/modules-boot" >"$work/boot"
	site_list rescue modules.d >>"$work/boot"
	modules_read "$image_lib/rescue/modules-$flavour" | cat - "$work/boot" >"$work/all"
	modules_resolve "$root" "$version" "$work/boot" |
		sed -e 's,.*/,,' -e 's/\.ko.*//' >"$work/modules-boot"
	modules_resolve "$root" "$version" "$work/all" >"$work/modules-all"
	modules_keep "$root" "$version" "$work/modules-all"
}

rescue_check_tree() {
	libraries_check "$root" >"$work/missing" || {
		sed 's/^/  /' "$work/missing" >&2
		die "the tool tree lacks what its programs need (above); see packages-drop-$flavour and paths-drop in $image_lib/rescue"
	}
	rescue_missing=$(programs_check "$root" "$image_lib/rescue/programs-$flavour") ||
		die "these programs are not in the tool tree: $rescue_missing"
}

# The last look: everything that leaves this machine is unpacked again.
rescue_check_secrets() {
	say "looking for secrets in the result"
	secrets_check "$result" >"$work/secrets" || {
		sed -e "s,$result/,," -e 's/^/  /' "$work/secrets" >&2
		die "any machine can fetch an image, and this one would hold secrets (above): remove them from the site's files, hooks and packages"
	}
}

# OUT keeps the last build until all of the new one is there; inputs, which vouches for the
# others, is moved last.
rescue_deliver() {
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
	for rescue_path in "$out/.new"/*; do
		[ "${rescue_path##*/}" = inputs ] || mv -fT "$rescue_path" "$out/${rescue_path##*/}"
	done
	mv "$out/.new/inputs" "$out/inputs"
	rmdir "$out/.new"
}

cmd_rescue() {
	rescue_arguments "$@"
	rescue_read_site
	rescue_check_out
	rescue_check_tools
	SOURCE_DATE_EPOCH_given=${SOURCE_DATE_EPOCH-}
	case "$SOURCE_DATE_EPOCH_given" in
	*[!0-9]*) die "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH_given: must be a number of seconds since 1970" ;;
	esac
	[ -n "$explain" ] || [ "$(id -u)" = 0 ] || die "run as root: the packages of Debian are installed into a folder"
	umask 022
	rescue_open_cache
	rescue_plan
	inputs_rescue "$work/plan" "$work/debs" >"$work/inputs"
	digest=$(inputs_digest "$work/inputs")
	base_digest=$(inputs_base_digest "$work/inputs")
	if [ -n "$explain" ]; then
		rescue_explain
		return
	fi
	if [ ! -d "$cache/rescue-$digest" ]; then
		root_can_run
		result=$work/result
		mkdir "$result"
		rescue_build
		rescue_check_secrets
		mv "$result" "$cache/rescue-$digest"
	fi
	touch "$cache/rescue-$digest"
	rescue_deliver "$cache/rescue-$digest"
	cat "$out/sizes"
	say "$out: ready, $digest"
}
