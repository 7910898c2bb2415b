#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Keys and certificates that cannot sign an image.
. "$(dirname "$0")/lib.sh"
need_mirror_tools
make_small && "$slipway" -q lock "$T/small" || { bad "no lock could be made"; finish; }
recipe=$T/small keys=$T/keys
keep_yaml "$recipe/recipe.yaml"
plan() { "$slipway" -q build "$recipe" -o "$T/out" -n; }
with_key() { # name of the key's file, status, message
	change "s,key: \.\./keys/db.key,key: ../keys/$1,"
	fails "$2" "$3" plan
}
with_certificate() { # name, status, message
	change "s,certificate: .*,certificate: ../keys/$1},"
	fails "$2" "$3" plan
}
cp "$slipway" "$T/slipway"

fails 3 "$keys/PK.key exists: keys are never overwritten" "$slipway" keygen "$keys"
fails 1 "$T/kept.yaml" "$slipway" keygen "$T/kept.yaml"

with_key no.key 4 "$yaml: signing: private key: $keys/no.key: No such file or directory; slipway keygen makes keys for development"
openssl pkey -in "$keys/db.key" -aes256 -passout pass:x -out "$keys/encrypted.key"
with_key encrypted.key 3 "$keys/encrypted.key: it is encrypted, and nobody can be asked for its passphrase here: give the key unencrypted"
with_key PK.key 3 "$keys/PK.key and $keys/db.crt: certificate: it is not the certificate of this private key: name the two that belong together"
with_key db.crt 3 "$keys/db.crt: no private key in it, but a certificate"
echo hello >"$keys/text.key"
with_key text.key 3 "$keys/text.key: no private key in it (PEM or DER is expected)"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ec -keyout "$keys/ec.key" -out "$keys/ec.crt" 2>/dev/null
with_key ec.key 3 "it is an EC key: firmware and kernels verify RSA signatures only: take an RSA key"
openssl genrsa -out "$keys/short.key" 1024 2>/dev/null
with_key short.key 3 "RSA of 1024 bits is too short: 2048 at least"
change 's,key: \.\./keys/db.key,key: "pkcs11:token=none",'
fails 3 "private key pkcs11:token=none: no OpenSSL provider opens it (see openssl.cnf)" plan
restore
chmod -R a+rX "$T"
chmod 0 "$keys/db.key"
fails 1 "$yaml: signing: private key: $keys/db.key: Permission denied" as_nobody "$T/slipway" -q build "$recipe" -o /tmp/none -n
chmod 644 "$keys/db.key"
chmod 0 "$keys/db.crt"
fails 1 "$yaml: signing: certificate: $keys/db.crt: Permission denied" as_nobody "$T/slipway" -q build "$recipe" -o /tmp/none -n
chmod 644 "$keys/db.crt"

with_certificate no.crt 4 "$yaml: signing: certificate: $keys/no.crt: No such file"
with_certificate db.key 3 "$keys/db.key: no certificate in it, but a private key"
with_certificate text.key 3 "$keys/text.key: no certificate in it (PEM or DER is expected)"
with_certificate PK.crt 3 "it is not the certificate of this private key"
# A certificate of the right key with these dates.
mkdir "$T/ca"
: >"$T/ca/db"
printf '%s\n' '[ca]' 'default_ca=d' '[d]' "database=$T/ca/db" "serial=$T/ca/serial" "new_certs_dir=$T/ca" \
	default_md=sha256 policy=p unique_subject=no '[p]' commonName=supplied >"$T/ca/conf"
openssl req -new -key "$keys/db.key" -subj /CN=dated -out "$T/ca/csr" 2>/dev/null
dated() { # name, first second, last second
	openssl rand -hex 8 >"$T/ca/serial"
	openssl ca -batch -notext -config "$T/ca/conf" -selfsign -keyfile "$keys/db.key" -in "$T/ca/csr" \
		-startdate "$2" -enddate "$3" -out "$keys/$1" 2>/dev/null
}
dated old.crt 20200101000000Z 20200102000000Z
with_certificate old.crt 3 "$keys/old.crt: certificate: it expired on 2020-01-02: sign with a newer one"
dated new.crt 21000101000000Z 21010101000000Z
with_certificate new.crt 3 "$keys/new.crt: certificate: it is not valid before 2100-01-01: is this machine's clock right?"
used_for() { # name, extension
	openssl req -x509 -key "$keys/db.key" -subj /CN=x -addext "$2" -out "$keys/$1"
}
used_for ca.crt keyUsage=critical,keyCertSign
with_certificate ca.crt 3 "its key usage lacks digitalSignature: it is not for signing data"
used_for web.crt extendedKeyUsage=serverAuth
with_certificate web.crt 3 "its extended key usage lacks codeSigning: it is not for boot files"

change 's,certificate: [^}]*,&\, enroll: ../nowhere,'
fails 4 "$yaml: signing: enroll (made by slipway keygen): $T/nowhere/PK.auth: No such file" plan
try 0 "" bash -c "[ ! -e '$T/out' ] && [ ! -e /tmp/none ]"

# Whose updates the node takes.
with_update_key() { # name, status, message
	restore
	echo "updates: {source: \"https://updates.example\", key: ../keys/$1}" >>"$yaml"
	try "$2" "$3" "$slipway" recipe check "$recipe"
}
with_update_key no.gpg 3 "$yaml: updates: key: $keys/no.gpg: No such file or directory"
gpg -q --export test >"$keys/update.gpg"
with_update_key update.gpg 0 ""
gpg -q --export --armor test >"$keys/update.asc"
with_update_key update.asc 3 "this is no OpenPGP public key in binary form: give what gpg --export KEY writes"
gpg -q --batch --passphrase '' --export-secret-keys test >"$keys/secret.gpg"
with_update_key secret.gpg 3 "this is a secret key, which must not get into an image"
: >"$keys/empty.gpg"
with_update_key empty.gpg 3 "this is no OpenPGP public key"
finish
