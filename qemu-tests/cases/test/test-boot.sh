#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots out/node_1.raw in VMs, as the cases of qemu-tests/cases want it.
cd "$(dirname "$0")/../../.." || exit 1
[ -e out/node_1.raw ] || { echo "no out/node_1.raw: run make image first"; exit 1; }
mkdir -p build/logs/vm
exec build/qemu-tests/run --log-dir build/logs/vm out/node_1.raw
