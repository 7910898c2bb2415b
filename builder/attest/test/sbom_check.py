#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sbom_check.py INNER OUTER LOCK TREE [LICENCES]: what no schema asks of an image's SBOMs.

INNER and OUTER: what the SBOMs' names begin with, without .spdx.json and .cdx.json
TREE: the files of the image, extracted; they are hashed once, and TREE.json keeps the digests
LICENCES: the list of SPDX's ids, as CycloneDX has it
Prints a line for each thing that is wrong.
"""
import hashlib, json, os, re, sys

inner, outer, lock, tree = sys.argv[1:5]
licences = set(json.load(open(sys.argv[5]))["enum"]) if len(sys.argv) > 5 else None
bad = 0

def complain(text):
    global bad
    bad += 1
    if bad <= 20:
        print(text)

def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)

def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()

def checksum(element, algorithm):
    return next((c["checksumValue"] for c in element.get("checksums", []) if c["algorithm"] == algorithm), None)

def read_tree():
    """path -> digest, or the target of a symlink behind an arrow"""
    found = {}
    for top, directories, files in os.walk(tree):
        for name in files + directories:
            path = os.path.join(top, name)
            if os.path.islink(path):
                found["usr" + path[len(tree):]] = "-> " + os.readlink(path)
            elif name in files:
                found["usr" + path[len(tree):]] = sha256(path)
    return found

if not os.path.exists(tree + ".json"):
    with open(tree + ".json", "w") as f:
        json.dump(read_tree(), f)
in_image = load(tree + ".json")
locked = {f[1]: f for f in (line.split() for line in open(lock)) if f[0] == "package"}

def check_files(what, files, target_of):
    """files: path -> SHA-256 or None; all of the image's, with their digests."""
    missing = set(in_image) - set(files)
    if what.startswith("inner"):
        missing = {m for m in missing if not m.startswith("usr/share/sbom/")}
        if any(f.startswith("usr/share/sbom/") for f in files):
            complain(what + ": it lists itself")
    if missing or set(files) - set(in_image):
        complain("%s: %s only in the image, %s only in the list" %
                 (what, sorted(missing)[:3], sorted(set(files) - set(in_image))[:3]))
    for path in set(files) & set(in_image):
        if in_image[path].startswith("-> "):
            if "-> %s" % target_of[path] != in_image[path]:
                complain("%s: %s leads elsewhere" % (what, path))
        elif files[path] != in_image[path]:
            complain("%s: %s has another digest" % (what, path))

def check_expression(what, text, refs):
    for word in re.findall(r"[A-Za-z0-9.+-]+", text):
        if word.startswith("LicenseRef-"):
            if refs is not None and word not in refs:
                complain("%s: %s is explained nowhere" % (what, word))
        elif licences and word not in ("AND", "OR", "WITH", "NOASSERTION") and word not in licences:
            complain("%s: %s is no licence of SPDX's list" % (what, word))

def check_spdx(what, d, external):
    ids = [e["SPDXID"] for e in [d] + d["packages"] + d["files"]]
    if len(ids) != len(set(ids)):
        complain(what + ": an id is there twice")
    for i in ids:
        if not re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", i):
            complain("%s: %s is no id" % (what, i))
    known = set(ids) | external
    for r in d["relationships"]:
        if r["spdxElementId"] not in known or r["relatedSpdxElement"] not in known:
            complain("%s: nobody is %s" % (what, r))
    refs = {t["licenseId"] for t in d["hasExtractedLicensingInfos"]}
    files = {f["SPDXID"]: f for f in d["files"]}
    packages = {p["SPDXID"]: p for p in d["packages"]}
    holds, owners = {}, {}
    for r in d["relationships"]:
        if r["relationshipType"] == "CONTAINS":
            owners.setdefault(r["relatedSpdxElement"], []).append(r["spdxElementId"])
            if r["relatedSpdxElement"] in files:
                holds.setdefault(r["spdxElementId"], []).append(r["relatedSpdxElement"])
    for f in files.values():
        if len(owners.get(f["SPDXID"], [])) != 1:
            complain("%s: %s is in %s" % (what, f["fileName"], owners.get(f["SPDXID"])))
    for i, p in packages.items():
        check_expression("%s: %s" % (what, p["name"]), p["licenseDeclared"], refs)
        code = p.get("packageVerificationCode", {}).get("packageVerificationCodeValue")
        sha1s = sorted(checksum(files[f], "SHA1") for f in holds.get(i, []))
        if code != (hashlib.sha1("".join(sha1s).encode()).hexdigest() if sha1s else None) or p["filesAnalyzed"] != bool(sha1s):
            complain("%s: the verification code of %s is wrong" % (what, p["name"]))
    debs = {p["name"]: p for p in packages.values() if p["SPDXID"].startswith("SPDXRef-Package-")}
    if set(debs) != set(locked):
        complain("%s: other packages than the lock's: %s" % (what, set(debs) ^ set(locked)))
    for name in set(debs) & set(locked):
        p, (_, _, version, arch, _, digest, path, *_) = debs[name], locked[name]
        purl = p["externalRefs"][0]["referenceLocator"]
        if (p["versionInfo"], checksum(p, "SHA256"), p["packageFileName"]) != (version, digest, path.rsplit("/")[-1]):
            complain("%s: %s is another one than the lock's" % (what, name))
        if not purl.startswith("pkg:deb/debian/%s@%s?arch=%s&distro=debian-" % tuple(
                x.replace("+", "%2B") for x in (name, version, arch))):
            complain("%s: %s" % (what, purl))
    system = {f["fileName"][2:]: f for f in files.values() if f["SPDXID"].startswith("SPDXRef-Usr-")}
    check_files(what, {n: checksum(f, "SHA256") for n, f in system.items()},
                {n: re.sub(r"^symlink to (.*): the checksums are of these characters$", r"\1", f.get("comment", ""))
                 for n, f in system.items()})
    if len(packages["SPDXRef-Image"]["annotations"]) < 10:
        complain(what + ": few departures are told")
    return files, packages

def check_cyclonedx(what, d):
    refs, files, targets, debs = [d["metadata"]["component"]["bom-ref"]], {}, {}, {}
    for c in d["components"]:
        refs.append(c["bom-ref"])
        if c.get("purl"):
            debs[c["name"]] = c
            for choice in c.get("licenses", []):
                check_expression("%s: %s" % (what, c["name"]), choice["expression"], None)
        properties = {p["name"]: p["value"] for p in c.get("properties", [])}
        if "slipway:inside" in properties:
            continue
        for f in c.get("components", []):
            name = f["name"][1:]
            if name in files:
                complain("%s: %s is there twice" % (what, name))
            files[name] = f["hashes"][0]["content"] if "hashes" in f else None
            targets[name] = next((p["value"] for p in f.get("properties", []) if p["name"] == "slipway:symlink"), None)
    if len(refs) != len(set(refs)):
        complain(what + ": a bom-ref is there twice")
    for a in d["annotations"]:
        if not set(a["subjects"]) <= set(refs):
            complain(what + ": an annotation is of nobody")
    if len(d["annotations"]) < 10 or set(debs) != set(locked):
        complain(what + ": few annotations, or other packages than the lock's")
    check_files(what, files, targets)

spdx, cdx = [load(p + ".spdx.json") for p in (inner, outer)], [load(p + ".cdx.json") for p in (inner, outer)]
check_spdx("inner SPDX", spdx[0], set())
files, packages = check_spdx("outer SPDX", spdx[1], {"DocumentRef-usr:SPDXRef-DOCUMENT"})
check_cyclonedx("inner CycloneDX", cdx[0])
check_cyclonedx("outer CycloneDX", cdx[1])

# The outer one names the inner one, and has what lies outside of /usr.
ref = spdx[1]["externalDocumentRefs"][0]
if ref["spdxDocument"] != spdx[0]["documentNamespace"] or ref["checksum"]["checksumValue"] != sha256(inner + ".spdx.json"):
    complain("outer SPDX: it refers to another inner one")
usr = next(c for c in cdx[1]["components"] if c["bom-ref"] == "Usr")["externalReferences"][0]
if usr["url"] != "urn:cdx:%s/1" % cdx[0]["serialNumber"][len("urn:uuid:"):] or \
        usr["hashes"][0]["content"] != sha256(inner + ".cdx.json"):
    complain("outer CycloneDX: it refers to another inner one")
if len({x["documentNamespace"] for x in spdx} | {x["serialNumber"] for x in cdx}) != 4:
    complain("two SBOMs have the same UUID")
def names_of(part):
    return {f["fileName"] for i, f in files.items() if i.startswith("SPDXRef-%s-" % part)}
for part, want in {"Esp": {"./EFI/Linux/node_1.efi", "./EFI/BOOT/BOOTX64.EFI", "./loader/loader.conf"},
                   "Uki": {"./.linux", "./stub", "./.cmdline", "./.osrel"},
                   "Initrd": {"./usr/bin/udevadm", "./etc/initrd-release"}}.items():
    if not want <= names_of(part):
        complain("outer SPDX: %s lacks %s" % (part, want - names_of(part)))
for part in ("Usr", "Verity", "VeritySig", "Uki"):
    p = packages["SPDXRef-" + part]
    if checksum(p, "SHA256") != sha256(outer.rsplit("/", 1)[0] + "/" + p["packageFileName"]):
        complain("outer SPDX: %s has another digest" % part)
esp = next(f for f in files.values() if f["fileName"] == "./EFI/Linux/node_1.efi")
if checksum(esp, "SHA256") != checksum(packages["SPDXRef-Uki"], "SHA256"):
    complain("outer SPDX: the UKI on the ESP is another one than the output")
print("%d wrong" % bad)
sys.exit(bad > 0)
