#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What make check tries of out/node_1.raw in VMs. All that there is to try: slipway test out/node_1.raw.
cd "$(dirname "$0")/../../.." || exit 1
[ -e out/node_1.raw ] || { echo "no out/node_1.raw: run make image first"; exit 1; }
mkdir -p build/logs
# Those that firmware refuses end in seconds; of the others one of each kind.
exec build/slipway test --keep-logs build/logs/vm --key keys/db.key --certificate keys/db.crt \
	out/node_1.raw boot boot-limit contents secrets immutable node containers extensions hang tamper-entry-unsigned \
	tamper-loader-other-key tamper-uki-{cmdline,initrd,kernel,other-key} \
	tamper-uki-{truncated,unsigned} tamper-{usr-data,other-build,root-hash-other-key}
