#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Recipes and layouts that are wrong: where, what, and what would be right. Each way to be no YAML is in
# the unit tests of builder/recipe; here is that the program says it, with its status.
. "$(dirname "$0")/lib.sh"
need_mirror_tools
make_small || { bad "no mirror could be made"; finish; }
recipe=$T/small
keep_yaml "$recipe/recipe.yaml"
lock() { "$slipway" -q lock "$recipe"; }
build() { "$slipway" -q build "$recipe" -o "$T/out"; }
bad_line() { # line of the recipe to come last, status, message
	{ cat "$T/kept.yaml"; printf '%b\n' "$1"; } >"$yaml"
	fails "$2" "$3" lock
}
n=$(($(wc -l <"$yaml") + 1))

# No recipe.
fails 4 "recipe $T/none: No such file" "$slipway" lock "$T/none"
fails 4 "$T/recipe.yaml: No such file" "$slipway" lock "$T"
fails 3 "$T/small/recipe.yaml/recipe.yaml: not a regular file" bash -c \
	"rm '$yaml' && mkdir -p '$yaml/recipe.yaml' && '$slipway' lock '$yaml'; s=\$?; rm -r '$yaml'; exit \$s"
restore
cp "$slipway" "$T/slipway"
chmod 0 "$yaml"
fails 1 "$yaml: Permission denied" as_nobody env XDG_CACHE_HOME=/nonexistent "$T/slipway" lock "$recipe"
chmod 644 "$yaml"

# No YAML, or more than is accepted.
bad_line '\tx: y' 3 "$yaml:$n:1: not valid YAML: "
bad_line 'name: again' 3 "$yaml:$n:1: name: this key is there twice: leave one out"
bad_line '---\nname: b' 3 "$yaml:$((n + 1)):1: a second document"
bad_line 'units: &u {enable: [a.service]}' 3 "$yaml:$n:9: anchors (&name) are not accepted"
bad_line 'units: \x00' 3 "$yaml:$n:8: byte 0x00 is no part of a text: save the file as UTF-8"
bad_line 'units: \xff' 3 "$yaml:$n:8: byte 0xff is no part of a text"
bad_line 'units: "x' 3 "is its closing quote missing?"
bad_line "$(head -c 1100000 /dev/zero | tr '\0' '#')" 3 "$yaml: larger than 1 MiB"
: >"$yaml"
fails 3 "$yaml:1:1: the file is empty" lock

# Keys and values.
change 's/^packages:/pakages:/'
fails 3 "$yaml:6:1: unknown key \"pakages\"; did you mean \"packages\"?" lock
change 's/^version: .*/version: a_b/'
fails 3 "$yaml:2:10: version: \"a_b\" is not a version: at most 16 characters" lock
change 's/^arch: .*/arch: amd64/'
fails 3 "$yaml:3:7: arch: \"amd64\" is not one of: x86-64, arm64" lock
change '/^layout/d'
fails 3 "$yaml:1:1: key \"layout\" is missing" lock
change 's/^packages: .*/packages: hello/'
fails 3 "$yaml:6:11: packages: expected a list, found a single value" lock
bad_line 'remove: [/usr/../etc]' 3 "$yaml:$n:10: remove: \"/usr/../etc\" is not a path in the image: those start with /"
bad_line 'overlay: ../none' 3 "$yaml:$n:10: overlay: directory $T/none: No such file"
change 's/^filesystem: .*/filesystem: {type: ext4, compression: lz4}/'
fails 3 "$yaml:9:39: compression: ext4 is not compressed: leave this out, or choose type: erofs" lock
change 's/^filesystem: .*/filesystem: {type: erofs, compression: lz4, level: 3}/'
fails 3 "$yaml:9:52: level: compression lz4 has no levels: leave this out, or choose lz4hc or zstd" \
	"$slipway" recipe check "$recipe"
change 's/^filesystem: .*/filesystem: {type: erofs, compression: zstd, level: 20}/'
fails 3 "$yaml:9:53: level: \"20\" is no level of zstd: those are 1 to 19" "$slipway" recipe check "$recipe"
change 's/^filesystem: .*/filesystem: {type: erofs, cluster: 12K}/'
fails 3 "$yaml:9:36: cluster: a cluster is of 4K, 8K, 16K and so on up to 1M" build

# What the mirror does not have.
change 's/^packages: .*/packages: [helo]/'
fails 4 "$yaml: packages: no suite of the recipe has a package helo; is it hello?" lock
change 's/packages: \[hello\], modules/packages: [zzzzzz], modules/'
fails 4 "$yaml: initrd: packages: no suite of the recipe has a package zzzzzz" lock
bad_line 'without: [{package: hello, why: x}]' 3 "package hello is both asked for and under without: leave it out of one"
bad_line 'prefer: [{path: x, package: y}]' 3 "$yaml:$n:17: path: \"x\" is not a path in the image"

# Layouts.
restore
try 0 "" lock
layout=$recipe/mine.yaml
good=$here/layouts/acl.yaml
bad_layout() { # sed's script, status, message
	sed "$1" "$good" >"$layout"
	cmp -s "$good" "$layout" && bad "sed $1 changes nothing"
	fails "$2" "$3" build
}
line() { grep -n "$1" "$good" | head -1 | cut -d: -f1; }
change 's/^layout: acl/layout: alc/'
fails 4 "$yaml: layout: no layout is called \"alc\"; built in: acl, acl-4k; one of your own is a path" build
change 's,^layout: acl,layout: mine.yaml,'
fails 4 "$yaml: layout: $layout: No such file" build
bad_layout 's/^name:/nam:/' 3 "$layout:$(line ^name:):1: unknown key \"nam\"; did you mean \"name\"?"
bad_layout 's/^boot-tries: .*/boot-tries: many/' 3 "$layout:$(line ^boot-tries):13: boot-tries: \"many\" is not a whole number from 1 to 10"
bad_layout 's/^boot-tries: .*/boot-tries: 3 # \xff/' 3 "byte 0xff is no part of a text: save the file as UTF-8"
bad_layout 's/^partitions:/partitions: [/' 3 "$layout:"
bad_layout 's/type: esp, size: /type: esp, size: 3/; s/type: esp, size: [0-9]*M/type: esp, size: 100/' 3 \
	"$layout:$(line 'type: esp'):6: partitions: partition 1 (esp): its size has to be a multiple of 1M"
bad_layout '/type: root/d' 3 "root is the last partition"
bad_layout '/type: usr, slot: b/d' 3 "slot b has no usr partition: each slot has a usr, a usr-verity and a usr-verity-sig"
bad_layout 's/type: usr, slot: b, size: ./&1/' 3 "slots a and b differ in size: updates need them equal"
cat "$good" "$good" >"$layout"
fails 3 "this key is there twice" build
try 0 "" bash -c "[ ! -e '$T/out' ]"
finish
