/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Index, sums and signature: what says which files count. */
#include "builder/publish/job.h"

#define DAY_CHARS 10 /* of "2026-12-31T00:00:00Z" */

static void add_sum(struct buf *b, const uint8_t sha256[SHA256_BYTES], const char *name)
{
	char hex[SHA256_HEX];

	hex_encode(sha256, SHA256_BYTES, hex);
	buf_printf(b, "%s  %s\n", hex, name);
}

/* An empty file, whose name is what systemd-sysupdate reads from version 258 on. */
static int add_best_before(struct publish_channel *c, const struct publish_index *i,
			   struct buf *sums, struct err *e)
{
	const struct buf empty = BUF_INIT;
	char name[sizeof(PUBLISH_BEST_BEFORE) + DAY_CHARS];
	uint8_t sha256[SHA256_BYTES];

	if (!i->best_before)
		return 0;
	snprintf(name, sizeof(name), PUBLISH_BEST_BEFORE "%.*s", DAY_CHARS, i->best_before);
	sha256_bytes(NULL, 0, sha256);
	add_sum(sums, sha256, name);
	return publish_channel_write(c, name, &empty, e);
}

static int write_sums(struct publish_channel *c, const struct publish_index *i, struct err *e)
{
	_cleanup_buf_ struct buf index = BUF_INIT, sums = BUF_INIT;
	uint8_t sha256[SHA256_BYTES];

	int r = publish_index_format(i, &index, e);
	if (r == 0)
		r = publish_channel_write(c, PUBLISH_INDEX_NAME, &index, e);
	for (size_t k = 0; r == 0 && k < i->n_versions; k++)
		for (size_t n = 0; n < PUBLISH_N_KINDS; n++)
			if (i->versions[k].files[n].name)
				add_sum(&sums, i->versions[k].files[n].sha256,
					i->versions[k].files[n].name);
	if (r == 0)
		r = add_best_before(c, i, &sums, e);
	sha256_bytes(index.data, index.len, sha256);
	add_sum(&sums, sha256, PUBLISH_INDEX_NAME);
	if (r == 0 && buf_failed(&sums))
		r = err_oom(e);
	return r < 0 ? r : publish_channel_write(c, PUBLISH_SUMS_NAME, &sums, e);
}

/* @ret_key: whose signature it is */
static int sign_sums(const struct publish_job *j, struct publish_channel *c, char **ret_key,
		     struct err *e)
{
	_cleanup_free_ char *sums = publish_channel_path(c, PUBLISH_SUMS_NAME),
			    *signature = publish_channel_path(c, PUBLISH_SIGNATURE_NAME);
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (!sums || !signature)
		return err_oom(e);
	int r = publish_sign(&j->p->signer, sums, &b, e);
	if (r == 0)
		r = publish_channel_write(c, PUBLISH_SIGNATURE_NAME, &b, e);
	return r < 0 ? r : publish_verify(j->accepted, sums, signature, ret_key, e);
}

/* The signed index names the key, which the signature tells: a new key signs twice. */
int publish_write_head(const struct publish_job *j, struct publish_channel *c,
		       struct publish_index *i, struct err *e)
{
	for (int n = 0; n < 2; n++) {
		_cleanup_free_ char *key = NULL;
		int r = write_sums(c, i, e);
		if (r == 0)
			r = sign_sums(j, c, &key, e);
		if (r < 0 || str_eq(key, i->signing_key))
			return r;
		free(i->signing_key);
		i->signing_key = TAKE_PTR(key);
	}
	return err_set(e, -EKEYREJECTED,
		       "one file, signed twice, has signatures of two keys: sign with one");
}
