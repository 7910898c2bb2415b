#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a server needs for each node: clients as processes, all at once, against one nginx. Each asks for index, sums and
# signature and then, in one go, for all files of the newest version, as a node does; what it got is checked.
#
#     clients.sh CHANNEL-DIRECTORY [N]
set -u
channel=$(realpath "$1") n=${2:-200}
T=$(mktemp -d) W=$channel
. "$(dirname "$0")/nginx.sh"
start_nginx || exit 1
trap 'stop_nginx; rm -rf "$T"' EXIT

servers() { pgrep -P "$(cat "$T/nginx/pid")"; cat "$T/nginx/pid"; }
cpu_ticks() { # user and system, of all of it
	local p
	for p in $(servers); do sed 's/.*) //' "/proc/$p/stat" 2>/dev/null | cut -d' ' -f12,13; done | awk '{ t += $1 + $2 } END { print t }'
}
memory_kib() { # what is its own: pages that others share count by their part
	local p
	for p in $(servers); do sed -n 's/^Pss: *\([0-9]*\).*/\1/p' "/proc/$p/smaps_rollup" 2>/dev/null; done | awk '{ t += $1 } END { print t }'
}
mapfile -t files < <(jq -r '.versions[0].files[].name' "$channel/index.json")
whole=$(cd "$channel" && cat "${files[@]}" | sha256sum)
client() {
	local d=$T/client.$1 f
	mkdir "$d" && cd "$d" || return
	for f in index.json SHA256SUMS SHA256SUMS.gpg; do curl -sfO "$url/$f" || return; done
	sha256sum --quiet --ignore-missing -c SHA256SUMS || return
	[ "$(curl -sf "${files[@]/#/$url/}" | sha256sum)" = "$whole" ] && echo complete >>"$T/complete"
}
idle=$(memory_kib) ticks=$(cpu_ticks) start=$EPOCHREALTIME peak=0
for ((i = 0; i < n; i++)); do client $i & pids[i]=$!; done
while m=$(memory_kib) && [ -n "$(jobs -rp)" ]; do
	[ "$m" -le "$peak" ] || peak=$m
	sleep 0.2
done
wait "${pids[@]}"
ticks=$(($(cpu_ticks) - ticks)) end=$EPOCHREALTIME
complete=$(grep -c complete "$T/complete" 2>/dev/null)
awk -v n="$n" -v complete="$complete" -v ticks=$ticks -v hz="$(getconf CLK_TCK)" -v idle="$idle" -v peak="$peak" -v s="$start" -v e="$end" '
	{ bytes += $1; requests++ }
	END {
		printf "%d clients: %d complete\n", n, complete
		printf "a client: %.1f MB in %.1f requests, %.4f s of CPU, %.0f KiB of memory\n", bytes / n / 1e6, requests / n, ticks / hz / n, (peak > idle ? peak - idle : 0) / n
		printf "the server: %.1f MiB idle, %.1f MiB at its peak, %.1f s of CPU; all in %.1f s\n", idle / 1024, peak / 1024, ticks / hz, e - s
	}' "$T/nginx/access.log"
[ "$complete" = "$n" ]
