#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What slipway diff says of two small filesystems of a /usr, for people, as Markdown and as JSON: names that would
# be markup or obey a terminal, and more than a comment of a pull request holds.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
command -v mke2fs >/dev/null || skip_all "no mke2fs: run make deps"
command -v jq >/dev/null || skip_all "no jq: run make deps"

make_usr() { # directory, size in MiB: an image beside it
	rm -f "$1.img"
	truncate -s "${2:-8}M" "$1.img"
	mke2fs -q -t ext4 -N 4096 -d "$1" "$1.img"
}
package() { # directory, name, version
	printf 'Package: %s\nVersion: %s\nArchitecture: amd64\n' "$2" "$3" >"$1/lib/dpkg/status.d/$2"
}
shows() { # a line, options…
	"$slipway" diff "${@:2}" "$T/a.img" "$T/b.img" >"$T/out" 2>"$T/errors"
	[ $? -eq 1 ] && [ ! -s "$T/errors" ] && grep -qxF -e "$1" "$T/out" && ok || bad "no line \"$1\": $(cat "$T/out" "$T/errors")"
}
is() { # what, value, expected value
	[ "$2" = "$3" ] && ok || bad "$1 is $2, not $3"
}

umask 022
mkdir -p "$T/a/lib/dpkg/status.d" "$T/a/bin" "$T/a/share/sbom"
printf 'IMAGE_ID=no|de\nIMAGE_VERSION=1`2\n' >"$T/a/lib/os-release"
package "$T/a" stays 1
package "$T/a" gone 1
echo a >"$T/a/bin/tool"
echo a >"$T/a/bin/other"
cp -a "$T/a" "$T/b"
rm "$T/b/lib/dpkg/status.d/gone"
for i in {10..39}; do package "$T/b" "new-$i" "$i"; done
chmod 4755 "$T/b/bin/tool"
echo another >"$T/b/bin/other"
names=($'we|ird \\| `x` ``y`` <b>' $'esc\e[2J\nline' $'turn\xe2\x80\xaed' $'c1\xc2\x9b' '- [x] @all')
for name in "${names[@]}"; do : >"$T/b/bin/$name"; done
cat >"$T/b/share/sbom/x.cdx.json" <<-'JSON'
	{"components": [{"bom-ref": "Overlay-o", "group": "overlay", "name": "o|v\u001b", "components": [{"name": "/usr/bin/other"}]},
	 {"bom-ref": "Package-stays", "name": "stays", "purl": "pkg:deb/debian/stays@1", "components": [{"name": "/usr/bin/tool"}]}]}
JSON
make_usr "$T/a" && make_usr "$T/b"
tool=$(stat -c %u:%g "$T/b/bin/tool")

# For people.
shows "  - gone: 1"
shows "  ~ /usr/bin/tool: mode: file 0644 $tool -> file 4755 $tool, of stays"
shows "  + /usr/bin/tool: 4755 $tool"
shows "  ~ /usr/bin/other: content (+6 B), of overlay o|v\\x1b"
shows "  + /usr/bin/esc\\x1b[2J\\x0aline: file 0644 $tool"
shows "  + /usr/bin/turn\\xe2\\x80\\xaed: file 0644 $tool"
shows "  + /usr/bin/c1\\xc2\\x9b: file 0644 $tool"
is "bytes that a terminal obeys" "$(LC_ALL=C grep -c '[^ -~]' "$T/out")" 0
is "packages listed" "$(grep -c '^  + new-' "$T/out")" 30 # though that is more than twenty

# As Markdown: a code span is never left.
shows '| image | `no\|de` | `no\|de` |' --markdown
shows '| version | `` 1`2 `` | `` 1`2 `` |' --markdown
shows '| `gone` | `1` | | |' --markdown
shows "| \`/usr/bin/tool\` | \`file 0644 $tool\` | \`file 4755 $tool\` | mode | \`stays\` | |" --markdown
shows "| \`/usr/bin/other\` | \`file 0644 $tool\` | \`file 0644 $tool\` | content | \`overlay o\\|v\\x1b\` | +6 B |" --markdown
shows "| \`\`\` /usr/bin/we\\|ird \\\\\\| \`x\` \`\`y\`\` <b> \`\`\` | | \`file 0644 $tool\` | added | | |" --markdown
shows "| \`/usr/bin/- [x] @all\` | | \`file 0644 $tool\` | added | | |" --markdown
is "cells of files" "$(sed -n '/^### Files/,$p' "$T/out" | sed 's/\\[\\|]//g' | grep '^|' | tr -cd '|\n' | sort -u)" "|||||||"

# As JSON: these keys, in every case.
shows '  "equal": false,' --json
is "keys" "$(jq -r 'keys_unsorted | join(" ")' "$T/out")" "equal a b packages command_line kernel_config units privileges files"
is "keys of a side" "$(jq -r '.a | keys_unsorted | join(" ")' "$T/out")" "name version kernel root_hash packages size_bytes content_bytes"
is "keys of packages" "$(jq -r '.packages[] | keys_unsorted | join(" ")' "$T/out" | sort -u)" "what a b bytes_a bytes_b"
is "keys of files" "$(jq -r '.files[] | keys_unsorted | join(" ")' "$T/out" | sort -u)" \
	"what a b bytes_a bytes_b differs package origin follows"
is "keys of privileges" "$(jq -r '.privileges[] | keys_unsorted | join(" ")' "$T/out" | sort -u)" "what a b"
is "a name of JSON" "$(jq -r '.files[] | select(.what | contains("esc")).what' "$T/out")" '/usr/bin/esc\x1b[2J\x0aline'
cp "$T/out" "$T/changed.json"
"$slipway" diff --json "$T/a.img" "$T/a.img" >"$T/equal.json" && ok || bad "an image differs from itself"
is "keys if equal" "$(jq -r 'keys_unsorted | join(" ")' "$T/equal.json")" "$(jq -r 'keys_unsorted | join(" ")' "$T/changed.json")"
is "all of the equal" "$(jq '[.[] | arrays | length] | add' "$T/equal.json")" 0

# What does not fit into a comment is counted; --all has it.
printf -v long '%0100d' 0
for i in {1000..1999}; do package "$T/b" "p$long$i" "$i"; done
make_usr "$T/b" 16
"$slipway" diff --markdown "$T/a.img" "$T/b.img" >"$T/out"
[ "$(wc -c <"$T/out")" -lt 65536 ] && [ "$(wc -c <"$T/out")" -gt 60000 ] && ok || bad "$(wc -c <"$T/out") bytes for a comment"
more=$(sed -n '/^### Packages/,/^### /s/^and \([0-9]*\) more$/\1/p' "$T/out")
is "packages in all" "$(($(sed -n '/^### Packages/,/^### [^P]/p' "$T/out" | grep -c '^| `') + more))" 1031
try 0 "### Files: " cat "$T/out"
"$slipway" diff --markdown --all "$T/a.img" "$T/b.img" >"$T/out"
is "packages of --all" "$(sed -n '/^### Packages/,/^### [^P]/p' "$T/out" | grep -c '^| `')" 1031

# Nor does an error pass on what a terminal obeys.
: >"$T/a/lib/dpkg/status.d/"$'x\e[2J'
make_usr "$T/a"
fails 3 '/lib/dpkg/status.d/x\x1b[2J: no package' "$slipway" inspect "$T/a.img"
finish
