#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What readers get from a channel that a real nginx serves: while it changes, when the publisher is killed, and
# when the server is slow, broken or lies. The reader is systemd-pull where it can be given the test's key.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nginx.sh"
for program in nginx curl python3; do
	command -v $program >/dev/null || skip_all "$program is missing: run make deps"
done
for version in 1 2 3 4 5 6; do outputs web $version 1; done
fast() { publish --compression none "$@"; }
fast --channel stable "$O/1.1" || { bad "nothing is published"; finish; }

# A server that sends a part and then resets the connection: it prints its port.
python3 -c 'import socket, struct
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(8); print(s.getsockname()[1], flush=True)
while True:
    c = s.accept()[0]; c.recv(4096)
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(1000))
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); c.close()' >"$T/port" &
resetting=$!
start_nginx 'location /slow/ { alias '"$W"'/; limit_rate 1; } location /closed/ { return 444; }' || { bad "no nginx"; finish; }
trap 'kill $resetting; stop_nginx; rm -rf "$T"' EXIT

# ---- systemd's own reader ------------------------------------------------------------------------
alone=(unshare -m)
[ "$(id -u)" = 0 ] || alone=(unshare -rm)
pull=/usr/lib/systemd/systemd-pull ring=/usr/lib/systemd/import-pubring.gpg
pulls() { # verify, URL, file
	"${alone[@]}" sh -c "mount --bind $T/keyring.gpg $ring && exec $pull raw --direct --verify=$1 $2 $3"
}
refuses() { # text, verify, URL
	local out
	if out=$(pulls "$2" "$3" "$T/pulled" 2>&1) || ! grep -q "$1" <<<"$out"; then
		bad "$3 is not refused for \"$1\": $out"
	else
		ok
	fi
}
if [ -x $pull ] && [ -e $ring ] && "${alone[@]}" mount --bind "$T/keyring.gpg" $ring 2>/dev/null; then
	have_pull=1
	digest=$(sed -n 's/  web_1.efi$//p' "$W/stable/SHA256SUMS")
	timeout 300 "${alone[@]}" $pull raw --direct --verify="$digest" "$url/slow/stable/web_1.efi" "$T/stalled" >"$T/stalled.log" 2>&1 &
	stalled=$!
	fast --channel xz "$O/2.1" && "$slipway" -q publish --to "$T/packed" --channel xz --gpg-key test "$O/2.1" || bad "no channel of xz"
	cp -r "$T/packed/xz" "$W/packed"
	for channel in stable packed; do
		try 0 "" pulls signature "$url/$channel/SHA256SUMS" "$T/sums"
		cmp -s "$T/sums" "$W/$channel/SHA256SUMS" && ok || bad "$channel: other sums"
		while read -r digest name; do
			case $name in index.json) continue ;; esac
			plain=$(jq -r ".versions[] | (.files + .evidence)[] | select(.name == \"$name\") | .content_sha256" "$W/$channel/index.json")
			rm -f "$T/pulled"
			try 0 "" pulls "$digest" "$url/$channel/$name" "$T/pulled"
			[ "$(sha256sum <"$T/pulled" | cut -d' ' -f1)" = "$plain" ] && ok || bad "$channel/$name is another once it is unpacked"
		done <"$W/$channel/SHA256SUMS"
	done
	cp -r "$W/stable" "$W/bad"
	digest=$(sed -n 's/  web_1.efi$//p' "$W/stable/SHA256SUMS")
	truncate -s -1 "$W/bad/web_1.efi" && refuses "hecksum" "$digest" "$url/bad/web_1.efi"
	tail -c 1000 "$W/stable/web_1.efi" >"$W/bad/web_1.efi" && refuses "hecksum" "$digest" "$url/bad/web_1.efi"
	refuses "code 404" "$digest" "$url/bad/web_9.efi"
	refuses "Transfer failed" "$digest" "$url/closed/web_1.efi"
	refuses "Transfer failed" "$digest" "http://127.0.0.1:$(cat "$T/port")/web_1.efi"
	# The index, as node/update reads it.
	index_digest=$(sed -n 's/  index.json$//p' "$W/stable/SHA256SUMS")
	try 0 '"certificate": "' pulls "$index_digest" "$url/stable/index.json" -
	sed -i 's/"certificate": "/&0/' "$W/bad/index.json" && refuses "hecksum" "$index_digest" "$url/bad/index.json"
	sed -i 's/web_1.efi/web_2.efi/' "$W/bad/SHA256SUMS" && refuses "NVALID" signature "$url/bad/SHA256SUMS"
	# The pair that a reader gets who comes between two publishes.
	cp "$W/packed/SHA256SUMS" "$W/bad/SHA256SUMS" && refuses "NVALID" signature "$url/bad/SHA256SUMS"
	rm "$W/bad/SHA256SUMS.gpg" && refuses "404" signature "$url/bad/SHA256SUMS"
	rm -r "$W/bad" "$W/packed" "$W/xz"
else
	echo "SKIP systemd-pull: it is missing, or cannot be given a key in a mount namespace"
fi

# An old state, served again: its signature is good, and the serial tells.
cp -r "$W/stable" "$T/old"
fast --channel stable "$O/2.1"
gpgv -q --keyring "$T/keyring.gpg" "$T/old/SHA256SUMS.gpg" "$T/old/SHA256SUMS" 2>/dev/null &&
	[ "$(jq .serial "$T/old/index.json")" -lt "$(index stable .serial)" ] && ok || bad "a stale index is not to be told"

# ---- readers while a channel changes -------------------------------------------------------------
get() { curl -sf -o "$2" "$url/stable/$1"; }
# A file that is not there any more is no harm to who finds other sums when it looks again.
outdated() { get SHA256SUMS "$1/now" && ! cmp -s "$1/now" "$1/SHA256SUMS"; }
reader() { # number: reads until $T/stop is there, then once more; says what it saw
	local d=$T/reader.$1 good=0 refused=0 last= name
	mkdir "$d"
	while [ -z "$last" ]; do
		[ ! -e "$T/stop" ] || last=1
		get SHA256SUMS "$d/SHA256SUMS" && get SHA256SUMS.gpg "$d/sig" || { echo "bad no sums"; return; }
		if ! gpgv -q --keyring "$T/keyring.gpg" "$d/sig" "$d/SHA256SUMS" 2>/dev/null; then
			refused=$((refused + 1))
			[ -z "$last" ] || { echo "bad signature at rest"; return; }
			continue
		fi
		for name in $(cut -c67- "$d/SHA256SUMS" | grep web_); do
			get "$name" "$d/$name" && continue
			outdated "$d" && continue 2
			echo "bad $name is not there"
			return
		done
		(cd "$d" && grep web_ SHA256SUMS | sha256sum --quiet -c) || { echo "bad content"; return; }
		good=$((good + 1))
	done
	echo "read $good refused $refused"
}
for i in 1 2 3; do reader $i >"$T/saw.$i" & readers[i]=$!; done
for version in 3 4 5 6; do fast --channel stable --keep 2 "$O/$version.1" || bad "version $version"; done
for n in $(seq 10); do fast --channel stable --best-before "2031-01-$((n + 9))" || bad "change $n"; done
: >"$T/stop"
wait "${readers[@]}"
for i in 1 2 3; do
	grep -q "^read [1-9]" "$T/saw.$i" && ! grep -q bad "$T/saw.$i" && ok || bad "reader $i: $(cat "$T/saw.$i")"
done

# ---- publishers side by side: one waits for the other --------------------------------------------
for version in 1 2 3 4; do fast --channel side "$O/$version.1" & publishers[version]=$!; done
for version in 1 2 3 4; do wait "${publishers[version]}" && ok || bad "publisher $version"; done
[ "$(index side '"\(.serial) \([.versions[].version] | join(" "))"')" = "4 4 3 2 1" ] && ok || bad "side by side: $(index side .)"

# ---- killed at any moment: the old or the new, whole ---------------------------------------------
# On a busy machine SIGINT too may end it the hard way: the next one takes away what was left.
fast --channel killed "$O/1.1"
seed=${SEED:-$RANDOM}
RANDOM=$seed
for ((i = 0; i < ${MOMENTS:-12}; i++)); do
	serial=$(index killed .serial)
	[ $((i % 2)) = 0 ] && signal=KILL || signal=INT
	# See test-interrupt.sh: the shell's child would run the trap that removes all of this.
	trap '' INT
	"$slipway" -q publish --to "$W" --gpg-key test --channel killed --compression none "$O/2.1" "$O/3.1" \
		--best-before "2031-02-$((10 + i % 18))" 2>/dev/null &
	pid=$!
	trap - INT
	sleep "0.$(printf %03d $((RANDOM % 150)))"
	kill -$signal $pid 2>/dev/null
	wait $pid 2>/dev/null
	now=$(index killed .serial)
	(cd "$W/killed" && sha256sum --quiet -c SHA256SUMS) &&
		gpgv -q --keyring "$T/keyring.gpg" "$W/killed/SHA256SUMS.gpg" "$W/killed/SHA256SUMS" 2>/dev/null &&
		{ [ "$now" = "$serial" ] || [ "$now" = $((serial + 1)) ]; } && ok || bad "after SIG$signal (seed $seed, moment $i): $(ls -a "$W/killed")"
done
try 0 "" fast --channel killed "$O/2.1" "$O/4.1"
[ -z "$(find "$W" -name '.*')" ] && ok || bad "left after all: $(ls -a "$W")"

# ---- many clients; clients.sh by itself makes it 200 ---------------------------------------------
try 0 "20 clients: 20 complete" "$(dirname "$0")/clients.sh" "$W/stable" 20

if [ -n "${have_pull:-}" ]; then
	wait $stalled && bad "a server that stalls is waited for" || ok
	grep -q "Transfer failed" "$T/stalled.log" && ok || bad "stalled: $(cat "$T/stalled.log")"
fi
finish
