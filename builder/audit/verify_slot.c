/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A slot: /usr, the hash tree over it, and the signature of its root hash. */
#include "base/mismatch.h"
#include "builder/audit/verify_internal.h"
#include "verity/geometry.h"

int verify_zero(struct verify *v, enum verify_id id, const struct source *s, uint64_t from,
		struct err *e)
{
	uint64_t at;

	/* A part by itself ends where its content does. */
	if (!v->image && s->size_bytes > from)
		return verify_fail(v, id, e, "%llu bytes, of which a build writes %llu",
				   (unsigned long long)s->size_bytes, (unsigned long long)from);
	int r = source_nonzero(s, MIN(from, s->size_bytes), v->p->pool, &at, e);
	if (r < 0)
		return verify_failed(v, id, r, e);
	/* Updates write over what was there, and nobody reads what they leave of it. */
	if (at != MISMATCH_NONE && v->has_root)
		return verify_state(v, id, e, "from byte %llu on, what an update has left",
				    (unsigned long long)at);
	if (at != MISMATCH_NONE)
		return verify_fail(v, id, e, "byte %llu is not zero", (unsigned long long)at);
	return verify_ok(v, id, e, "zeros from byte %llu to %llu", (unsigned long long)from,
			 (unsigned long long)s->size_bytes);
}

/* What our writer makes of the same numbers, with the block sizes and the salt that it always takes. */
static int superblock_form(const struct verity_params *p, const uint8_t *sb, struct err *e)
{
	uint8_t again[VERITY_SUPERBLOCK_BYTES];
	struct verity_params derived = *p;

	if (p->data_block_bytes != VERITY_BLOCK_BYTES || p->hash_block_bytes != VERITY_BLOCK_BYTES)
		return err_set(e, -EBADMSG, "blocks of %u and %u bytes, expected %u",
			       p->data_block_bytes, p->hash_block_bytes, VERITY_BLOCK_BYTES);
	if (p->salt_bytes != 64)
		return err_set(e, -EBADMSG, "a salt of %zu bytes, expected 64", p->salt_bytes);
	verity_derive_uuid(&derived);
	verity_superblock_put(&derived, again);
	return memcmp(again, sb, sizeof(again)) == 0
		       ? 0
		       : err_set(e, -EBADMSG, "it is not as our writer writes it");
}

static int check_superblock(struct verify *v, struct verify_slot *s, bool *ret_ok, struct err *e)
{
	uint8_t sb[VERITY_SUPERBLOCK_BYTES];
	uint64_t area = 0;

	*ret_ok = false;
	int r = source_pread(&s->hash, 0, sb, sizeof(sb), e);
	if (r == 0)
		r = verity_superblock_parse(sb, sizeof(sb), &s->verity, e);
	if (r == 0)
		r = superblock_form(&s->verity, sb, e);
	if (r == 0)
		area = verity_area_bytes(&s->verity);
	if (r == 0 && (area == 0 || area > s->hash.size_bytes ||
		       s->verity.data_blocks > s->data.size_bytes / VERITY_BLOCK_BYTES))
		r = err_set(e, -EBADMSG, "%llu data blocks do not fit the partitions",
			    (unsigned long long)s->verity.data_blocks);
	if (r < 0)
		return verify_failed(v, VERIFY_SLOT_SUPERBLOCK, r, e);
	*ret_ok = true;
	return verify_ok(v, VERIFY_SLOT_SUPERBLOCK, e, "%llu data blocks of 4096 bytes",
			 (unsigned long long)s->verity.data_blocks);
}

static int check_tree(struct verify *v, struct verify_slot *s, struct err *e)
{
	char hex[SHA256_HEX];

	int r = verity_verify(&s->data, &s->hash, s->root_hash, v->p->pool, e);
	if (r < 0)
		return verify_failed(v, VERIFY_SLOT_TREE, r, e);
	s->hashed = true;
	hex_encode(s->root_hash, SHA256_BYTES, hex);
	return verify_ok(v, VERIFY_SLOT_TREE, e, "root hash %s", hex);
}

/* What both find is one verdict; of a tree that only one of them takes, neither is to be believed. */
static int check_tree_again(struct verify *v, struct verify_slot *s, struct err *e)
{
	int r = verity_verify_second(&s->data, &s->hash, s->root_hash, v->p->pool, e);

	if (r < 0) {
		s->hashed = false;
		return verify_failed(v, VERIFY_SLOT_SECOND, r, e);
	}
	if (!s->hashed)
		return verify_fail(v, VERIFY_SLOT_SECOND, e, "libcryptsetup takes it");
	return verify_ok(v, VERIFY_SLOT_SECOND, e, "the same verdict");
}

static int is_signed(X509 *cert, const void *ctx, struct err *e)
{
	const struct verify_slot *s = ctx;

	return root_hash_verify(cert, s->root_hash, s->signature.data, s->signature.len, e);
}

/* The partition's content is determined by the certificate, the root hash and the signature. */
static int check_signature_form(struct verify *v, struct verify_slot *s, X509 *cert, struct err *e)
{
	_cleanup_buf_ struct buf again = BUF_INIT;
	struct source expected;
	uint64_t at;

	int r = verity_sig_build(cert, s->root_hash, s->signature.data, s->signature.len, &again,
				 e);
	if (r < 0)
		return r;
	source_init_bytes(&expected, again.data, again.len);
	r = source_mismatch(&s->sig, &expected, 0, v->p->pool, &at, e);
	if (r < 0)
		return verify_failed(v, VERIFY_SLOT_SIGNATURE_FORM, r, e);
	if (at < again.len)
		return verify_fail(v, VERIFY_SLOT_SIGNATURE_FORM, e, "byte %llu differs",
				   (unsigned long long)at);
	r = verify_ok(v, VERIFY_SLOT_SIGNATURE_FORM, e, "%zu bytes", again.len);
	return r < 0 ? r : verify_zero(v, VERIFY_SLOT_UNUSED, &s->sig, again.len, e);
}

static int check_signature(struct verify *v, struct verify_slot *s, struct err *e)
{
	struct verity_sig sig = VERITY_SIG_INIT;
	_cleanup_free_ uint8_t *data = NULL;
	size_t len = (size_t)MIN(s->sig.size_bytes, 64 * KiB);
	X509 *signer;

	data = malloc(len + 1);
	if (!data)
		return err_oom(e);
	int r = source_pread(&s->sig, 0, data, len, e);
	if (r == 0)
		r = verity_sig_parse(data, len, &sig, e);
	if (r < 0)
		return verify_failed(v, VERIFY_SLOT_SIGNATURE, r, e);
	s->signature = sig.der;
	r = verify_signer(v, VERIFY_SLOT_SIGNATURE, is_signed, s, &signer, e);
	return r < 0 || !signer ? r : check_signature_form(v, s, signer, e);
}

/* The root hash signs no byte behind the data and behind the tree. */
static int check_unused(struct verify *v, struct verify_slot *s, struct err *e)
{
	verify_at(v, "%s: usr", s->name);
	int r = verify_zero(v, VERIFY_SLOT_UNUSED, &s->data,
			    s->verity.data_blocks * VERITY_BLOCK_BYTES, e);
	verify_at(v, "%s: usr-verity", s->name);
	if (r == 0)
		r = verify_zero(v, VERIFY_SLOT_UNUSED, &s->hash, verity_area_bytes(&s->verity), e);
	verify_at(v, "%s: usr", s->name);
	return r;
}

int verify_slot(struct verify *v, struct verify_slot *s, struct err *e)
{
	bool ok;

	verify_at(v, "%s: usr-verity-sig", s->name);
	int r = check_signature(v, s, e);
	verify_at(v, "%s: usr-verity", s->name);
	if (r == 0)
		r = check_superblock(v, s, &ok, e);
	if (r < 0 || !ok)
		return r;
	verify_at(v, "%s: usr", s->name);
	r = check_tree(v, s, e);
	if (r == 0)
		r = check_tree_again(v, s, e);
	if (r == 0)
		r = check_unused(v, s, e);
	if (s->hashed && v->p->root_hash &&
	    memcmp(s->root_hash, v->p->root_hash, sizeof(s->root_hash)) == 0)
		v->has_root_hash = true;
	return r < 0 || !s->hashed ? r : verify_usr(v, s, e);
}

void verify_slot_done(struct verify_slot *s)
{
	fs_reader_free(s->usr);
	buf_done(&s->signature);
	free(s->os_release);
	free(s->image_id);
	free(s->version);
	package_list_done(&s->packages);
}
