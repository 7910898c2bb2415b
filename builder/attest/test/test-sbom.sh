#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The SBOMs and the provenance of a build of recipes/node: valid by their schemas, and true. The schemas and the
# program that holds documents against them are not part of the repository: SLIPWAY_SCHEMAS names the
# directory with validate.py, which is looked for beside the repository otherwise.
. "$(dirname "$0")/../../cli/test/lib.sh"
need_packages
command -v python3 >/dev/null || skip_all "python3 is missing"
copy_node
mkdir -p "$T/cache/slipway"
ln -s "$real_cache/packages" "$T/cache/slipway/packages"
ln -s "$real_cache/unpacked" "$T/cache/slipway/unpacked"
shared=${SLIPWAY_SCHEMAS:-$here/../shared}
# Uncompressed, as that is quicker, and nothing here asks how it lies on the disk.
sed -i 's/^filesystem: .*/filesystem: {type: erofs, compression: none}/' "$T/recipes/common/base.yaml"
build() { (cd "$T" && "$slipway" -q build recipes/node -o "$1"); }
try 0 "" build out
image=$T/out/node_1.raw
for format in spdx cdx; do
	try 0 "" bash -c "'$slipway' cat '$image' share/sbom/node.$format.json >'$T/inner.$format.json'"
done

# By their schemas; and a document that breaks them is refused, so that to be valid means something.
validate() { # schema, file…
	python3 "$shared/validate.py" "$@"
}
if [ -e "$shared/validate.py" ] && python3 -c 'import jsonschema' 2>/dev/null; then
	try 0 "valid" validate spdx-2.3 "$T/inner.spdx.json" "$T/out/node_1.spdx.json"
	try 0 "valid" validate cyclonedx-1.6 "$T/inner.cdx.json" "$T/out/node_1.cdx.json"
	sed 's/"SHA256"/"SHA-256"/' "$T/inner.spdx.json" >"$T/bad.json"
	try 1 "NOT VALID" validate spdx-2.3 "$T/bad.json"
	sed 's/"SHA-256"/"SHA256"/' "$T/inner.cdx.json" >"$T/bad.json"
	try 1 "NOT VALID" validate cyclonedx-1.6 "$T/bad.json"
	licences=$shared/schemas/cyclonedx-1.6/spdx.schema.json
else
	echo "SKIP the published schemas: no validate.py in $shared, or no python3-jsonschema"
	licences=
fi

# And true, as far as the image tells.
try 0 "" "$slipway" extract "$image" / "$T/tree"
check() { # what the inner ones' names begin with
	python3 "$here/builder/attest/test/sbom_check.py" "$1" "$T/out/node_1" \
		"$T/recipes/node/recipe.lock" "$T/tree" ${licences:+"$licences"}
}
try 0 "0 wrong" check "$T/inner"

# What is not true is found: a digest, a name, a reference, a package.
mkdir "$T/other"
breaks() { # what is said, format, sed's script
	cp "$T"/inner.*.json "$T/other/"
	sed -i "$3" "$T/other/inner.$2.json"
	cmp -s "$T/inner.$2.json" "$T/other/inner.$2.json" && bad "$3 changes nothing"
	try 1 "$1" check "$T/other/inner"
}
breaks "has another digest" spdx '/"\.\/usr\/bin\/bash"/s/\("SHA256","checksumValue":"\)./\1x/'
breaks "only in the image" cdx 's,"/usr/bin/bash","/usr/bin/bush",'
breaks "is in None" spdx '/"CONTAINS".*"SPDXRef-Usr-7"/d'
breaks "nobody is" spdx 's/"relatedSpdxElement":"SPDXRef-Usr-7"/"relatedSpdxElement":"SPDXRef-Nobody"/'
breaks "verification code of bash" spdx '/"SPDXRef-Package-bash"/s/\("packageVerificationCodeValue":"\)./\1x/'
breaks "bash is another one than the lock's" spdx '/"SPDXRef-Package-bash"/s/"versionInfo":"/&9/'
breaks "it refers to another inner one" spdx 's/"name":"node_1-usr"/"name":"another"/'
breaks "explained nowhere" spdx '0,/"licenseId":"LicenseRef-/s//&x/'

# The provenance, of what is signed; its signature is looked at by signing/test/test_dsse.c.
provenance() { # directory of outputs
	(cd "$T/recipes" && python3 "$here/builder/attest/test/provenance_check.py" "$1/node_1.provenance.json" \
		node/recipe.lock node/recipe.yaml common/base.yaml -- common/overlay node/overlay)
}
try 0 "0 wrong" provenance "$T/out"
[ -z "$licences" ] || try 0 "valid" validate intoto-slsa-v1 "$T/out/node_1.statement.json"
rm "$T/out/node_1.statement.json"
echo "# another comment" >>"$T/recipes/node/recipe.yaml"
try 1 "recipe: " provenance "$T/out"
echo >>"$T/out/node_1.roothash"
try 1 "node_1.roothash: " provenance "$T/out"

# What no list can hold ends the plan, before anything is written.
printf x >"$T/recipes/node/overlay/usr/lib/$(printf 'latin\xe9')"
fails 3 "its name is not UTF-8, and an SBOM can hold no other" build none
try 1 "" test -e "$T/none"
rm "$T"/recipes/node/overlay/usr/lib/latin*
mkdir -p "$T/recipes/node/overlay/usr/share/sbom"
echo "{}" >"$T/recipes/node/overlay/usr/share/sbom/node.spdx.json"
fails 3 "share/sbom/node.spdx.json" build none
finish
