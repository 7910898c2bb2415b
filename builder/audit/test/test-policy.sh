#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The JSON Schema of policies takes and refuses what the parser takes and refuses.
cd "$(dirname "$0")/../../.." || exit 1
if ! python3 -c 'import jsonschema, yaml; jsonschema.Draft202012Validator' 2>/dev/null; then
	echo "SKIP python3-jsonschema or python3-yaml is missing"
	echo "0 passed, 0 failed"
	exit
fi
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
build/slipway -q keygen "$T/keys" || exit 1
python3 builder/audit/test/policy_check.py build/slipway "$T/keys/db.crt"
