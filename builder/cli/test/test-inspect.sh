#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# slipway inspect and tree of the node's image in every form, against what other programs tell of it; and
# ls, cat and extract in containers.
. "$(dirname "$0")/lib.sh"
disk=$here/out/node_1.raw usr=$here/out/node_1.usr.raw uki=$here/out/node_1.efi
[ -e "$disk" ] && [ -e "$usr" ] && [ -e "$uki" ] || skip_all "no out/node_1.raw: run make image"
command -v jq >/dev/null || skip_all "no jq: run make deps"

is() { # what, value, expected value
	[ "$2" = "$3" ] && ok || bad "$1 is $2, not $3"
}
json() { jq -r "$1" "$T/json"; }

"$slipway" inspect --json "$disk" >"$T/json" && ok || bad "inspect --json"
is name "$(json .name)" node
is "root hash" "$(json .root_hash)" "$(cat "$here/out/node_1.roothash")"
is "size of the disk" "$(json .disk.size_bytes)" "$(stat -c %s "$disk")"
is "partitions" "$(json '.disk.partitions[] | "\(.start_bytes / 512) \(.size_bytes / 512)"')" \
	"$(sfdisk -J "$disk" | jq -r '.partitiontable.partitions[] | "\(.start) \(.size)"')"
is "bytes of /usr" "$(json .usr.size_bytes)" "$(stat -c %s "$usr")"
is "packages" "$(json '.packages[].name')" \
	"$("$slipway" ls "$disk" lib/dpkg/status.d | grep -v '\.md5sums$')"
is "version of bash" "$(json '.packages[] | select(.name == "bash").version')" \
	"$("$slipway" cat "$disk" lib/dpkg/status.d/bash | sed -n 's/^Version: //p')"
is "initrd" "$(json .uki.initrd_bytes)" \
	"$((16#$(objdump -h "$uki" | awk '$2 == ".initrd" { print $3 }')))"
objcopy -O binary --only-section=.cmdline "$uki" "$T/cmdline"
is "command line" "$(json .uki.command_line)" "$(cat "$T/cmdline")"
is "signers" "$(json '[.signers[] | .what] | join(", ")')" "UKI, root hash"
is "their certificates" "$(json '[.signers[].sha256] | unique | length')" 1
if [ -e "$here/keys/db.crt" ] && openssl verify -CAfile "$here/keys/db.crt" "$here/keys/db.crt" >/dev/null 2>&1; then
	is "fingerprint" "$(json '.signers[0].sha256')" \
		"$(openssl x509 -in "$here/keys/db.crt" -outform DER | sha256sum | cut -d' ' -f1)"
fi
is "phases" "$(json '[.uki.pcr11[].phase] | join(" ")')" " enter-initrd leave-initrd sysinit ready"
# What a package takes, by the list of its own files.
want=0
while read -r _ path; do
	bytes=$("$slipway" ls -l "$disk" "${path#usr/}" | awk '{ print $5 }')
	want=$((want + bytes))
done < <("$slipway" cat "$disk" lib/dpkg/status.d/kmod.md5sums)
is "bytes of kmod" "$(json '.packages[] | select(.name == "kmod").bytes')" "$want"

# What is no package's, as the SBOM in the image has it.
"$slipway" cat "$disk" share/sbom/node.cdx.json >"$T/cdx.json"
is "origins" "$(json '.others[] | "\(.name) \(.files)"' | sort)" \
	"$(jq -r '.components[] | select(.group) | "\(.group) \(.name) \(.components | length)"' "$T/cdx.json" | sort)"
is "bytes of the linker cache" "$(json '.others[] | select(.name == "finisher linker-cache").bytes')" \
	"$("$slipway" ls -l "$disk" share/factory/etc/ld.so.cache | awk '{ print $5 }')"
is "order of others" "$(json '.others[].bytes')" "$(json '.others[].bytes' | sort -rn)"

# For people: plain ASCII where it is no terminal, whatever the locale; partitions to scale.
LC_ALL=C.UTF-8 "$slipway" inspect "$disk" >"$T/out" && ok || bad inspect
LC_ALL=C grep -q '[^ -~]' "$T/out" && bad "not only ASCII" || ok
grep -q '^|esp  *|usr-a  *| | |usr-b  *| | |$' "$T/out" && ok || bad "no drawing: $(head -8 "$T/out")"
a=$(grep -o '|usr-a *' "$T/out" | wc -c) b=$(grep -o '|usr-b *' "$T/out" | wc -c)
is "width of usr-b" "$b" "$a"
try 0 "slots         a: node_1, b: empty" cat "$T/out"
try 0 "  finisher module-index" cat "$T/out"
is "lines that a terminal would break" "$(awk 'length > 80' "$T/out")" ""
if command -v script >/dev/null; then
	LC_ALL=C.UTF-8 script -qec "stty cols 100; '$slipway' inspect '$disk'" /dev/null >"$T/out" </dev/null
	grep -q '^│esp' "$T/out" && ok || bad "no boxes on a terminal"
	LC_ALL=C script -qec "'$slipway' inspect '$disk'" /dev/null >"$T/out" </dev/null
	grep -q '^|esp' "$T/out" && ok || bad "boxes in a locale that has none"
fi

# Parts alone, and a directory of them; a directory of two images is refused.
mkdir "$T/split"
for f in usr.raw usr-verity.raw usr-verity-sig.raw efi; do ln -s "$here/out/node_1.$f" "$T/split/"; done
"$slipway" inspect --json "$T/split" >"$T/split.json" && ok || bad "a directory of parts"
is "what the parts tell" "$(jq -S 'del(.disk)' "$T/split.json")" "$(jq -S 'del(.disk)' "$T/json")"
is "the UKI alone" "$("$slipway" inspect --json "$uki" | jq -S .uki)" "$(jq -S .uki "$T/json")"
is "/usr alone" "$("$slipway" inspect --json "$usr" | jq -S .packages)" "$(jq -S .packages "$T/json")"
ln -s "$usr" "$T/split/node_2.usr.raw"
fails 3 "holds several images" "$slipway" inspect "$T/split"
fails 3 "holds no image" "$slipway" inspect "$here/recipes"
fails 3 "neither a disk, nor a filesystem, nor a UKI" "$slipway" inspect "$here/README.md"
fails 4 "" "$slipway" inspect "$T/none"

# A disk that was cut off is told from a whole one.
dd if="$disk" of="$T/cut.raw" bs=1M count=513 conv=sparse status=none
truncate -s 1000M "$T/cut.raw"
"$slipway" inspect --json "$T/cut.raw" >"$T/cut.json" && ok || bad "a disk that is cut off"
is "sizes of a disk that is cut off" "$(jq '.disk.partitions[].size_bytes' "$T/cut.json")" "$(json '.disk.partitions[].size_bytes')"
is "what is whole of it" "$(jq -r '.disk.partitions[] | select(.whole).name' "$T/cut.json")" esp
is "what is whole of the disk" "$(json '.disk.partitions[] | select(.whole).name' | wc -l)" "$(json '.disk.partitions | length')"
try 0 "cut off  node_1_verity" "$slipway" inspect "$T/cut.raw"
fails 3 "partition 2 (usr-a): it ends beyond the disk, which is cut off at 1048576000 bytes" "$slipway" ls "$T/cut.raw"
truncate -s 2M "$T/cut.raw"
fails 3 "esp: it ends beyond the disk" "$slipway" inspect "$T/cut.raw"
truncate -s 16M "$T/plain.img"
PATH=$PATH:/sbin:/usr/sbin mke2fs -q -t ext4 "$T/plain.img"
try 0 "image         of no name" "$slipway" inspect "$T/plain.img"
try 0 '"name": null' "$slipway" inspect --json "$T/plain.img"
echo 'size=8MiB, name="other"' | sfdisk -q -X gpt "$T/plain.img"
try 0 "  1  partition-1" "$slipway" inspect "$T/plain.img"
try 0 "signed        nothing is" "$slipway" inspect "$T/plain.img"
# Of a filesystem no command line is known: it has not changed.
"$slipway" diff --json "$usr" "$disk" >"$T/diff.json"
is "changes of the command line" "$(jq '.command_line | length' "$T/diff.json")" 0

# Sizes add up to what the files are.
all=$("$slipway" tree --json --size --depth 0 "$disk" | jq .bytes)
is "bytes of all" "$all" "$(json .usr.content_bytes)"
"$slipway" tree --size --all --depth 1 "$disk" | sed 1d >"$T/tree"
is "sum of what is in /" "$(awk '{ n += $1 } END { print n }' "$T/tree")" "$all"
sort -c -s -k 1,1nr "$T/tree" 2>/dev/null && ok || bad "not by size: $(cat "$T/tree")"
is "bytes of systemd's units" "$("$slipway" tree -s -d 0 "$disk" lib/systemd/system | awk '{ print $1 }')" \
	"$("$slipway" ls -l -R "$disk" lib/systemd/system | awk '/^-/ { n += $5 } END { print n }')"
is "entries" "$("$slipway" tree -a -d 1000 "$disk" | wc -l)" "$("$slipway" ls -R "$disk" | wc -l)"
try 2 "not a number of levels: x" "$slipway" tree -d x "$disk"

# In containers all is the same. A qcow2 that is compressed, and a VHD as clouds take it.
if command -v qemu-img >/dev/null; then
	qemu-img convert -t unsafe -f raw -O qcow2 -o compression_type=zstd -c "$disk" "$T/node.qcow2"
	qemu-img convert -t unsafe -f raw -O vpc -o subformat=fixed,force_size=on "$disk" "$T/node.vhd"
	for f in qcow2 vhd; do
		"$slipway" inspect --json "$T/node.$f" >"$T/$f.json" && ok || bad "inspect of $f"
		is "format" "$(jq -r .disk.format "$T/$f.json")" $f
		is "what $f tells" "$(jq -S 'del(.disk.format)' "$T/$f.json")" "$(jq -S 'del(.disk.format)' "$T/json")"
		"$slipway" ls -l -R "$T/node.$f" | cmp -s - <("$slipway" ls -l -R "$disk") && ok || bad "ls in $f"
		"$slipway" cat -p esp "$T/node.$f" EFI/Linux/node_1.efi | cmp -s - "$uki" && ok || bad "cat in $f"
		try 0 "files" "$slipway" extract "$T/node.$f" lib/systemd "$T/out-$f"
		try 1 "container: raw in A, $f in B" "$slipway" diff --bytes "$disk" "$T/node.$f"
		fails 3 "machines here get raw disks" "$slipway" boot "$T/node.$f"
	done
	diff -r --no-dereference "$T/out-qcow2" "$T/out-vhd" >/dev/null && ok || bad "extracted from qcow2 and VHD differ"
	qemu-img create -q -f qcow2 -F raw -b "$disk" "$T/over.qcow2"
	fails 4 "snapshot over another file" "$slipway" inspect "$T/over.qcow2"
else
	echo "SKIP qcow2 and VHD: no qemu-img"
fi
finish
