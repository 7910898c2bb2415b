#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON Schemas against the parser, with the examples beside this file and with mutants of them.

schema_check.py SLIPWAY SCRATCH-DIRECTORY RECIPE…: prints what differs, then "N passed, N failed".
"""
import copy, glob, json, os, re, subprocess, sys, warnings

warnings.simplefilter("ignore")
import jsonschema, yaml

slipway, scratch, recipes = sys.argv[1], sys.argv[2], sys.argv[3:]
here = os.path.dirname(os.path.abspath(__file__))
passed = failed = 0

# What a schema cannot say: relations between values, and what is on the disk.
BEYOND = re.compile("is both enabled and|here and in what is included|differ in size|No such file or directory|is not a directory")
# A value of each kind, in place of another.
VALUES = [None, True, 0, -1, 1.5, 7, "", "a\u0001b", "text", "/text", [], ["x", "x"], ["y"], {}, {"z": 1}]


class Loader(yaml.SafeLoader):
    """YAML 1.2's core types, as editors and the parser have them: on, yes and dates are text."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+0123456789."),
):
    Loader.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile("^(?:%s)$" % pattern), list(first))


def judge(good, text):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAILED:", text)


def problems(kind, files):
    """What the parser says of each file: of its text, not of what the text names."""
    command = [slipway, "recipe", "--json", *(["--layout"] if kind == "layout" else []), "check", *files]
    out = subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout
    # Of the file itself, not of what it names.
    said = [[p for p in v["problems"] if re.match(re.escape(v["file"]) + ":(?! (layout|signing|updates): )", p)]
            for v in json.loads(out)]
    assert len(said) == len(files)
    return said


def examples(kind, validator):
    files = sorted(glob.glob("%s/examples/%s/*/*.yaml" % (here, kind)))
    for path, said in zip(files, problems(kind, files)):
        text = open(path, encoding="utf-8").read()
        wants_good = "/good/" in path
        want = re.search("^# says: (.*)$", text, re.M)
        if wants_good:
            judge(not said, "%s: %s" % (path, said))
        else:
            judge(want and said and want.group(1) in said[0], "%s: %s" % (path, said))
        errors = [e.message for e in validator.iter_errors(yaml.load(text, Loader))]
        expects_none = wants_good or "# schema: cannot say it" in text
        judge(bool(errors) != expects_none, "%s: the schema says %s" % (path, errors))
    judge(len(files) >= 10, "few examples of a %s" % kind)


def mutants(doc):
    """The document with one thing changed, for each thing and each change."""

    def paths(node, at):
        yield at
        children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, child in children:
            # Of a long list, what is in its middle is as its ends are.
            if not isinstance(node, list) or key < 2 or key == len(node) - 1:
                yield from paths(child, at + (key,))

    for path in paths(doc, ()):
        for change in ["delete", "again", "extra", *range(len(VALUES))]:
            new = copy.deepcopy(doc)
            holder = new
            for key in path[:-1]:
                holder = holder[key]
            if change == "extra":
                target = holder[path[-1]] if path else new
                if not isinstance(target, dict):
                    continue
                target["extra"] = "x"
            elif not path:
                continue
            elif change == "delete":
                del holder[path[-1]]
            elif change == "again":
                if not isinstance(holder, list):
                    continue
                holder.append(copy.deepcopy(holder[path[-1]]))
            else:
                holder[path[-1]] = VALUES[change]
            yield "%s: %s" % ("/".join(map(str, path)), VALUES[change] if isinstance(change, int) else change), new


def differential(kind, validator, sources):
    """JSON is YAML: mutants are written as JSON, where they find what their recipes name."""
    place = os.path.join(scratch, kind, "mutants")
    os.makedirs(place)
    for name in "overlay", "initrd":
        os.mkdir(os.path.join(place, name))
    for there in glob.glob("%s/../../../recipes/common" % here) + glob.glob("%s/examples/%s/*.yaml" % (here, kind)):
        os.symlink(os.path.abspath(there), os.path.join(scratch, kind, os.path.basename(there)))
    for source in sources:
        doc = yaml.load(open(source, encoding="utf-8").read(), Loader)
        made = list(mutants(doc))
        files = []
        for i, (_, new) in enumerate(made):
            files.append("%s/%d.yaml" % (place, i))
            with open(files[-1], "w", encoding="utf-8") as f:
                json.dump(new, f)
        n_good = n_bad = 0
        for (what, new), said in zip(made, problems(kind, files)):
            valid = validator.is_valid(new)
            n_good, n_bad = n_good + valid, n_bad + (not valid)
            agrees = not said or BEYOND.search(said[0]) if valid else bool(said)
            judge(agrees, "%s with %s: the schema says %s, the parser %s" % (source, what, valid, said))
        judge(n_good >= 5 and n_bad >= 50, "%s: few mutants, %d good, %d bad" % (source, n_good, n_bad))


for kind in "recipe", "layout":
    text = subprocess.run([slipway, "recipe", "schema", *(["--layout"] if kind == "layout" else [])],
                          stdout=subprocess.PIPE, check=True).stdout
    schema = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    examples(kind, validator)
    differential(kind, validator, sorted(glob.glob("%s/examples/%s/good/*.yaml" % (here, kind))) +
                 (recipes if kind == "recipe" else glob.glob("%s/../../../layouts/*.yaml" % here)))
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
