#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How long it takes to verify a slot of 2 GiB: `slipway verify`, which also reads every file and has
# libcryptsetup look at the tree again; our hash tree by itself; and `veritysetup verify`. One after the
# other, round after round, so that all see the same machine with the image in its memory; printed are the
# least times.
#
#     make tests && builder/audit/test/measure-verify.sh [ROUNDS]
#
# It takes the packages of recipes/node from the cache and 7 GiB below $TMPDIR.
. "$(dirname "$0")/../../stages/test/lib.sh"
rounds=${1:-3}
PATH=$PATH:/usr/sbin:/sbin
need_small /usr/bin/time veritysetup
make_place "$T/here"
recipe=$T/here/recipes/small
export XDG_CACHE_HOME=$T/here/cache SLIPWAY_MIRROR=$T/mirror TMPDIR=$T

sed -i 's/^filesystem: .*/filesystem: {type: erofs, compression: none}/' "$recipe/recipe.yaml"
sed -i 's/{type: usr, \(.*\)96M/{type: usr, \12304M/; s/\(usr-verity, .*\) 2M/\1 24M/' "$recipe/layout.yaml"
mkdir -p "$recipe/overlay/usr/share/large"
for i in {1..19}; do
	head -c 100M /dev/urandom >"$recipe/overlay/usr/share/large/$i"
done
"$slipway" -q lock "$recipe" && "$slipway" -q build "$recipe" -o "$T/out" || exit 1
out=$T/out/small_1
root_hash=$(cat "$out.roothash")
trust=()
for key in db KEK PK; do trust+=(--trust "$T/keys/$key.crt"); done

one() { # what, command…: its seconds and CPU seconds, if they are the least
	local what=$1 elapsed user sys
	/usr/bin/time -o "$T/time" -f '%e %U %S' "${@:2}" >"$T/log" 2>&1 ||
		{ echo "$what: $(tail -n 1 "$T/log")" >&2; exit 1; }
	read -r elapsed user sys <"$T/time"
	awk -v what="$what" -v e="$elapsed" -v c="$user" -v s="$sys" \
		'BEGIN { printf "%s|%.2f|%.2f\n", what, e, c + s }' >>"$T/results"
}

for ((i = 0; i < rounds; i++)); do
	one "slipway verify" "$slipway" -q verify "${trust[@]}" "$out.raw"
	one "our hash tree" "$here/build/verity/test/verify_tree" "$out.usr.raw" "$out.usr-verity.raw" \
		"$root_hash" "$(nproc)"
	one "veritysetup verify" veritysetup verify "$out.usr.raw" "$out.usr-verity.raw" "$root_hash"
done
echo "$(($(stat -c %s "$out.usr.raw") >> 20)) MiB of /usr, $(nproc) threads, least of $rounds"
sort -t '|' -k 1,1 -k 2,2n "$T/results" | awk -F '|' '
	!seen[$1]++ { n++; what[n] = $1; t[n] = $2; cpu[n] = $3; if ($1 ~ /^verity/) base = $2 }
	END {
		for (i = 1; i <= n; i++)
			printf "%-20s %6.2f s %6.2f s of CPU  %5.2f of veritysetup\n", what[i], t[i], cpu[i],
				t[i] / base
	}'
