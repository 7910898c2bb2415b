#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What slipway-etc-diff says of an overlay's layers and of what the kernel would make of them; by each shell
# that is here. On a node: case state.
. "$(dirname "$0")/../../../builder/cli/test/lib.sh"
script=script
cd "$T" || exit 1
cp "$here/node/etc-diff" script
mkdir -p lower/{same-dir,mode-dir,old-dir/sub,removed-dir} upper/{mode-dir,old-dir,new-dir}
chmod 755 upper/* lower/*
for f in kept changed written mode link gone old-dir/{left,again} removed-dir/in .hidden; do echo "$f" >lower/$f; done
cp -a lower etc

# changed, also in its mode, its kind; written as it was; added, with names that are no lines or options
echo other | tee upper/changed etc/changed >upper/.hidden
cp upper/.hidden etc/.hidden
cp -p lower/written upper/
cp -p lower/mode upper/ && chmod 600 upper/mode etc/mode
chmod 700 upper/mode-dir etc/mode-dir
ln -s kept upper/link && ln -sf kept etc/link
for f in "two words" $'two\nlines' -n '*' new-dir/..x; do mkdir -p "etc/new-dir" && echo "$f" | tee "upper/$f" >"etc/$f"; done
ln -s nowhere upper/dangling && ln -s nowhere etc/dangling
# removed: by a mark (a file here, as not everybody may make devices); by making the directory anew
touch upper/gone upper/removed-dir upper/never && rm -r etc/gone etc/removed-dir
rm -r etc/old-dir/sub etc/old-dir/left && cp -p lower/old-dir/again upper/old-dir/

cat >want <<'LINES'
A *
A -n
M .hidden
M changed
A dangling
D gone
M link
M mode
M mode-dir
A new-dir
A new-dir/..x
= old-dir/again
D old-dir/left
D old-dir/sub
D removed-dir
A two words
A two?lines
= written
LINES
for shell in dash bash busybox; do
	command -v $shell >/dev/null || continue
	run=$shell
	[ $shell = busybox ] && run="busybox sh"
	$run "$script" etc upper lower >said 2>&1 && cmp -s want said && ok || bad "$shell: $(diff want said)"
done
try 1 "none: there is no such directory" sh "$script" etc none lower
[ "$(sh "$script" lower "$(mktemp -d -p .)" lower)" = "" ] && ok || bad "a node that changed nothing"
if [ "$(id -u)" = 0 ]; then
	chmod 755 . && chmod 600 upper/changed
	try 1 "upper/changed: cannot be read: run it as root" setpriv --reuid 65534 --clear-groups sh "$script" etc upper lower
	chmod -R a+rX upper && chmod 700 upper/new-dir
	try 1 "upper/new-dir/: cannot be read: run it as root" setpriv --reuid 65534 --clear-groups sh "$script" etc upper lower
fi
finish
