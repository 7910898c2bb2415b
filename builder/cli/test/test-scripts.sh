#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Maintainer scripts that changed: a build stops, and says which, what changed and what to do.
. "$(dirname "$0")/lib.sh"
need_packages
command -v gpg dpkg-deb xz >/dev/null || skip_all "gpg, dpkg-deb or xz is missing"
copy_node
make_mirror || { bad "no mirror could be made"; finish; }
use_mirror
# Packages are there already, unpacked; those that are made here do not get into the real cache.
mkdir -p "$T/cache/slipway/packages" "$T/cache/slipway/unpacked"
ln -s "$real_cache"/packages/* "$T/cache/slipway/packages/"
ln -s "$real_cache"/unpacked/* "$T/cache/slipway/unpacked/"
recipe=$T/recipes/node

index_of() { grep -lx "Package: $1" "$T"/mirror/dists/*/main/binary-amd64/Packages; }
deb_of() { echo "$T/mirror/$(awk -v p="$1" '$1 == "Package:" { n = $2 } $1 == "Filename:" && n == p { print $2 }' "$(index_of "$1")")"; }

# Takes a package of the mirror apart, has a command change its DEBIAN directory, and puts it back.
change() { # package, command with $d for the directory
	local d=$T/deb deb index
	deb=$(deb_of "$1") index=$(index_of "$1")
	rm -rf "$d"
	dpkg-deb -R "$deb" "$d" && eval "$2" && dpkg-deb -Znone --root-owner-group -b "$d" "$deb" >/dev/null ||
		bad "$1 could not be changed"
	awk -v p="$1" -v size="$(stat -c %s "$deb")" -v sha="$(sha256sum "$deb" | cut -d' ' -f1)" '
		$1 == "Package:" { n = $2 }
		n == p && $1 == "Size:" { $2 = size }
		n == p && $1 == "SHA256:" { $2 = sha }
		{ print }' "$index" >"$index.new" && mv "$index.new" "$index"
}
relock() {
	local suite
	for suite in trixie trixie-updates trixie-security; do sign_suite $suite; done
	"$slipway" -q lock "$recipe" && "$slipway" -q fetch "$recipe" || bad "lock or fetch"
}
shows() { # text that must be in the last output
	[[ $(cat "$T/stdout") == *"$1"* ]] && ok || bad "no \"$1\" in: $(tail -c 3000 "$T/stdout")"
}
scripts() { # status, options…
	local want=$1 status
	shift
	"$slipway" scripts "$recipe" "$@" >"$T/stdout" 2>"$T/stderr" </dev/null
	status=$?
	[ $status -eq "$want" ] && ok || bad "scripts $*: status $status: $(head -c 2000 "$T/stderr")"
}
plan() { "$slipway" build "$recipe" -o "$T/out" -n; }
row() { # package, script, verdict
	grep -qE "^$1 +$2 +$3 " "$T/stdout" && ok || bad "$1 $2 is not \"$3\": $(grep "^$1 " "$T/stdout")"
}

# The node as it is.
relock
scripts 0
row less postinst ledger
row util-linux postinst ledger
row libc-bin triggers blocks
grep -q UNKNOWN "$T/stdout" && bad "unknown: $(grep UNKNOWN "$T/stdout")" || ok
scripts 0 --json
shows '"unknown": 0'
# debhelper's programs whose blocks these packages have.
kinds="dh_installdeb dh_installdebconf dh_installinit dh_installmenu dh_installnss dh_installsystemd
	dh_installsystemduser dh_installsysusers dh_installtmpfiles dh_runit"
for k in $kinds ldconfig; do shows "\"name\": \"$k\""; done
scripts 0 --template
[ ! -s "$T/stdout" ] && ok || bad "a template for nothing: $(cat "$T/stdout")"
scripts 0 --fingerprints
cmp -s <(grep -A1 "^less " "$T/stdout") <(grep -A1 "^less " "$here/stage1/finish/scripts.lines") && ok ||
	bad "--fingerprints loses what is there"

# Two scripts with a line more, one of them with bytes that a terminal would obey; and blocks by a
# later debhelper, one of them twice: these are the same blocks.
change less 'sed -i "/^set -e/a mkdir -p /etc/surprise" $d/DEBIAN/postinst'
change tar 'sed -i "/remove|deconfigure/d" $d/DEBIAN/prerm; printf "echo \033[2J\n" >>$d/DEBIAN/prerm'
change systemd-timesyncd 'sed -i "s,/13[.0-9]*\$,/99.1," $d/DEBIAN/p*
	sed -n "/^# Automatically added by dh_installsystemd/,/^# End/p" $d/DEBIAN/postinst >$T/blocks
	cat $T/blocks >>$d/DEBIAN/postinst'
relock
version=$(dpkg-deb -f "$(deb_of less)" Version)
fails 3 "package less $version: postinst is not in the ledger of maintainer scripts (and 1 more): run slipway scripts $recipe" plan
[ ! -e "$T/out" ] && ok || bad "a build that stops leaves $T/out"
scripts 3
grep -qxF "slipway: scripts that nothing accounts for: 2. For each, settle it in the recipe, or add it to stage1/finish/scripts.ledger" "$T/stderr" &&
	ok || bad "says: $(cat "$T/stderr")"
row less postinst UNKNOWN
row tar prerm UNKNOWN
row systemd-timesyncd postinst ledger
shows "Or in stage1/finish/scripts.ledger, for everybody:

package: less
script: postinst
sha256: "
shows "==== less $version: postinst"
shows "+mkdir -p /etc/surprise"
shows "@@ line 1, of the known script 1 @@"
shows "-line 5 of the known script"
shows '+echo \x1b[2J'
grep -q $'\x1b' "$T/stdout" && bad "an escape sequence is printed" || ok
grep -q "^+set -e" "$T/stdout" && bad "what did not change is shown as new" || ok
scripts 3 --json
shows '"unknown": 2'
scripts 0 --template
shows "package: less
script: postinst
sha256: "
[ "$(grep -c ^package: "$T/stdout")" -eq 2 ] && ok || bad "template: $(cat "$T/stdout")"
scripts 0 --fingerprints
[ "$(grep -c "^less postinst " "$T/stdout")" -eq 2 ] && ok || bad "fingerprints: $(grep -A2 "^less " "$T/stdout")"

# Settled in the recipe, as it was told; for one text only.
"$slipway" scripts "$recipe" 2>/dev/null | sed -n '/^scripts:$/,/why:/{s/why: ""/why: "I have read it"/;p}' |
	sed '2,${/^scripts:$/d}' >"$T/entries"
cp "$recipe/recipe.yaml" "$T/recipe.yaml"
cat "$T/entries" >>"$recipe/recipe.yaml"
try 0 "I have read it" plan
scripts 0
row less postinst recipe
shows "I have read it"
sed -i 's/\(script: prerm\)/\1x/' "$recipe/recipe.yaml"
fails 3 "package tar" plan
{ cat "$T/recipe.yaml" "$T/entries"; echo '  - {package: gone, script: postinst, sha256: '"$(printf x | sha256sum | cut -d' ' -f1)"', why: x}'; } >"$recipe/recipe.yaml"
try 0 "warning: $recipe/recipe.yaml: scripts: no unknown postinst of package gone has this sha256" plan

# A block whose commands differ is none that is known, nor one that names what is not in the package.
change systemd-timesyncd 'sed -i "s/deb-systemd-helper enable/& --now/" $d/DEBIAN/postinst'
for p in dash libnss-systemd openssh-client openssh-server tzdata; do
	change $p 'sed -i "/^# Automatically added by /a touch /surprise" $d/DEBIAN/p*'
done
change util-linux 'sed -i "s/fstrim.timer/missing.timer/" $d/DEBIAN/postinst'
relock
fails 3 "package dash" plan
scripts 3
row systemd-timesyncd postinst UNKNOWN
for k in $kinds; do shows "a block of $k is not known"; done
shows "a block of dh_installsystemd is about missing.timer, and the package has no missing.timer"
shows "+# Automatically added by dh_installsystemd
"
scripts 0 --template
shows "block: dh_installsystemd
script: postinst
sha256: "
finish
