#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same inputs give the same bytes: one lock and build is the first, each other is made in a way
# that must not matter and compared with it. Most of it with a small recipe; recipes/node is built
# twice, with as much as possible changed at once. Documentation/reproducible.md names the variations.
. "$(dirname "$0")/lib.sh"
need_small faketime localedef objcopy qemu-x86_64 zstd mdir jq

# Locks and builds $recipe there, with $program and $jobs.
cp "$slipway" "$T/slipway" # where another user can reach it too
recipe=small program=$T/slipway jobs=2
build_in() { # directory, command that runs a command…
	local dir=$1
	shift
	rm -rf "$dir/out" "$dir/new.lock" # ids of users would be taken over from an old lock
	cd "$dir" || return
	export XDG_CACHE_HOME=$dir/cache
	if [ $recipe = small ]; then
		"$@" "$program" -q -j $jobs lock recipes/$recipe --mirror "$T/mirror" -o new.lock
	else
		cp recipes/$recipe/recipe.lock new.lock
	fi && "$@" "$program" -q -j $jobs build recipes/$recipe --lock new.lock -o out &&
		cp new.lock out/
}

# In $place. A shell function may stand in for the command that runs a command.
same() { # what, command that runs a command…
	local what=$1
	shift
	if (build_in "$place" "$@") >"$T/log" 2>&1; then
		compare "$what" "$T/first/$recipe" "$place/out"
	else
		bad "$what: $(tail -n 3 "$T/log")"
	fi
}

with_umask() { local mask=$1; shift; (umask "$mask" && "$@"); }
with_limits() { (ulimit -n 256 -s unlimited && "$@"); }
with_nothing_open() { "$@" <&- >&- 2>&-; }
read_only() {
	chmod -R a-w recipes keys
	"$@"
	local status=$?
	chmod -R u+w recipes keys
	return $status
}

# On another machine, as another user, whose names all begin with kilroy. /etc/passwd is the test's.
elsewhere() {
	local root=(unshare --mount --uts) user=(setpriv --reuid 4711 --regid 4711 --clear-groups --)
	[ "$(id -u)" = 0 ] || { root=(unshare --map-root-user --mount --uts) user=(); }
	"${root[@]}" bash -c 'hostname kilroy-host && mount --bind "$0" /etc/passwd && exec "$@"' "$T/passwd" \
		"${user[@]}" env HOME=/home/kilroy USER=kilroy LOGNAME=kilroy HOSTNAME=kilroy-host \
		MAIL=kilroy@kilroy-host EMAIL=kilroy@kilroy-host DEBFULLNAME=kilroy TMPDIR="$PWD/tmp" "$@"
}

printf '%s:x:%d:%d::/home/kilroy:/bin/sh\n' kilroy-root 0 0 kilroy 4711 4711 >"$T/passwd"
place=$T/here
make_place "$place"
mkdir "$T/first"
(build_in "$place") >"$T/log" 2>&1 || { bad "the first build: $(tail -n 3 "$T/log")"; finish; }
mv "$place/out" "$T/first/small"

# Threads, memory, time.
same "a warm cache"
jobs=4 same "four threads"
jobs=64 same "64 threads on one CPU" taskset -c 0
same "other limits" with_limits
same "a CPU without wide vectors and SHA instructions" qemu-x86_64 -cpu Nehalem
newest=$(cd "$place" && XDG_CACHE_HOME=$place/cache "$slipway" -q build recipes/small --lock new.lock -n --json | jq .time)
same "SOURCE_DATE_EPOCH of the date that is taken without" env SOURCE_DATE_EPOCH="$newest"
same "an empty SOURCE_DATE_EPOCH" env SOURCE_DATE_EPOCH=

# What the user brings along.
same "umask 000" with_umask 000
mkdir "$T/locale"
localedef -i tr_TR -f UTF-8 "$T/locale/tr_TR.UTF-8"
turkish=(env "LOCPATH=$T/locale" LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 LANGUAGE=tr)
[ "$("${turkish[@]}" locale decimal_point)" = , ] && ok || bad "the Turkish locale has no effect"
same "an environment full of things" env OPENSSL_CONF=/dev/null ZSTD_CLEVEL=19 ZSTD_NBTHREADS=3 XZ_OPT=-9e \
	XZ_DEFAULTS=-T1 GZIP=-1 TAR_OPTIONS=--owner=kilroy MKE2FS_CONFIG=/dev/null E2FSPROGS_FAKE_TIME=1 \
	BLKID_CONF=/dev/null GNUPGHOME=/nonexistent POSIXLY_CORRECT=1 COLUMNS=20 TERM=dumb NO_COLOR=1 \
	KBUILD_BUILD_USER=kilroy KBUILD_BUILD_HOST=kilroy-host CI=1
same "no environment" env -i "XDG_CACHE_HOME=$place/cache" "PATH=$PATH"
same "no standard input, output and error" with_nothing_open

# What lies in the way: order, dates and permissions of the recipe's files.
cc -D_GNU_SOURCE -shared -fPIC -o "$T/contrary.so" "$here/builder/stages/test/contrary.c"
[ "$(LD_PRELOAD=$T/contrary.so ls -U "$here" | tac)" = "$(ls -U "$here")" ] && ok || bad "contrary.so has no effect"
# What goes together without one hiding another; each by itself only where the result differs, to tell which it is.
one_by_one() {
	jobs=1 same "one thread on one CPU" taskset -c 0
	jobs=3 same "no randomisation of addresses" setarch -R
	same "memory that was used before" env MALLOC_PERTURB_=165 GLIBC_TUNABLES=glibc.malloc.tcache_count=0
	same "five years later" faketime '+5 years'
	same "umask 077" with_umask 077
	same "another time zone" env TZ=America/St_Johns
	same "another locale" "${turkish[@]}"
	same "directories read backwards, and sorts that turn round what is equal" env "LD_PRELOAD=$T/contrary.so"
}
together=(taskset -c 0 setarch -R "${turkish[@]}" TZ=America/St_Johns MALLOC_PERTURB_=165
	GLIBC_TUNABLES=glibc.malloc.tcache_count=0 "LD_PRELOAD=$T/contrary.so"
	bash -c 'umask 077; exec faketime "+5 years" "$@"' -)
before=$failed
jobs=1 same "one thread and CPU, addresses, memory, clock, umask, locale, directories and sorts" "${together[@]}"
[ "$failed" -eq "$before" ] || one_by_one

find "$place/recipes" -exec touch -h -d '2001-02-03 04:05:06' {} +
find "$place/recipes/small" -perm -u+x -exec chmod 700 {} + -o -type f -exec chmod 600 {} +
same "older files, for the owner only" env
find "$place/recipes/small" -type d -exec chmod g+ws,o+w {} + -o -perm -u+x -exec chmod 777 {} + -o \
	-type f -exec chmod 666 {} +
same "files for everyone" env
same "a source that cannot be written to" read_only
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
	shm=$(mktemp -d /dev/shm/kilroy.XXXXXXXX)
	trap 'rm -rf "$T" "$shm"' EXIT
	make_place "$shm"
	place=$shm same "another kind of filesystem, a cold cache"
	rm -rf "$shm"
fi

# Who has not got the key can still compare what is signed.
mkdir "$T/own" && mv "$place/keys" "$T/own/keys" && "$slipway" -q keygen "$place/keys"
if (build_in "$place") >"$T/log" 2>&1; then
	for part in usr.raw usr-verity.raw roothash; do
		try 0 "" cmp "$T/first/small/small_1.$part" "$place/out/small_1.$part"
	done
	try 1 "" cmp "$T/first/small/small_1.efi" "$place/out/small_1.efi"
else
	bad "other keys: $(tail -n 3 "$T/log")"
fi
rm -rf "$place/keys" && mv "$T/own/keys" "$place/keys"

# Another user on another machine.
far="$T/a much/longer way"
make_place "$far"
[ "$(id -u)" != 0 ] || chown -R 4711:4711 "$far"
who="user, host and directory" elsewhere=elsewhere
(elsewhere true) 2>/dev/null || {
	who=directory elsewhere=env
	echo "SKIP another user and host: neither root nor a user namespace is to be had"
}
place=$far same "another $who" $elsewhere

# Other programs of the same source: what the compiler leaves undefined, it now does otherwise.
build_program() { env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -j2 -C "$here" "O=$1" "${@:2}" "$1/slipway"; }
if build_program build/fuzz CC=clang FUZZ=1 >"$T/log" 2>&1; then
	program=$here/build/fuzz/slipway same "built by clang, with sanitizers"
else
	bad "clang: $(tail -n 3 "$T/log")"
fi
if build_program build/plain CFLAGS="-O0 -U_FORTIFY_SOURCE -ftrivial-auto-var-init=pattern" >"$T/log" 2>&1; then
	program=$here/build/plain/slipway same "built without optimization, variables filled with a pattern"
else
	bad "gcc -O0: $(tail -n 3 "$T/log")"
fi

# The node, first as it is usually built, then with all that can be changed together.
recipe=node jobs=4
rm -rf "$place/cache/slipway/unpacked"
if (build_in "$place") >"$T/log" 2>&1; then
	mv "$place/out" "$T/first/node"
	jobs=1 place=$far same "the node, another $who and all that" $elsewhere "${together[@]}"
else
	bad "the node: $(tail -n 3 "$T/log")"
fi

# Nothing in the artefacts names the host, its paths or its user, also not compressed or in UTF-16.
printf '%s\n' kilroy "${T##*/}" "$here" "$(uname -n)" |
	awk 'NR == 1 || length >= 8' >"$T/names" # a short one stands in many a file by chance
silent() { # what, file
	local found
	found=$({ cat "$2"; tr -d '\0' <"$2"; } | LC_ALL=C grep -aoFf "$T/names" | sort | uniq -c)
	[ -z "$found" ] && ok || bad "$1 names this machine:" $found
}
for f in "$T"/first/*/*; do
	silent "${f##*/}" "$f"
	case $f in
	*.efi)
		objcopy --dump-section ".initrd=$T/initrd.zst" "$f" "$T/rest.efi" &&
			zstd -qdf "$T/initrd.zst" -o "$T/initrd" && silent "the initrd in ${f##*/}" "$T/initrd"
		;;
	*_1.raw)
		mdir -/ -b -i "$f@@1M" :: >"$T/esp" && silent "the ESP of ${f##*/}" "$T/esp"
		;;
	esac
done
finish
