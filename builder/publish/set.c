/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/publish/set.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/path.h"
#include "builder/attest/provenance.h"
#include "builder/publish/version.h"
#include "signing/authenticode.h"
#include "signing/openssl.h"
#include "signing/pkcs7.h"
#include "signing/root_hash.h"

#define ROOT_HASH_SUFFIX ".roothash"
#define DISK_SUFFIX	 ".raw"

static const struct {
	const char *name, *suffix;
} kinds[PUBLISH_N_KINDS] = {
	[PUBLISH_VERITY_SIG] = { "usr-verity-sig", ".usr-verity-sig.raw" },
	[PUBLISH_VERITY] = { "usr-verity", ".usr-verity.raw" },
	[PUBLISH_USR] = { "usr", ".usr.raw" },
	[PUBLISH_UKI] = { "uki", ".efi" },
	[PUBLISH_PROVENANCE] = { "provenance", ".provenance.json" },
	[PUBLISH_SPDX] = { "spdx", ".spdx.json" },
	[PUBLISH_CYCLONEDX] = { "cyclonedx", ".cdx.json" },
};

const char *publish_kind_name(enum publish_kind k)
{
	return kinds[k].name;
}

const char *publish_kind_suffix(enum publish_kind k)
{
	return kinds[k].suffix;
}

/* "out/node_1.usr.raw" is of "out/node_1"; what has no suffix of an output is a stem itself. */
static char *stem_of(const char *path)
{
	const char *suffix = str_has_suffix(path, ROOT_HASH_SUFFIX) ? ROOT_HASH_SUFFIX : "";

	for (size_t i = 0; !*suffix && i < ARRAY_SIZE(kinds); i++)
		if (str_has_suffix(path, kinds[i].suffix))
			suffix = kinds[i].suffix;
	if (!*suffix && str_has_suffix(path, DISK_SUFFIX))
		suffix = DISK_SUFFIX;
	return strndup(path, strlen(path) - strlen(suffix));
}

static int add_stem(struct strv *l, char *stem, struct err *e)
{
	_cleanup_free_ char *owned = stem;

	if (owned && strv_contains(l, owned))
		return 0;
	return strv_take(l, TAKE_PTR(owned)) < 0 ? err_oom(e) : 0;
}

static int find_in_directory(const char *path, struct strv *ret, struct err *e)
{
	_cleanup_strv_ struct strv names = STRV_INIT;
	DIR *d = opendir(path);
	struct dirent *de;
	int r = 0;

	if (!d)
		return err_sys(e, -errno, "%s", path);
	while (r == 0 && (de = readdir(d)))
		if (de->d_name[0] != '.' && str_has_suffix(de->d_name, ROOT_HASH_SUFFIX))
			r = strv_addf(&names, "%s/%s", path, de->d_name);
	closedir(d);
	if (r < 0)
		return err_oom(e);
	if (!names.n)
		return err_set(e, -ENOENT,
			       "%s: no build has written its outputs there (no *" ROOT_HASH_SUFFIX
			       " is in it)",
			       path);
	strv_sort(&names);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = add_stem(ret, stem_of(names.v[i]), e);
	return r;
}

int publish_find_sets(const char *path, struct strv *ret, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return find_in_directory(path, ret, e);
	return add_stem(ret, stem_of(path), e);
}

/* "<name>_<version>"; a version has no "_". */
static int take_name(struct publish_set *s, const char *stem, struct err *e)
{
	const char *base = path_last(stem);
	const char *underscore = strrchr(base, '_');

	if (!underscore || underscore == base || !version_is_valid(underscore + 1))
		return err_set(
			e, -EINVAL,
			"%s: outputs of a build are called <name>_<version>, and this is not",
			stem);
	s->name = strndup(base, (size_t)(underscore - base));
	s->version = strdup(underscore + 1);
	return s->name && s->version ? 0 : err_oom(e);
}

static int open_part(struct publish_part *p, const char *stem, enum publish_kind k, struct err *e)
{
	p->path = str_printf("%s%s", stem, kinds[k].suffix);
	if (!p->path)
		return err_oom(e);
	int r = source_open(&p->src, p->path, e);
	if (r == 0 && !p->src.bytes)
		r = err_set(e, -EBADMSG, "%s is empty", p->path);
	return r < 0 ? r : source_sha256(&p->src, p->sha256, e);
}

static int open_evidence(struct publish_part *p, const char *stem, enum publish_kind k,
			 struct err *e)
{
	int r = open_part(p, stem, k, e);

	if (r != -ENOENT)
		return r;
	free(TAKE_PTR(p->path));
	return 0;
}

static int read_root_hash(struct publish_set *s, const char *stem, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s" ROOT_HASH_SUFFIX, stem);
	_cleanup_source_ struct source src = SOURCE_INIT;
	char hex[SHA256_HEX + 1] = "";

	if (!path)
		return err_oom(e);
	int r = source_open(&src, path, e);
	if (r < 0)
		return r;
	if (src.size_bytes == SHA256_HEX && src.bytes && src.bytes[SHA256_HEX - 1] == '\n')
		memcpy(hex, src.bytes, SHA256_HEX - 1);
	if (hex_decode(hex, s->root_hash, sizeof(s->root_hash)) < 0)
		return err_set(e, -EBADMSG, "%s does not hold a root hash", path);
	return 0;
}

/* @ret_base64: the signature, as the command line has it */
static int check_verity_sig(struct publish_set *s, struct verity_sig *sig, char **ret_base64,
			    struct err *e)
{
	const struct publish_part *p = &s->parts[PUBLISH_VERITY_SIG];

	int r = verity_sig_parse(p->src.bytes, p->src.size_bytes, sig, e);
	if (r < 0)
		return err_wrap(e, r, "%s", p->path);
	if (memcmp(sig->root_hash, s->root_hash, sizeof(s->root_hash)) != 0)
		return err_set(e, -EBADMSG,
			       "%s signs another root hash: it is of another build than the rest",
			       p->path);
	memcpy(s->certificate, sig->fingerprint, sizeof(s->certificate));
	*ret_base64 = base64_encode(sig->der.data, sig->der.len);
	return *ret_base64 ? 0 : err_oom(e);
}

/* The certificate in the UKI's signatures that has the fingerprint of the root hash's signer. */
static int find_certificate(const struct publish_set *s, const struct pe *pe, X509 **ret,
			    struct err *e)
{
	const uint8_t *der;
	size_t at = 0, len;
	int r;

	while ((r = pe_certificate(pe, &at, &der, &len, e)) > 0) {
		_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;
		uint8_t fingerprint[SHA256_BYTES];

		r = pkcs7_parse(der, len, false, &p7, e);
		if (r < 0)
			return r;
		for (int i = 0; i < sk_X509_num(p7->d.sign->cert); i++) {
			X509 *cert = sk_X509_value(p7->d.sign->cert, i);
			r = certificate_fingerprint(cert, fingerprint, e);
			if (r < 0)
				return r;
			if (memcmp(fingerprint, s->certificate, sizeof(fingerprint)) != 0)
				continue;
			X509_up_ref(cert);
			*ret = cert;
			return 0;
		}
	}
	return r < 0 ? r
		     : err_set(e, -EKEYREJECTED,
			       "it is not signed by the key that signed the root hash");
}

static bool has_word(const struct pe *pe, const char *section, const char *word)
{
	const struct pe_section *s = pe_find(pe, section);
	size_t len = 0;
	const char *text = s ? (const char *)pe_content(pe, s, &len) : NULL;
	_cleanup_strv_ struct strv words = STRV_INIT;
	_cleanup_free_ char *copy = text ? strndup(text, len) : NULL;

	return copy && strv_split(&words, copy, " \n") == 0 && strv_contains(&words, word);
}

static int check_word(const struct pe *pe, const char *section, char *word, const char *what,
		      struct err *e)
{
	_cleanup_free_ char *owned = word;

	if (!owned)
		return err_oom(e);
	return has_word(pe, section, owned)
		       ? 0
		       : err_set(e, -EBADMSG, "its %s: it is of another build than the rest", what);
}

/* Its words are those of this root hash and this version. */
static int check_uki_words(const struct publish_set *s, const struct pe *pe, const char *base64,
			   struct err *e)
{
	char hex[SHA256_HEX];
	const struct pe_section *cmdline = pe_find(pe, ".cmdline");
	size_t len = 0;
	const uint8_t *text = cmdline ? pe_content(pe, cmdline, &len) : NULL;

	hex_encode(s->root_hash, sizeof(s->root_hash), hex);
	int r = check_word(pe, ".cmdline", str_printf("usrhash=%s", hex),
			   "command line has not this root hash", e);
	if (r == 0)
		r = check_word(pe, ".osrel", str_printf("IMAGE_ID=\"%s\"", s->name),
			       "IMAGE_ID is not that of the file's name", e);
	if (r == 0)
		r = check_word(pe, ".osrel", str_printf("IMAGE_VERSION=\"%s\"", s->version),
			       "IMAGE_VERSION is not that of the file's name", e);
	if (r == 0 && (!text || !memmem(text, len, base64, strlen(base64))))
		r = err_set(e, -EBADMSG,
			    "its command line has not the signature of the verity-sig partition");
	return r;
}

/* @ret_cert: whose key signed it */
static int check_uki(struct publish_set *s, const struct verity_sig *sig, const char *base64,
		     X509 **ret_cert, struct err *e)
{
	const struct source *src = &s->parts[PUBLISH_UKI].src;
	_cleanup_(X509_free) X509 *cert = NULL;
	struct pe pe;

	int r = pe_parse(&pe, src->bytes, src->size_bytes, e);
	if (r == 0)
		r = check_uki_words(s, &pe, base64, e);
	if (r == 0)
		r = find_certificate(s, &pe, &cert, e);
	if (r == 0)
		r = authenticode_verify(src->bytes, src->size_bytes, cert, e);
	if (r == 0)
		r = root_hash_verify(cert, s->root_hash, sig->der.data, sig->der.len, e);
	if (r < 0)
		return err_wrap(e, r, "%s", s->parts[PUBLISH_UKI].path);
	s->arch = pe.machine == PE_MACHINE_ARM64 ? "arm64" : "x86-64";
	*ret_cert = TAKE_PTR(cert);
	return 0;
}

static int check_stated(const struct provenance *p, const struct publish_part *part, struct err *e)
{
	const char *name = path_last(part->path);

	for (size_t i = 0; i < p->n_outputs; i++)
		if (str_eq(p->outputs[i].name, name) && p->outputs[i].kind == PROVENANCE_SHA256 &&
		    memcmp(p->outputs[i].digest, part->sha256, SHA256_BYTES) == 0)
			return 0;
	return err_set(e, -EBADMSG, "it does not tell of this %s: it is of another build", name);
}

/* Nobody signs an SBOM but in the statement. */
static int check_evidence(const struct publish_set *s, X509 *cert, struct err *e)
{
	const struct publish_part *statement = &s->parts[PUBLISH_PROVENANCE];
	_cleanup_(provenance_free) struct provenance *p = NULL;

	for (enum publish_kind k = PUBLISH_SPDX; !statement->path && k < PUBLISH_N_KINDS; k++)
		if (s->parts[k].path)
			return err_set(e, -ENOENT,
				       "%s: no %s is beside it, which would vouch for it",
				       s->parts[k].path, kinds[PUBLISH_PROVENANCE].suffix);
	if (!statement->path)
		return 0;
	int r = provenance_open(statement->src.bytes, statement->src.size_bytes, &cert, 1, &p, e);
	for (enum publish_kind k = 0; r == 0 && k < PUBLISH_N_KINDS; k++)
		if (k != PUBLISH_PROVENANCE && s->parts[k].path)
			r = check_stated(p, &s->parts[k], e);
	return r < 0 ? err_wrap(e, r, "%s", statement->path) : 0;
}

static int check(struct publish_set *s, struct pool *pool, struct err *e)
{
	const struct publish_part *usr = &s->parts[PUBLISH_USR],
				  *verity = &s->parts[PUBLISH_VERITY];
	struct verity_sig sig = VERITY_SIG_INIT;
	_cleanup_(X509_free) X509 *cert = NULL;
	_cleanup_free_ char *base64 = NULL;

	int r = verity_verify(&usr->src, &verity->src, s->root_hash, pool, e);
	if (r < 0)
		return err_wrap(e, r, "%s and %s do not make the root hash", usr->path,
				verity->path);
	r = check_verity_sig(s, &sig, &base64, e);
	if (r == 0)
		r = check_uki(s, &sig, base64, &cert, e);
	if (r == 0)
		r = check_evidence(s, cert, e);
	verity_sig_done(&sig);
	return r;
}

int publish_set_open(const char *stem, struct pool *pool, struct publish_set **ret, struct err *e)
{
	_cleanup_(publish_set_free) struct publish_set *s = calloc(1, sizeof(*s));

	if (!s)
		return err_oom(e);
	for (size_t i = 0; i < PUBLISH_N_KINDS; i++)
		s->parts[i].src = (struct source)SOURCE_INIT;
	int r = take_name(s, stem, e);
	if (r == 0)
		r = read_root_hash(s, stem, e);
	for (enum publish_kind k = 0; r == 0 && k < PUBLISH_N_KINDS; k++)
		r = k < PUBLISH_N_FOR_NODES ? open_part(&s->parts[k], stem, k, e)
					    : open_evidence(&s->parts[k], stem, k, e);
	if (r == 0)
		r = check(s, pool, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

void publish_set_free(struct publish_set *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < PUBLISH_N_KINDS; i++) {
		source_done(&s->parts[i].src);
		free(s->parts[i].path);
	}
	free(s->name);
	free(s->version);
	free(s);
}
