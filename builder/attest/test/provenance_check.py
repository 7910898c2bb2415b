#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""provenance_check.py PROVENANCE LOCK RECIPE INCLUDED… -- OVERLAY…: is what the statement says true?

Reads the envelope without regard to its signature, and writes the statement beside it, as .statement.json.
Prints a line for each thing that is wrong.
"""
import base64, hashlib, json, os, shutil, subprocess, sys

envelope, lock, recipe = sys.argv[1:4]
split = sys.argv.index("--")
included, overlays = sys.argv[4:split], sys.argv[split + 1:]
bad = 0

def complain(text):
    global bad
    bad += 1
    print(text)

def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()

def dir_hash(top):
    """Go's Hash1 of a directory's files, in hex; of a symlink, its target's characters count."""
    lines = []
    for at, directories, files in os.walk(top):
        for name in files + directories:
            path = os.path.join(at, name)
            if os.path.islink(path):
                digest = hashlib.sha256(os.readlink(path).encode()).hexdigest()
            elif name in files:
                digest = sha256(path)
            else:
                continue
            lines.append((os.path.relpath(path, top), digest))
    return hashlib.sha256("".join("%s  %s\n" % (d, p) for p, d in sorted(lines)).encode()).hexdigest()

def expect(what, have, want):
    if have != want:
        complain("%s: %s, not %s" % (what, have, want))

payload = base64.b64decode(json.load(open(envelope))["payload"])
with open(envelope.replace(".provenance.json", ".statement.json"), "wb") as f:
    f.write(payload)
statement = json.loads(payload)
out = os.path.dirname(envelope)
subjects = {s["name"]: s["digest"] for s in statement["subject"]}
expect("outputs", sorted(subjects), sorted(n for n in os.listdir(out) if ".provenance." not in n and ".statement." not in n))
for name, digest in subjects.items():
    path = os.path.join(out, name)
    if "sha256" in digest:
        expect(name, digest["sha256"], sha256(path))
    elif shutil.which("fsverity"):
        expect(name, digest["fsverity_sha256"], subprocess.run(
            ["fsverity", "digest", "--compact", path], capture_output=True, text=True).stdout.strip())
    else:
        print("SKIP %s: fsverity is missing" % name)
definition = statement["predicate"]["buildDefinition"]
inputs = {d["name"]: d for d in definition["resolvedDependencies"]}
if len(inputs) != len(definition["resolvedDependencies"]):
    complain("an input is there twice")
expect("recipe", inputs["recipe"]["digest"]["sha256"], sha256(recipe))
for i, path in enumerate(included):
    expect(path, inputs["included recipe %d" % (i + 1)]["digest"]["sha256"], sha256(path))
for i, path in enumerate(overlays):
    expect(path, inputs["overlay %d" % (i + 1)]["digest"]["dirHash"], dir_hash(path))
expect("lock", inputs["lock"]["digest"]["sha256"], sha256(lock))
n = 0
for fields in (line.split() for line in open(lock)):
    if fields[0] == "package":
        n += 1
        expect(fields[1], inputs["package %s %s %s" % tuple(fields[1:4])]["digest"]["sha256"], fields[5])
    if fields[0] == "suite":
        n += 1
        index = inputs["index %s %s" % (fields[1], fields[3])]
        expect(fields[1], (index["digest"]["sha256"], index["annotations"]["packages_sha256"],
                           ",".join(index["annotations"]["signers"])), tuple(fields[6:9]))
    if fields[0] == "codec":
        expect(fields[1], statement["predicate"]["runDetails"]["builder"]["version"][fields[1]], fields[2])
expect("packages and indices", len([k for k in inputs if k.split()[0] in ("package", "index")]), n)
print("%d wrong" % bad)
sys.exit(bad > 0)
