#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slipway ls, cat and extract of the node's image and its parts, against what the kernel shows of them
# where this is root, and of small images of each filesystem.
. "$(dirname "$0")/lib.sh"
disk=$here/out/node_1.raw usr=$here/out/node_1.usr.raw
[ -e "$disk" ] && [ -e "$usr" ] || skip_all "no out/node_1.raw: run make image"

# Errors say what to do.
fails 4 "did you mean /lib/os-release?" "$slipway" cat "$disk" lib/os-releas
fails 4 "slipway ls says what is there" "$slipway" ls "$disk" nothing/like/this
fails 4 "is /usr itself, leave usr/ out" "$slipway" ls "$disk" usr/lib
fails 1 "is a symlink to setarch, and none is followed" "$slipway" ls "$disk" bin/i386/x
fails 3 "slipway ls lists it" "$slipway" cat "$disk" lib
fails 3 "none is followed" "$slipway" cat "$disk" bin/i386
fails 4 "/bin/../lib: there is no way up" "$slipway" ls "$disk" bin/../lib
fails 4 "there are esp, usr-a" "$slipway" ls -p nothing "$disk"
fails 3 "choose by number" "$slipway" ls -p _empty "$disk"
fails 3 "partition 5 (usr-b)" "$slipway" ls --partition 5 "$disk"
fails 3 "leave --partition out" "$slipway" ls -p esp "$usr"
fails 3 "not a filesystem that we know" "$slipway" ls "$here/out/node_1.efi"
fails 4 "" "$slipway" ls "$T/none"

# A partition by number, label, name and type is the same; the disk's is that of the part.
label=$(sfdisk -J "$disk" | sed -n 's/.*"name": "\(node[^"]*\)".*/\1/p' | head -1)
"$slipway" ls -l -R "$disk" >"$T/default"
for p in 2 usr-a usr "$label"; do
	"$slipway" ls -l -R -p "$p" "$disk" | cmp -s - "$T/default" && ok || bad "-p $p is another"
done
"$slipway" ls -l -R "$usr" | cmp -s - "$T/default" && ok || bad "the partition's image lists otherwise"
[ "$(wc -l <"$T/default")" -gt 3000 ] && ok || bad "few files: $(wc -l <"$T/default")"
try 0 "EFI/BOOT/BOOTX64.EFI" "$slipway" ls -R -p esp "$disk"
"$slipway" cat -p esp "$disk" /EFI/Linux/node_1.efi | cmp -s - "$here/out/node_1.efi" && ok || bad "cat of the UKI differs"
try 0 '"target": "setarch"' "$slipway" ls --json "$disk" bin/i386
[ "$("$slipway" ls --json -R "$disk" | grep -c '^      "path": ')" = "$(wc -l <"$T/default")" ] && ok ||
	bad "--json -R has another number of entries"

# Unpacked it is what it was; what is there already stays, but for --force.
try 0 "files" "$slipway" extract "$disk" lib/systemd/system "$T/units"
"$slipway" ls -R "$disk" lib/systemd/system | sed 's|^lib/systemd/||' | sort >"$T/want"
find "$T/units" -mindepth 1 -printf '%P\n' | sed 's|\\|\\\\|g' | sort | cmp -s - "$T/want" && ok ||
	bad "lib/systemd/system was not unpacked whole"
fails 3 "say --force" "$slipway" extract "$disk" lib/systemd/system "$T/units"
rm "$T/units/system/basic.target"
try 0 "files" "$slipway" extract --force "$disk" lib/systemd/system "$T/units"
"$slipway" cat "$disk" lib/systemd/system/basic.target | cmp -s - "$T/units/system/basic.target" && ok ||
	bad "--force did not bring a file back"
fails 4 "No such file" "$slipway" extract "$disk" lib/os-release "$T/none/such"
fails 5 "standard output: No space" sh -c '"$0" cat "$1" bin/env >/dev/full' "$slipway" "$disk"

# As any user, who need not reach the image by its path: owners and the like are not kept, and nothing fails.
if [ "$(id -u)" -eq 0 ]; then
	mkdir "$T/any" && chown 65534 "$T/any" && chmod 755 "$T"
	cp "$slipway" "$T/slipway"
	(cd "$T/any" && HOME=$T/any setpriv --reuid 65534 --regid 65534 --clear-groups "$T/slipway" \
		extract /dev/stdin bin) >"$T/log" 2>&1 <"$disk" && [ -x "$T/any/bin/env" ] && ok || bad "as a user: $(cat "$T/log")"
	[ -z "$(find "$T/any" -perm /6000)" ] && ok || bad "setuid or setgid were kept"
fi

# What the kernel shows.
compare() { # image of a partition, filesystem, options of extract…
	local image=$1 type=$2
	shift 2
	rm -rf "$T/all"
	try 0 "files" "$slipway" extract "$@" "$image" / "$T/all"
	all() { (cd "$1" && find . -mindepth 1 -printf "$2" | sort); }
	local what='%P %y %m %U %G %T@ %l\n'
	[ "$type" = vfat ] && what='%P %y\n'
	cmp -s <(all "$T/mnt" "$what") <(all "$T/all" "$what") && ok ||
		bad "$type: $(diff <(all "$T/mnt" "$what") <(all "$T/all" "$what") | head -5)"
	diff -r --no-dereference "$T/mnt" "$T/all" >"$T/log" 2>&1 && ok || bad "$type: $(head -5 "$T/log")"
	cmp -s <(cd "$T/mnt" && getfattr -Rhd -m - . 2>/dev/null) <(cd "$T/all" && getfattr -Rhd -m - . 2>/dev/null) &&
		ok || bad "$type: extended attributes differ"
	umount -l "$T/mnt"
}
mkdir "$T/mnt"
"$slipway" ls --json "$usr" >"$T/json"
type=$(sed -n 's/.*"filesystem": "\(.*\)",/\1/p' "$T/json")
if mount -o ro,loop -t "$type" "$usr" "$T/mnt" 2>/dev/null; then
	compare "$disk" "$type" --privileges
else
	echo "SKIP comparing $type with the kernel's mount: this is not root, or there are no loop devices"
fi
esp=$(sfdisk -J "$disk" | sed -n 's/.*"start": *\([0-9]*\).*/\1/p' | head -1)
if command -v mcopy >/dev/null; then
	mkdir "$T/esp" && mcopy -s -Q -i "$disk@@$((esp * 512))" ::/ "$T/esp"
	try 0 "files" "$slipway" extract -p esp "$disk" / "$T/esp2"
	diff -r "$T/esp" "$T/esp2" >"$T/log" 2>&1 && ok || bad "vfat: $(head -5 "$T/log")"
else
	echo "SKIP comparing vfat with mtools: mcopy is missing"
fi
mkdir -p "$T/tree/d" && seq 100000 >"$T/tree/numbers" && ln "$T/tree/numbers" "$T/tree/d/again" && ln -s numbers "$T/tree/link"
find "$T/tree" -exec touch -h -d @1500000000 {} + # readers tell whole seconds
for options in -zlz4 -zlz4hc,12 -x1; do
	mkfs.erofs -d0 "$options" "$T/erofs.img" "$T/tree" >/dev/null 2>&1 || { echo "SKIP mkfs.erofs $options"; continue; }
	"$slipway" cat "$T/erofs.img" numbers | cmp -s - "$T/tree/numbers" && ok || bad "cat of erofs $options"
	mount -o ro,loop -t erofs "$T/erofs.img" "$T/mnt" 2>/dev/null && compare "$T/erofs.img" erofs || echo "SKIP mounting erofs $options"
done
finish
