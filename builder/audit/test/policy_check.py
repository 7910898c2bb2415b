#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON Schema of policies against the parser, with the examples beside this file.

policy_check.py SLIPWAY CERTIFICATE: prints what differs, then "N passed, N failed".
"""
import glob, json, os, re, subprocess, sys

import jsonschema, yaml

slipway, certificate = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
passed = failed = 0


def judge(good, text):
    global passed, failed
    passed, failed = passed + good, failed + (not good)
    if not good:
        print("FAILED:", text)


def parser_says(path):
    """What is wrong with the text; None: nothing, and then there is no such image."""
    run = subprocess.run([slipway, "verify", "/nonexistent", "--trust", certificate, "--policy", path],
                         stderr=subprocess.PIPE, check=False, text=True)
    match = re.match("slipway: %s:[0-9]+:[0-9]+: (.*)" % re.escape(path), run.stderr)
    judge(run.returncode == (3 if match else 4), "%s: status %d: %s" % (path, run.returncode, run.stderr))
    return match.group(1) if match else None


schema = json.load(open("%s/../schema/policy.schema.json" % here))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
files = sorted(glob.glob("%s/policies/*/*.yaml" % here))
for path in files:
    text = open(path, encoding="utf-8").read()
    said = parser_says(path)
    errors = [e.message for e in validator.iter_errors(yaml.safe_load(text))]
    if "/good/" in path:
        judge(said is None and not errors, "%s: the parser says %s, the schema %s" % (path, said, errors))
    else:
        want = re.search("^# says: (.*)$", text, re.M).group(1)
        judge(said is not None and want in said, "%s: the parser says %s" % (path, said))
        judge(bool(errors), "%s: the schema has nothing against it" % path)
judge(len(files) >= 20, "few examples")
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
