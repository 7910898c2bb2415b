/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hash areas, and the partition with the root hash's signature. */
#include "builder/audit/compare.h"
#include "signing/root_hash.h"

static const struct field super_fields[] = {
	{ "version", 8, 4, FIELD_NUMBER, DIFF_FORMAT },
	{ "hash type", 12, 4, FIELD_NUMBER, DIFF_FORMAT },
	{ "UUID", 16, 16, FIELD_UUID, DIFF_DERIVED },
	{ "algorithm", 32, 32, FIELD_TEXT, DIFF_FORMAT },
	{ "data block size", 64, 4, FIELD_NUMBER, DIFF_FORMAT },
	{ "hash block size", 68, 4, FIELD_NUMBER, DIFF_FORMAT },
	{ "data blocks", 72, 8, FIELD_NUMBER, DIFF_SIZE },
	{ "salt size", 80, 2, FIELD_NUMBER, DIFF_FORMAT },
	{ "salt", 88, VERITY_SALT_MAX_BYTES, FIELD_BYTES, DIFF_DERIVED },
};

static const struct field_table super_table = { super_fields, ARRAY_SIZE(super_fields),
						VERITY_SUPERBLOCK_BYTES };

bool compare_is_verity(const struct source *s)
{
	uint8_t magic[8];
	struct err e;

	return s->size_bytes >= VERITY_SUPERBLOCK_BYTES &&
	       source_pread(s, 0, magic, sizeof(magic), &e) == 0 &&
	       memcmp(magic, "verity\0", sizeof(magic)) == 0;
}

void compare_learn_root(struct compare *c, int which, const struct source *area)
{
	struct err e;

	if (c->n_roots[which] < COMPARE_IMAGE_SLOTS &&
	    verity_area_root_hash(area, c->roots[which][c->n_roots[which]], &e) == 0)
		c->n_roots[which]++;
}

struct areas {
	const struct source *a, *b;
	bool other_salt;
	bool follows; /* data, salt or geometry are not the same, or not known to be */
};

/* The first hash block that differs. It is a consequence where the data or the salt is not the same. */
static int compare_tree(struct compare *c, const struct areas *areas, const struct verity_params *p,
			struct err *e)
{
	const struct source *a = areas->a, *b = areas->b;
	uint64_t at, end = verity_area_bytes(p);
	char field[96];

	int r = source_mismatch(a, b, p->hash_block_bytes, c->pool, &at, e);
	if (r < 0)
		return r;
	if (at >= end && areas->other_salt)
		r = compare_add(c,
				&(struct finding){ DIFF_DAMAGE,
						   "hash tree, though the salt differs", "the same",
						   "the same" },
				e);
	if (r < 0 || at == MISMATCH_NONE)
		return r;
	if (at >= end)
		return compare_slack(c, a, end, b, end, e);
	snprintf(field, sizeof(field), "hash tree, from block %llu on%s",
		 (unsigned long long)(at / p->hash_block_bytes),
		 areas->follows ? "" : ", though data and salt are equal");
	const struct finding f = { areas->follows ? DIFF_HASH_TREE : DIFF_DAMAGE, field, "one",
				   "another" };
	return compare_add(c, &f, e);
}

int compare_verity(struct compare *c, const struct source *a, const struct source *b, struct err *e)
{
	uint8_t sb[2][VERITY_SUPERBLOCK_BYTES];
	struct verity_params pa, pb;
	size_t before = diff_report_total(c->report);

	int r = source_pread(a, 0, sb[0], sizeof(sb[0]), e);
	if (r == 0)
		r = source_pread(b, 0, sb[1], sizeof(sb[1]), e);
	if (r == 0)
		r = compare_fields(c, &super_table, (const uint8_t *[]){ sb[0], sb[1] },
				   c->data_equal, e);
	if (r < 0)
		return r;
	bool same_super = diff_report_total(c->report) == before;
	r = verity_superblock_parse(sb[0], sizeof(sb[0]), &pa, e);
	if (r < 0)
		return compare_damaged(c, 0, r, e);
	r = verity_superblock_parse(sb[1], sizeof(sb[1]), &pb, e);
	if (r < 0)
		return compare_damaged(c, 1, r, e);
	bool other_salt =
		pa.salt_bytes != pb.salt_bytes || memcmp(pa.salt, pb.salt, pa.salt_bytes) != 0;
	const struct areas areas = { a, b, other_salt,
				     other_salt || !c->data_equal || !same_super };
	return compare_tree(c, &areas, &pa, e);
}

bool compare_is_verity_sig(const struct source *s)
{
	static const char start[] = "{\"rootHash\"";
	char text[sizeof(start) - 1];
	struct err e;

	return s->bytes && s->size_bytes > sizeof(text) &&
	       source_pread(s, 0, text, sizeof(text), &e) == 0 &&
	       memcmp(text, start, sizeof(text)) == 0;
}

static int compare_hashes(struct compare *c, const char *field, enum diff_kind kind,
			  const uint8_t *a, const uint8_t *b, struct err *e)
{
	char text_a[SHA256_HEX], text_b[SHA256_HEX];

	if (memcmp(a, b, SHA256_BYTES) == 0)
		return 0;
	hex_encode(a, SHA256_BYTES, text_a);
	hex_encode(b, SHA256_BYTES, text_b);
	return compare_add(c, &(struct finding){ kind, field, text_a, text_b }, e);
}

static int compare_sigs(struct compare *c, const struct verity_sig *a, const struct verity_sig *b,
			struct err *e)
{
	bool same_root = memcmp(a->root_hash, b->root_hash, SHA256_BYTES) == 0;
	bool roots = compare_is_root(c, 0, a->root_hash, SHA256_BYTES) &&
		     compare_is_root(c, 1, b->root_hash, SHA256_BYTES);
	struct source der_a, der_b;

	int r = compare_hashes(c, "rootHash", roots ? DIFF_ROOT_HASH : DIFF_CONTENT, a->root_hash,
			       b->root_hash, e);
	if (r == 0)
		r = compare_hashes(c, "certificateFingerprint", DIFF_KEY, a->fingerprint,
				   b->fingerprint, e);
	source_init_bytes(&der_a, a->der.data, a->der.len);
	source_init_bytes(&der_b, b->der.data, b->der.len);
	bool same_key = memcmp(a->fingerprint, b->fingerprint, SHA256_BYTES) == 0;
	if (r == 0)
		r = compare_signature(c, &der_a, &der_b, !same_root || !same_key, e);
	return r;
}

int compare_verity_sig(struct compare *c, const struct source *a, const struct source *b,
		       struct err *e)
{
	_cleanup_verity_sig_ struct verity_sig sa = VERITY_SIG_INIT, sb = VERITY_SIG_INIT;

	int r = verity_sig_parse(a->bytes, a->size_bytes, &sa, e);
	if (r < 0)
		return compare_damaged(c, 0, r, e);
	r = verity_sig_parse(b->bytes, b->size_bytes, &sb, e);
	if (r < 0)
		return compare_damaged(c, 1, r, e);
	return compare_sigs(c, &sa, &sb, e);
}
