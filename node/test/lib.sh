# SPDX-License-Identifier: GPL-2.0-or-later
# The frame of the tests of what nodes run: the tree's top, a directory $T, and a count. Sourced.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*"; }
finish() { echo "$passed passed, $failed failed"; [ $failed -eq 0 ]; exit; }
