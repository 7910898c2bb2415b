#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole build of recipes/node by an ordinary user, never root, with an empty cache; what comes out
# must hold together when other programs read it. test-bytes.sh compares builds with each other.
. "$(dirname "$0")/../../cli/test/lib.sh"
need_packages
copy_node
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
try 0 "" "${user[@]}" "$T/slipway" -q build recipes/node -o out
try 0 "" bash -c "[ -z \"\$(find out -name '.*' -type f)\" ]"

out=$T/out
try 0 "" e2fsck -fn "$out/node_1.usr.raw"
try 0 "" veritysetup verify "$out/node_1.usr.raw" "$out/node_1.usr-verity.raw" "$(cat "$out/node_1.roothash")"
try 0 "" sbverify --cert "$T/keys/db.crt" "$out/node_1.efi"
try 0 "" sfdisk --verify "$out/node_1.raw"
start=$(sfdisk -J "$out/node_1.raw" | sed -n 's/.*"start": *\([0-9]*\).*/\1/p' | head -1)
esp=$out/node_1.raw@@$((start * 512))
try 0 "" mdir -b -i "$esp" ::/EFI/Linux/node_1.efi
try 0 "" mcopy -n -i "$esp" ::/EFI/BOOT/BOOTX64.EFI "$T/loader.efi"
try 0 "" sbverify --cert "$T/keys/db.crt" "$T/loader.efi"
finish
