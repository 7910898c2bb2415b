#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Signals at random moments of lock, fetch and build: nothing under a final name that is not whole,
# nothing left that grows, the next run works and gives the same bytes; SIGINT and SIGTERM end the
# program soon, with status 130. The moments are random, what is checked holds at each. One that comes when
# all is done already is no moment: another is drawn.
. "$(dirname "$0")/lib.sh"

# MOMENTS and SEED repeat a run, as far as the machine is as fast as it was.
moments=${MOMENTS:-100}
seed=${SEED:-$RANDOM}
RANDOM=$seed
echo "SEED=$seed MOMENTS=$moments"
need_packages
command -v gpg dpkg-deb xz >/dev/null || skip_all "gpg, dpkg-deb or xz is missing"
copy_node
small_disk
# The common base and no more: all that is signalled here is in it.
sed -i '/^packages:/,$d' "$T/recipes/node/recipe.yaml"
cp "$slipway" "$T/slipway" # all of it is done by one and the same program, whoever builds another
slipway=$T/slipway
make_mirror || { bad "no mirror could be made"; finish; }
use_mirror
recipe=$T/recipes/node lock=$T/recipes/node/recipe.lock
now_ms() { echo $(($(date +%s%N) / 1000000)); }

# How long it takes undisturbed, and what it makes.
reference() { # name, command…
	local start
	start=$(now_ms)
	"${@:2}" || bad "$1 fails undisturbed"
	span_ms=$(($(now_ms) - start + 1))
}

# Run a command, send it a signal at a random moment. Sets $status; fails if it had ended before.
disturb() { # signal, command…
	local pid sleeper first start sent wait_ms=$((((RANDOM << 15) | RANDOM) * span_ms >> 30))
	start=$(now_ms)
	# Until the program has handlers of its own a signal is ignored: it would end the shell's child.
	trap '' INT TERM
	"${@:2}" 2>"$T/stderr" &
	pid=$!
	trap - INT TERM
	sleep "$(printf '%d.%03d' $((wait_ms / 1000)) $((wait_ms % 1000)))" &
	sleeper=$!
	wait -n -p first $pid $sleeper
	status=$?
	if [ "$first" = $pid ]; then
		kill $sleeper 2>/dev/null
		wait $sleeper 2>/dev/null
		span_ms=$(($(now_ms) - start))
		[ $status -eq 0 ] && ok || bad "${*:2}: status $status: $(cat "$T/stderr")"
		return 1
	fi
	sent=$(now_ms)
	kill "-$1" $pid 2>/dev/null
	wait $pid 2>/dev/null
	status=$?
	# A second is promised; a loaded machine gets more.
	[ $(($(now_ms) - sent)) -lt 10000 ] && ok || bad "$1 after $wait_ms ms of ${*:2}: $(($(now_ms) - sent)) ms to the end"
	# The handler's timer says it behind an empty line.
	[ "$(head -c 1 "$T/stderr" | wc -l)" -eq 0 ] || by_timer=$((by_timer + 1))
	case $1:$status in
	KILL:137 | INT:130 | TERM:130 | *:0) ok ;;
	*) bad "$1 after $wait_ms ms of ${*:2}: status $status: $(cat "$T/stderr")" ;;
	esac
}

# Of all moments so many percent, a signal after the other.
each() { # percent, check, command…
	local n=$((moments * $1 / 100)) check=$2 i=0 late=0 signals=(INT KILL TERM KILL)
	shift 2
	while [ $i -lt $n ] && [ $late -le $((2 * n)) ]; do
		if disturb "${signals[i % 4]}" "$@"; then i=$((i + 1)); else late=$((late + 1)); fi
		$check "${signals[i % 4]}"
	done
	[ $i -eq $n ] && ok || bad "$*: only $i of $n signals found it at work"
}

by_timer=0
files() { find "$@" -type f 2>/dev/null | wc -l; }

# lock
rm "$lock"
reference lock "$slipway" -q lock "$recipe"
cp "$lock" "$T/good.lock"
rm "$lock"
check_lock() {
	if [ -e "$lock" ]; then
		cmp -s "$lock" "$T/good.lock" && ok || bad "lock after $1: it is not whole"
		rm "$lock"
	fi
}
each 30 check_lock "$slipway" -q lock "$recipe"
"$slipway" -q lock "$recipe" && cmp -s "$lock" "$T/good.lock" && ok || bad "no good lock after the signals"
[ "$(find "$recipe" -name '.*' -type f | wc -l)" -eq 0 ] && ok || bad "lock leaves files behind"

# fetch, each time into what the one before left
rm -rf "$T/cache"
reference fetch "$slipway" -q fetch "$recipe"
rm -rf "$T/cache"
check_fetch() {
	local wrong
	wrong=$(cd "$T/cache/slipway/packages" 2>/dev/null &&
		for f in *; do [ ! -e "$f" ] || sha256sum "$f"; done | awk '$1 != $2')
	[ -z "$wrong" ] && ok || bad "fetch after $1: $wrong"
	# So that there is something to do the next time.
	find "$T/cache/slipway/packages" -type f 2>/dev/null | head -40 | xargs -r rm
}
each 45 check_fetch "$slipway" -q fetch "$recipe"
"$slipway" -q fetch "$recipe" && ok || bad "no fetch after the signals"
[ "$(files "$T/cache/slipway/packages")" -eq "$(grep -c '^package ' "$lock")" ] && ok || bad "packages are missing"
[ "$(files "$T/cache/slipway/partial")" -eq 0 ] && ok || bad "partial downloads are left: $(ls "$T/cache/slipway/partial")"

# build, the first times with packages that are not unpacked
"$slipway" -q build "$recipe" -o "$T/good" || bad "build fails undisturbed"
reference build "$slipway" -q build "$recipe" -o "$T/out"
rm -rf "$T/cache/slipway/unpacked"
check_build() {
	local f
	for f in "$T"/out/*; do
		[ -e "$f" ] || continue
		cmp -s "$f" "$T/good/${f##*/}" && ok || bad "build after $1: $f is not whole"
	done
	rm -f "$T"/out/*
}
check_build "no signal"
each 25 check_build "$slipway" -q build "$recipe" -o "$T/out"
"$slipway" -q build "$recipe" -o "$T/out" && diff -rq "$T/good" "$T/out" && ok || bad "another image after the signals"
[ "$(find "$T/out" -name '.*' -type f | wc -l)" -eq 0 ] && ok || bad "build leaves files behind: $(ls -A "$T/out")"
n=$(grep -c '^package ' "$lock")
[ "$(files "$T/cache/slipway/unpacked")" -le $((2 * n)) ] && ok || bad "unpacked/ grows: $(files "$T/cache/slipway/unpacked") files"
[ "$(files "$T/cache" -name '.*')" -eq 0 ] && ok || bad "the cache keeps temporary files: $(find "$T/cache" -name '.*' -type f)"
echo "$by_timer ends were the timer's"
finish
