/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a build says of its outputs, where that is at hand: is it signed, and are they those files? */
#include "builder/attest/provenance.h"

#include "base/path.h"
#include "builder/audit/verify_internal.h"
#include "builder/stages/build.h"

#define STATEMENT_BYTES_MAX (16 * MiB)
#define INDEX_PREFIX	    "index "

struct statement {
	const struct source *src;
	struct provenance *provenance; /* once a certificate's signature was good */
};

static int open_signed(X509 *cert, const void *ctx, struct err *e)
{
	struct statement *s = *(struct statement *const *)ctx;

	if (s->src->size_bytes > STATEMENT_BYTES_MAX || !s->src->bytes)
		return err_set(e, -EBADMSG, "%llu bytes are no statement",
			       (unsigned long long)s->src->size_bytes);
	return provenance_open(s->src->bytes, (size_t)s->src->size_bytes, &cert, 1, &s->provenance,
			       e);
}

/* The disk may be elsewhere; where @some, so may all. */
static int check_file(struct verify *v, const char *dir, const struct provenance *p, size_t i,
		      bool some, struct err *e)
{
	const struct provenance_file *f = &p->outputs[i];
	_cleanup_free_ char *path = str_printf("%s/%s", dir, f->name);
	_cleanup_source_ struct source src = SOURCE_INIT;

	if (!path)
		return err_oom(e);
	if (strchr(f->name, '/'))
		return verify_fail(v, VERIFY_PROVENANCE, e, "it tells of a file elsewhere");
	verify_at(v, "%s", f->name);
	int r = source_open(&src, path, e);
	if (r == -ENOENT)
		return some || f->kind == PROVENANCE_FSVERITY
			       ? 0
			       : verify_fail(v, VERIFY_PROVENANCE, e, "it is not there");
	if (r == 0)
		r = provenance_check(p, f->name, &src, v->p->pool, e);
	return r < 0 ? verify_failed(v, VERIFY_PROVENANCE, r, e)
		     : verify_ok(v, VERIFY_PROVENANCE, e, "it is what was built");
}

static int check_files(struct verify *v, const char *dir, const struct provenance *p, bool some,
		       struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_outputs; i++)
		r = check_file(v, dir, p, i, some, e);
	return r;
}

/* Is the file that a build writes of this root hash an output? Return: 0; -ENOENT, -EBADMSG no; other */
static int states(const struct provenance *p, const uint8_t root_hash[SHA256_BYTES], struct err *e)
{
	const char *suffix = build_output_suffix(BUILD_ROOT_HASH);
	char text[SHA256_HEX + 1];
	struct source src;
	int r = -ENOENT;

	hex_encode(root_hash, SHA256_BYTES, text);
	strcat(text, "\n");
	source_init_bytes(&src, text, strlen(text));
	for (size_t i = 0; i < p->n_outputs && (r == -ENOENT || r == -EBADMSG); i++)
		if (str_has_suffix(p->outputs[i].name, suffix))
			r = provenance_check(p, p->outputs[i].name, &src, NULL, e);
	return r;
}

/* A node has written to its disk since: what was built is in one of its slots. */
static int check_slots(struct verify *v, const struct provenance *p, struct err *e)
{
	for (size_t i = 0; i < VERIFY_SLOTS; i++) {
		if (!v->slots[i].used || !v->slots[i].hashed)
			continue;
		int r = states(p, v->slots[i].root_hash, e);
		if (r == 0)
			return verify_ok(v, VERIFY_PROVENANCE, e, "%s is what was built",
					 v->slots[i].name);
		if (r != -ENOENT && r != -EBADMSG)
			return r;
	}
	return verify_fail(v, VERIFY_PROVENANCE, e, "no slot has the root hash that was built");
}

static int check_disk(struct verify *v, const struct provenance *p, const struct source *disk,
		      struct err *e)
{
	const struct provenance_file *f = NULL;

	for (size_t i = 0; i < p->n_outputs && !f; i++)
		if (p->outputs[i].kind == PROVENANCE_FSVERITY)
			f = &p->outputs[i];
	verify_at(v, "%s", "");
	if (!f)
		return verify_fail(v, VERIFY_PROVENANCE, e, "it tells of no disk");
	if (v->has_root)
		return check_slots(v, p, e);
	int r = provenance_check(p, f->name, disk, v->p->pool, e);
	return r < 0 ? verify_failed(v, VERIFY_PROVENANCE, r, e)
		     : verify_ok(v, VERIFY_PROVENANCE, e, "it is what was built");
}

/* @p: NULL: there is no statement */
static int check_sbom(struct verify *v, const struct verify_stated *what, enum build_output i,
		      const struct provenance *p, struct err *e)
{
	_cleanup_free_ char *name = str_printf("%s%s", what->stem, build_output_suffix(i));
	_cleanup_free_ char *path = name ? str_printf("%s/%s", what->dir, name) : NULL;
	_cleanup_source_ struct source src = SOURCE_INIT;

	if (!path)
		return err_oom(e);
	int r = source_open(&src, path, e);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	verify_at(v, "%s", name);
	if (!p)
		return verify_state(v, VERIFY_PROVENANCE, e,
				    "nobody vouches for it: its digest stands in the statement, "
				    "which is not beside it");
	r = provenance_check(p, name, &src, v->p->pool, e);
	return r < 0 ? verify_failed(v, VERIFY_PROVENANCE, r, e)
		     : verify_ok(v, VERIFY_PROVENANCE, e, "it is what was built");
}

/* What lies beside a disk and says what is in it: whoever can write there could say anything. */
static int check_sboms(struct verify *v, const struct verify_stated *what,
		       const struct provenance *p, struct err *e)
{
	if (!what->stem)
		return 0;
	int r = check_sbom(v, what, BUILD_SPDX, p, e);
	return r < 0 ? r : check_sbom(v, what, BUILD_CYCLONEDX, p, e);
}

/* One of the digests that the policy names, if it names any; NULL: the statement tells of no such input. */
static int wish_digest(const struct strv *wanted, const struct provenance_input *have,
		       const char *what, struct strv *found, struct err *e)
{
	char hex[SHA256_HEX] = "none";

	if (have)
		hex_encode(have->file.digest, SHA256_BYTES, hex);
	if (!wanted->n || (have && strv_contains(wanted, hex)))
		return 0;
	return strv_addf(found, "its %s is %s", what, hex) < 0 ? err_oom(e) : 0;
}

static bool any_of(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (strv_contains(b, a->v[i]))
			return true;
	return false;
}

static int wish_index_keys(const struct strv *wanted, const struct provenance *p,
			   struct strv *found, struct err *e)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_inputs; i++) {
		const struct provenance_input *in = &p->inputs[i];
		if (!str_has_prefix(in->file.name, INDEX_PREFIX))
			continue;
		n++;
		if (wanted->n && !any_of(&in->signers, wanted))
			r = strv_addf(found, "%s was signed by none of the keys", in->file.name);
	}
	if (r == 0 && wanted->n && !n)
		r = strv_add(found, "it tells of no index");
	return r < 0 ? err_oom(e) : 0;
}

/* What was asked for by --lock is the whole lock, not only the packages that are in the image. */
static int wish_lock(const struct verify *v, const struct provenance_input *have,
		     struct strv *found, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	uint8_t digest[SHA256_BYTES];

	if (!v->p->lock)
		return 0;
	lock_format(v->p->lock, &text);
	if (buf_failed(&text))
		return err_oom(e);
	sha256_bytes(text.data, text.len, digest);
	if (have && memcmp(have->file.digest, digest, sizeof(digest)) == 0)
		return 0;
	return strv_add(found, "it was built from another lock") < 0 ? err_oom(e) : 0;
}

/* What it was made of, against the policy. */
static int check_inputs(struct verify *v, const struct provenance *p, struct err *e)
{
	const struct policy_provenance *wanted = &v->p->policy->provenance;
	const struct provenance_input *lock = provenance_input(p, "lock");
	_cleanup_strv_ struct strv found = STRV_INIT;
	char good[128];
	int r = 0;

	if (wanted->builders.n && !policy_matches(&wanted->builders, p->builder))
		r = strv_addf(&found, "it was built by slipway %s", p->builder);
	if (r < 0)
		return err_oom(e);
	r = wish_digest(&wanted->recipes, provenance_input(p, "recipe"), "recipe", &found, e);
	if (r == 0)
		r = wish_digest(&wanted->locks, lock, "lock", &found, e);
	if (r == 0)
		r = wish_lock(v, lock, &found, e);
	if (r == 0)
		r = wish_index_keys(&wanted->index_keys, p, &found, e);
	snprintf(good, sizeof(good), "built by slipway %.32s of %zu inputs", p->builder,
		 p->n_inputs);
	return r < 0 ? r : verify_found(v, VERIFY_PROVENANCE, &found, good, e);
}

static int check_statement(struct verify *v, const struct verify_stated *what,
			   const struct provenance *p, struct err *e)
{
	int r = check_inputs(v, p, e);

	if (r < 0)
		return r;
	if (!what->disk)
		return check_files(v, what->dir, p, false, e);
	r = check_disk(v, p, what->disk, e);
	return r < 0 ? r : check_sboms(v, what, p, e);
}

static int read_statement(struct verify *v, const char *path, const struct source *src,
			  struct provenance **ret, struct err *e)
{
	struct statement s = { .src = src }, *const ctx = &s;
	X509 *signer;

	v->has_statement = true;
	verify_at(v, "%s", path_last(path));
	int r = verify_signer(v, VERIFY_PROVENANCE, open_signed, &ctx, &signer, e);
	*ret = s.provenance;
	if (r < 0 || !signer)
		return r;
	return (*ret)->our_form ? 0
				: verify_fail(v, VERIFY_PROVENANCE, e,
					      "its envelope is not as our writer writes it");
}

int verify_provenance(struct verify *v, const struct verify_stated *what, struct err *e)
{
	const char *named = v->p->provenance;
	_cleanup_free_ char *path = named ? strdup(named)
					  : str_printf("%s/%s%s", what->dir, what->stem,
						       build_output_suffix(BUILD_PROVENANCE));
	_cleanup_(provenance_free) struct provenance *p = NULL;
	_cleanup_source_ struct source src = SOURCE_INIT;

	if (!path)
		return err_oom(e);
	if (!named && !what->stem)
		return 0;
	int r = source_open(&src, path, e);
	if (r == -ENOENT && !named)
		return check_sboms(v, what, NULL, e);
	if (r < 0)
		return r;
	r = read_statement(v, path, &src, &p, e);
	return r == 0 && p ? check_statement(v, what, p, e) : r;
}

bool verify_is_statement(const char *path)
{
	return str_has_suffix(path, build_output_suffix(BUILD_PROVENANCE));
}

int verify_statement(struct verify *v, const char *path, struct err *e)
{
	_cleanup_free_ char *dir = path_dir(path);
	_cleanup_(provenance_free) struct provenance *p = NULL;
	_cleanup_source_ struct source src = SOURCE_INIT;

	int r = dir ? source_open(&src, path, e) : err_oom(e);
	if (r == 0)
		r = read_statement(v, path, &src, &p, e);
	if (r < 0 || !p)
		return r;
	v->has_root_hash = v->p->root_hash && states(p, v->p->root_hash, e) == 0;
	r = check_inputs(v, p, e);
	return r < 0 ? r : check_files(v, dir, p, true, e);
}

int verify_stated_at_all(struct verify *v, struct err *e)
{
	verify_at(v, "%s", "");
	if (!v->p->policy->provenance.required || v->has_statement)
		return 0;
	return verify_fail(v, VERIFY_PROVENANCE, e,
			   "the policy wants a statement, and none is beside the image: name it "
			   "with --provenance");
}
