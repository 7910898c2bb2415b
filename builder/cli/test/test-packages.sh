#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packages that a signed index vouches for, and that are broken, hostile, or do not fit together.
. "$(dirname "$0")/lib.sh"
need_mirror_tools
command -v ar >/dev/null || skip_all "ar is missing"
make_small || { bad "no mirror could be made"; finish; }
recipe=$T/small pool=$T/mirror/pool
hello=$pool/hello_1.0_amd64.deb world=$pool/world_2.0-1_amd64.deb
keep_yaml "$recipe/recipe.yaml"
build() { "$slipway" -q build "$recipe" -o "$T/out"; }

# The lock names what lies in the mirror now, and the cache has it.
publish() {
	local f name
	cp "$T/good.lock" "$recipe/recipe.lock"
	for f in "$hello" "$world"; do
		name=${f##*/}
		sed -i -E "s,^(package ${name%%_*} [^ ]+ [^ ]+) [^ ]+ [^ ]+,\1 $(stat -c %s "$f") $(sha256sum "$f" | cut -c 1-64)," \
			"$recipe/recipe.lock"
	done
	"$slipway" -q fetch "$recipe" || bad "cannot fetch"
}
# hello, of the archives in $T/parts.
pack() { # names of the members after debian-binary…
	rm -f "$hello"
	(cd "$T/parts" && ar rcD "$hello" debian-binary "$@") || bad "cannot pack $*"
	publish
}
unpack() { (cd "$T/parts" && rm -f ./* && ar x "$T/hello.deb"); }
broken() { # message
	fails 3 "package hello 1.0 is broken as it was published: leave it out, or lock another version: pool/${hello##*/}: $1" build
}
# hello's data archive, of what lies in $T/tree, by options of tar.
data() {
	unpack
	rm "$T/parts/data.tar.xz"
	tar -cf "$T/parts/data.tar" -C "$T/tree" --owner 0 --group 0 --sort=name "$@" || bad "tar $*"
	pack control.tar.xz data.tar
}

cp "$hello" "$T/hello.deb"
cp "$world" "$T/world.deb"
mkdir "$T/parts" "$T/tree"
"$slipway" -q lock "$recipe" && cp "$recipe/recipe.lock" "$T/good.lock" || bad "cannot lock"
publish
out=$(build 2>&1)
grep -q "package hello" <<<"$out" && bad "hello is refused as it was: $out"
whole_error=${out#slipway: }

# Truncated and malformed.
head -c 150 "$T/hello.deb" >"$hello" && publish
broken "control.tar.xz: truncated: only 18 of its"
head -c -8 "$T/hello.deb" >"$hello" && publish
broken "data.tar.xz: truncated: only"
unpack && head -c 100 "$T/parts/data.tar.xz" >"$T/x" && mv "$T/x" "$T/parts/data.tar.xz" && pack control.tar.xz data.tar.xz
broken "data.tar.xz: truncated after "
unpack && head -c 100 "$T/parts/control.tar.xz" >"$T/x" && mv "$T/x" "$T/parts/control.tar.xz" && pack control.tar.xz data.tar.xz
broken "control.tar.xz: truncated after "
unpack && pack data.tar.xz control.tar.xz
broken "member \"data.tar.xz\" is where control.tar has to be"
unpack && pack control.tar.xz
broken "truncated: there is no data.tar in it"
{ cat "$T/hello.deb"; echo garbage; } >"$hello" && publish
broken "behind data.tar: truncated in the member header"
echo "<html>no such file</html>" >"$hello" && publish
broken "not a .deb: it does not begin with \"!<arch>\""

# Not what the index says.
for other in 's/^Package: .*/Package: hallo/' 's/^Version: .*/Version: 1.1/' 's/^Architecture: .*/Architecture: all/'; do
	rm -rf "$T/d" && dpkg-deb -R "$T/hello.deb" "$T/d" && sed -i "$other" "$T/d/DEBIAN/control"
	dpkg-deb --root-owner-group -Zxz -b "$T/d" "$hello" >/dev/null && publish
	fails 3 "package hello 1.0 says of itself that it is $(sed -n 's/^Package: //p' "$T/d/DEBIAN/control") $(
		sed -n 's/^Version: //p' "$T/d/DEBIAN/control") for $(
		sed -n 's/^Architecture: //p' "$T/d/DEBIAN/control"), and is locked for amd64:" build
done

# Out of the image.
echo x >"$T/tree/passwd"
data -P --transform 's,^,../../../etc/,' passwd
broken "data.tar: ../../../etc/passwd: \"..\" in a path, which may lead out of the image"
data -P --transform 's,^,/etc/,' passwd
broken "data.tar: /etc/passwd: an absolute path, which leads out of the image"
ln -s "$T" "$T/tree/a"
data --transform 's,^passwd,a/passwd,' a passwd
fails 3 "package hello 1.0: a/passwd lies below a, which the package has as a symlink to $T: no file may go through it" build
try 0 "" [ ! -e "$T/passwd" ]
mkfifo "$T/tree/pipe"
data pipe
fails 3 "package hello 1.0: pipe is a named pipe, which an image does not carry: leave it out with remove: [{path: /pipe, why: ...}]" build
change 's,^layout:,remove: [{path: /pipe\, why: it is none}]\n&,'
fails 4 "$whole_error" build
restore

# A bomb.
truncate -s 100M "$T/tree/zeros"
unpack && tar -cJf "$T/parts/data.tar.xz" -C "$T/tree" zeros && pack control.tar.xz data.tar.xz
broken "data.tar.xz: it unpacks to more than 256 times its $(stat -c %s "$T/parts/data.tar.xz") bytes, which no package needs: a decompression bomb"

# Two packages that have the same path.
mkdir -p "$T/tree/bin" "$T/tree/usr/share/world"
echo 1 >"$T/tree/usr/share/world/about"
data usr
fails 3 "package world 2.0-1: usr/share/world/about is in package hello 1.0 too, with different content: the recipe has to say which of them wins, as prefer: [{path: /usr/share/world/about, package: world}]" build
change 's,^layout:,prefer: [{path: /usr/share/world/about\, package: world}]\n&,'
fails 4 "$whole_error" build
change 's,^layout:,prefer: [{path: /usr/share/world/about\, package: nobody}]\n&,'
fails 3 "the recipe prefers /usr/share/world/about of package nobody, which does not have it: hello and world have" build
restore

# A file of the cache that has been damaged since.
cp "$T/hello.deb" "$hello" && publish
cached=$T/cache/slipway/packages/$(sha256sum "$hello" | cut -c 1-64)
rm -rf "$T/cache/slipway/unpacked"
chmod u+w "$cached" && printf 'x' | dd of="$cached" bs=1 seek=200 conv=notrunc status=none
fails 3 "package hello 1.0: its file in the cache was damaged and is gone now: run slipway fetch $recipe" build
fails 4 "package hello 1.0 is not in the cache: run slipway fetch $recipe" build
try 0 "" "$slipway" -q fetch "$recipe"
fails 4 "$whole_error" build

# What reads packages to lock them says the same.
head -c 150 "$T/hello.deb" >"$hello"
rm -rf "$T/mirror/dists"
list_package trixie "pool/${world##*/}"
sed "s,^Package: world,Package: hello,; s,^Version: .*,Version: 1.0,; s,pool/world_2.0-1,pool/hello_1.0,
	s,^Size: .*,Size: 150,; s,^SHA256: .*,SHA256: $(sha256sum "$hello" | cut -c 1-64)," \
	"$T/mirror/dists/trixie/main/binary-amd64/Packages" >"$T/x"
cat "$T/x" >>"$T/mirror/dists/trixie/main/binary-amd64/Packages"
sign_suite trixie
fails 3 "package hello 1.0 is broken as it was published: leave it out, or lock another version: pool/${hello##*/}: control.tar.xz: truncated" "$slipway" -q lock "$recipe"

try 0 "" bash -c "[ -z \"\$(ls -A '$T/out' 2>/dev/null)\" ]"
finish
