# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of a node with two versions: lib.sh, a copy of the node's recipe, and how a version gets onto a disk. Sourced.
accel=${SLIPWAY_ACCEL-}
. "$(dirname "$0")/../../../builder/cli/test/lib.sh"
export SLIPWAY_ACCEL=$accel
need_packages
for p in sfdisk mcopy; do command -v $p >/dev/null || skip_all "$p is missing"; done
cd "$here" || exit 1
copy_node
mkdir -p "$T/cache/slipway" build/logs
ln -s "$real_cache/packages" "$real_cache/unpacked" "$T/cache/slipway/"
recipe=$T/recipes/node
# A machine that is emulated may take longer to be well, and is to be left only for what a test has made bad.
sed -i 's/^health:$/&\n  time-limit: 600/' "$recipe/recipe.yaml"

step() { # what, command…
	local what=$1
	shift
	"$@" >"$T/log" 2>&1 && ok || { bad "$what: $(tail -c 3000 "$T/log")"; finish; }
}
version() { # name, version: builds the recipe as it stands, into $T/VERSION
	sed -i "s/^name: .*/name: $1/; s/^version: .*/version: \"$2\"/" "$recipe/recipe.yaml"
	step "lock of version $2" "$slipway" lock "$recipe" --keep-packages
	step "build of version $2" "$slipway" build "$recipe" -o "$T/$2"
}
part() { sfdisk -d "$1" 2>/dev/null | sed -n "s,^$1$2 : ,,p"; } # disk, number
field() { sed -n "s/.*$1= *\"\?\([^\", ]*\).*/\1/p"; }
fill() { # image, its partition in slot A, file, disk, its partition in slot B
	local start from
	from=$(part "$1" "$2")
	start=$(part "$4" "$5" | field start)
	dd if="$3" of="$4" bs=1M seek=$((start / 2048)) conv=notrunc,sparse status=none &&
		sfdisk -q --part-uuid "$4" "$5" "$(field uuid <<<"$from")" &&
		sfdisk -q --part-label "$4" "$5" "$(field name <<<"$from")"
}
# A version into slot B, as an update would, under its own names and UUIDs; its kernel image onto the ESP.
put_version() { # name, version, disk, the kernel image's counter or nothing
	local base=$T/$2/$1_$2 esp
	esp=$(part "$3" 1 | field start)
	step "usr" fill "$base.raw" 2 "$base.usr.raw" "$3" 5
	step "hash tree" fill "$base.raw" 3 "$base.usr-verity.raw" "$3" 6
	step "signature" fill "$base.raw" 4 "$base.usr-verity-sig.raw" "$3" 7
	step "kernel image" mcopy -i "$3@@$((esp * 512))" "$base.efi" "::/EFI/Linux/$1_$2${4-}.efi"
}
