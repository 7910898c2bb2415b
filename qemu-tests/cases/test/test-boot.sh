#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What make check tries of out/node_1.raw in VMs. All that there is to try: slipway test out/node_1.raw.
cd "$(dirname "$0")/../../.." || exit 1
[ -e out/node_1.raw ] || { echo "no out/node_1.raw: run make image first"; exit 1; }
mkdir -p build/logs
exec build/slipway test --keep-logs build/logs/vm out/node_1.raw
