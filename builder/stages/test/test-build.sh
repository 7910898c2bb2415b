#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole build of recipes/node by an ordinary user, never root, with an empty cache; what comes out
# must hold together when other programs read it. test-bytes.sh compares builds with each other.
. "$(dirname "$0")/../../cli/test/lib.sh"
need_packages
copy_node
cp "$here/recipes/common/base.yaml" "$T/recipes/common/base.yaml"
chmod 755 "$T"
mkdir -p "$T/cache/slipway"
cp -r "$real_cache/packages" "$T/cache/slipway/packages"
cp "$slipway" "$T/slipway"
user=()
if [ "$(id -u)" = 0 ]; then
	chown -R nobody "$T"
	user=(setpriv --reuid nobody --regid nogroup --clear-groups --)
fi
cd "$T" || exit
build() { "${user[@]}" "$T/slipway" -q build recipes/node -o "$@"; }
filesystem() { sed -i "s/^filesystem: .*/filesystem: {$1}/" recipes/common/base.yaml; }
try 0 "" build out
try 0 "" bash -c "[ -z \"\$(find out -name '.*' -type f)\" ]"

out=$T/out
try 0 "" fsck.erofs "$out/node_1.usr.raw"
try 0 "" veritysetup verify "$out/node_1.usr.raw" "$out/node_1.usr-verity.raw" "$(cat "$out/node_1.roothash")"
try 0 "" sbverify --cert "$T/keys/db.crt" "$out/node_1.efi"
try 0 "" sfdisk --verify "$out/node_1.raw"
start=$(sfdisk -J "$out/node_1.raw" | sed -n 's/.*"start": *\([0-9]*\).*/\1/p' | head -1)
esp=$out/node_1.raw@@$((start * 512))
try 0 "" mdir -b -i "$esp" ::/EFI/Linux/node_1.efi
try 0 "" mcopy -n -i "$esp" ::/EFI/BOOT/BOOTX64.EFI "$T/loader.efi"
try 0 "" sbverify --cert "$T/keys/db.crt" "$T/loader.efi"

# The other kinds of /usr hold the same files.
extract() { # output directory
	rm -rf "$T/tree" && try 0 "" "$slipway" extract "$1/node_1.raw" / "$T/tree" &&
		(cd "$T/tree" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) >"$1/sums"
}
extract "$out"
[ "$(wc -l <"$out/sums")" -gt 1000 ] && ok || bad "few files: $(wc -l <"$out/sums")"
other=$T/other
for kind in "type: ext4" "type: erofs, compression: none" "type: erofs, compression: zstd, level: 1"; do
	filesystem "$kind"
	rm -rf "$other"
	try 0 "" build other
	case $kind in
	*ext4) try 0 "" e2fsck -fn "$other/node_1.usr.raw" ;;
	*none) try 0 "" fsck.erofs "$other/node_1.usr.raw" ;;
	esac
	extract "$other"
	cmp -s "$out/sums" "$other/sums" && ok || bad "$kind: other files: $(diff "$out/sums" "$other/sums" | head -4)"
done
kernel=$(ls "$T/tree/lib/modules")

# Whether the kernel can read it, it says itself.
filesystem "type: erofs"
sed -i 's/nvme, erofs,/nvme,/' recipes/common/base.yaml
fails 3 "recipes/node/recipe.yaml: initrd: kernel $kernel has erofs as a module (CONFIG_EROFS_FS=m), which is not in the initrd: add erofs to modules" \
	build none
mkdir -p "recipes/node/overlay/usr/lib/modules/$kernel"
printf '%s\n' CONFIG_EROFS_FS=y CONFIG_EROFS_FS_XATTR=y CONFIG_EROFS_FS_SECURITY=y \
	>"recipes/node/overlay/usr/lib/modules/$kernel/config"
fails 3 "lacks CONFIG_EROFS_FS_ZIP, without which it does not read compressed erofs: write filesystem: {type: erofs, compression: none}" \
	build none
filesystem "type: ext4"
fails 3 "lacks CONFIG_EXT4_FS, without which it does not read ext4: write filesystem: {type: erofs}" build none
filesystem "type: erofs, compression: none"
sed -i 's/^name: .*/name: a-name-of-20-letters/' recipes/node/recipe.yaml # a filesystem's label has 16
try 0 "" build none
try 0 "" test -e none/a-name-of-20-letters_1.raw
finish
