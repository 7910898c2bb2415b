#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A short run of each libFuzzer target that `make fuzz` has built: a few thousand inputs, always the same,
# made of seeds that are made here. A longer one, of one of them, for SECONDS:
#
#     base/test/test-fuzz.sh TARGET SECONDS [CORPUS]
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
passed=0 failed=0
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
finish() { echo "$passed passed, $failed failed"; [ $failed -eq 0 ]; exit; }

seed() { mkdir -p "$T/$1" && cat >"$T/$1/$2"; } # target, name; its text on standard input

# Disks of a few sectors; without qemu-img the fuzzer has to make its own.
container_seeds() {
	local kind
	{ printf 'text%.0s' {1..300}; head -c 9000 /dev/zero; } >"$T/disk"
	truncate -s 12K "$T/disk"
	mkdir -p "$T/fuzz_qcow2" "$T/fuzz_vhd"
	command -v qemu-img >/dev/null || return 0
	qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on "$T/disk" "$T/fuzz_vhd/disk"
	for kind in compat=0.10 refcount_bits=1 compression_type=zstd; do
		qemu-img convert -f raw -O qcow2 -o "cluster_size=512,$kind" "$T/disk" "$T/fuzz_qcow2/$kind"
		qemu-img convert -c -f raw -O qcow2 -o "cluster_size=512,$kind" "$T/disk" "$T/fuzz_qcow2/c$kind"
	done
}

# A library and what could be a kernel module; without a compiler the fuzzer has to make its own.
elf_seeds() {
	mkdir -p "$T/fuzz_elf"
	command -v cc >/dev/null || return 0
	cc -shared -fPIC -nostdlib -Wl,-soname,libx.so.1 -Wl,-rpath,/opt -x c -o "$T/fuzz_elf/library" - <<-'END'
		static const struct { unsigned n, d, t; char v[4], j[28]; } note
			__attribute__((used, section(".note.dlopen"), aligned(4))) = {
			4, sizeof(note.j), 0x407c0c0a, "FDO", "[{\"soname\":[\"liby.so\"]}]" };
		int f(void) { return 0; }
	END
	cc -c -x c -o "$T/fuzz_elf/module" - <<-'END'
		static const char info[] __attribute__((used, section(".modinfo"))) = "license=GPL\0alias=a-[b-c]\0softdep=pre: s";
		int other(void);
		int __ksymtab_f = 1;
		int f(void) { return other(); }
	END
}

# Of each kind that is compared by a comparer of its own; the first 8 bytes say what is changed.
comparison_seeds() {
	local file
	for file in "$T"/fuzz_{gpt/disk,fat/fat16,pe/signed,verity/two,verity_sig/partition,cpio/plain,cpio/zstd} \
		"$T"/fuzz_reader/{plain-files,plain-special,lz4-files,ext4-special}; do
		{ printf somebits; cat "$file"; } | seed fuzz_diff "${file##*/}"
	done
}

make_seeds() {
	local sum=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
	mkdir "$T/fuzz_deb" "$T/fuzz_tar" "$T/fuzz_reader"
	SLIPWAY_SEEDS=$T "$here/build/stage1/package/test/test_seeds" >/dev/null || return 1
	SLIPWAY_SEEDS=$T "$here/build/stage1/fs/test/test_fs_seeds" >/dev/null || return 1
	SLIPWAY_SEEDS=$T "$here/build/builder/audit/test/test_image_seeds" >/dev/null || return 1
	SLIPWAY_SEEDS=$T "$here/build/builder/audit/test/test_evidence_seeds" >/dev/null || return 1
	seed fuzz_deb822 fields <<<$'# comment\nPackage: a\nVersion: 1\nDepends: b,\n c\n\nPackage: b\n'
	seed fuzz_index packages <<-END
		Package: a
		Version: 1:2-3
		Architecture: amd64
		Priority: required
		Filename: pool/a.deb
		Size: 10
		SHA256: $sum
		Description: short
	END
	seed fuzz_release release <<-END
		Suite: trixie
		Codename: trixie
		Date: Thu, 16 Nov 2023 00:00:00 UTC
		Acquire-By-Hash: yes
		Architectures: all amd64
		Components: main
		SHA256:
		 $sum 12 main/binary-amd64/Packages.xz
	END
	seed fuzz_lock lock <<-END
		slipway-lock 1
		recipe $sum
		arch x86-64
		builder 0.1
		codec zstd 1.5.4
		epoch 1700000000
		suite sid sid main main 1700000000 $sum $sum 04B54C3CDCA79751B16BC6B5225629DF75B188BD
		package a 1:2-3 amd64 10 $sum pool/a.deb sid image
	END
	seed fuzz_recipe recipe <"$here/recipes/node/recipe.yaml"
	seed fuzz_recipe layout <"$here/layouts/acl.yaml"
	seed fuzz_text script <<<$'#!/bin/sh\nif [ "$1" = x ]; then\n\tupdate-alternatives --install /usr/bin/a a \'/b\' 1\nfi'
	seed fuzz_text sysusers <<<$'u! root 0 "Super User" /root /bin/sh\ng x 5:6\nm a b\nr - 500-900'
	seed fuzz_text tmpfiles <<<$'L+ /etc/a\\x20b - - - - ../c\nd /var/x 0755 root root 10d'
	seed fuzz_text unit <<<$'[Unit]\nDescription=x\n[Install]\nWantedBy=multi-user.target\nAlias=%p.service\n'
	container_seeds
	elf_seeds
	comparison_seeds
	# The first byte picks what it is.
	seed fuzz_scripts postinst <<<$'p#!/bin/sh\n# Automatically added by dh_installsystemd/13\n\tdeb-systemd-helper enable \'a.service\' >/dev/null\n# End automatically added section\n'
	seed fuzz_scripts triggers <<<$'qactivate-noawait ldconfig\ninterest x\n'
	seed fuzz_scripts conffiles <<<$'r/etc/a\nremove-on-upgrade /etc/b\n'
	{ printf p; cat "$here/builder/audit/test/policies/good/all.yaml"; } | seed fuzz_evidence policy
	seed fuzz_evidence versions <<<$'v1~rc1-2\n1.0^git'
}

fuzz() { # program, options and corpora…
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:allocator_may_return_null=1 "$@" -rss_limit_mb=4096 -artifact_prefix="$here/build/fuzz/"
}

# Images are of many blocks, and a table of 128 entries is there twice.
max_len() { # name
	case $1 in
	fuzz_reader | fuzz_diff) echo 393216 ;;
	fuzz_fat | fuzz_gpt) echo 65536 ;;
	fuzz_checks) echo 98304 ;;
	*) echo 16384 ;;
	esac
}

# Checking a signature, making one or a filesystem, and comparing take a hundred times as long as the rest.
runs() { # name
	case $1 in
	fuzz_signature | fuzz_auth | fuzz_checks | fuzz_evidence | fuzz_diff) echo 1000 ;;
	*) echo 10000 ;;
	esac
}

short_run() { # program
	local name=${1##*/}
	if fuzz "$1" -seed=1 -runs="$(runs "$name")" -max_len="$(max_len "$name")" "$T/new" "$T/$name" >"$T/log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $name"
		tail -30 "$T/log"
	fi
}

programs=$(find "$here/build/fuzz" -path '*/fuzz/fuzz_*' -type f -perm -u+x 2>/dev/null | sort)
[ -n "$programs" ] || { echo "SKIP no fuzz targets: run make fuzz"; finish; }
make_seeds || { echo "FAILED: no seeds: run make tests"; exit 1; }
if [ $# -ge 2 ]; then
	mkdir -p "$T/$1" "${3:-$T/new}"
	fuzz "$(grep "/$1$" <<<"$programs")" -max_len="$(max_len "$1")" -max_total_time="$2" "${3:-$T/new}" "$T/$1"
	exit
fi
for p in $programs; do
	mkdir -p "$T/new" "$T/${p##*/}"
	short_run "$p"
	rm -rf "$T/new"
done
finish
