#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each exit status that slipway(1) documents, and no other.
. "$(dirname "$0")/lib.sh"
need_mirror_tools
make_small || { bad "no mirror could be made"; finish; }
tested=
exits() { # status, command…
	tested+="$1 "
	"${@:2}" >"$T/output" 2>&1 </dev/null
	local status=$?
	[ $status -eq "$1" ] && ok || bad "${*:2}: status $status, not $1: $(head -c 500 "$T/output")"
}
: >"$T/file"
exits 0 "$slipway" -q lock "$T/small"
exits 1 "$slipway" build "$T/small" -o "$T/file"
exits 2 "$slipway" build
exits 3 "$slipway" build "$T/file"
exits 4 "$slipway" build "$T/none"
exits 5 bash -c "'$slipway' version >/dev/full"
# It would try for seconds: nobody listens there.
export no_proxy='*'
exits 130 timeout --preserve-status -s INT 1 "$slipway" -q lock "$T/small" --mirror http://127.0.0.1:1
exits 130 timeout --preserve-status -s TERM 1 bash -c "trap '' TERM; exec '$slipway' -q lock '$T/small' --mirror http://127.0.0.1:1"

documented=$(sed -n '/^\.SH EXIT STATUS/,/^\.SH ENV/s/^\.B \([0-9]*\)$/\1/p' "$here/Documentation/slipway.1" | sort -un | tr '\n' ' ')
tested=$(tr ' ' '\n' <<<"$tested" | sed '/^$/d' | sort -un | tr '\n' ' ')
[ "$documented" = "$tested" ] && ok || bad "documented: $documented, tested: $tested"
finish
