/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each kind on a small disk: what differs is what was meant and nothing else, the good disk stays as it
 * is, and those whose task it is to find it (verity, signatures) do.
 */
#include "qemu-tests/tamper/test/good_image.h"

#define UKI "EFI/Linux/node_1.efi"

static struct err e;

/* ---- what differs ------------------------------------------------------------------------- */

struct seen {
	const struct tamper *t;
	uint64_t bytes, bits, runs, first;
	char parts
		[256]; /* names of partitions, each once, in the order of the disk; "table": outside */
};

static const char *part_of(const struct tamper *t, uint64_t offset)
{
	for (size_t i = 0; i < t->image->n_partitions; i++) {
		const struct image_partition *p = &t->image->partitions[i];
		if (offset >= p->start_bytes && offset < p->start_bytes + p->src.size_bytes)
			return p->name;
	}
	return "table";
}

static unsigned int count_bits(const struct tamper *t, uint64_t offset)
{
	uint8_t a, b;

	ck_ok(source_pread(&gi_disk, offset, &a, 1, &e));
	ck_ok(source_pread(&t->disk.src, offset, &b, 1, &e));
	return (unsigned int)__builtin_popcount(a ^ b);
}

static int see(void *ctx, uint64_t offset, uint64_t len, struct err *err unused_)
{
	struct seen *s = ctx;
	const char *name = part_of(s->t, offset);

	ck_assert_str_eq(name, part_of(s->t, offset + len - 1));
	if (s->runs++ == 0)
		s->first = offset;
	s->bytes += len;
	for (uint64_t i = 0; i < len; i++)
		s->bits += count_bits(s->t, offset + i);
	if (!strstr(s->parts, name)) {
		strncat(s->parts, " ", sizeof(s->parts) - strlen(s->parts) - 1);
		strncat(s->parts, name, sizeof(s->parts) - strlen(s->parts) - 1);
	}
	return 0;
}

static struct seen differences(const struct tamper *t)
{
	struct seen s = { .t = t };

	ck_ok(overlay_differences(&t->disk, see, &s, &e));
	return s;
}

/* Where a kind may write, and how many bits it flips: 0, any number. */
static const struct {
	const char *kind, *parts;
	uint64_t bits;
} places[] = {
	{ "usr-data", " usr-a", 1 },
	{ "usr-data-late", " usr-a", 1 },
	{ "tree-level-0", " usr-verity-a", 1 },
	{ "tree-level-1", " usr-verity-a", 1 },
	{ "superblock-magic", " usr-verity-a", 1 },
	{ "superblock-salt", " usr-verity-a", 1 },
	{ "other-usr", " usr-a", 0 },
	{ "other-tree", " usr-verity-a", 0 },
	{ "other-build", " usr-a usr-verity-a", 0 },
	{ "twin-usr", " table usr-b", 0 },
	{ "sig-root-hash", " usr-verity-sig-a", 0 },
	{ "sig-other-key", " usr-verity-sig-a", 0 },
	{ "sig-none", " usr-verity-sig-a", 0 },
	{ "root-hash-other-key", " esp", 0 },
	{ "root-hash-unsigned", " esp", 0 },
	{ "uki-cmdline", " esp", 0 },
	{ "uki-unsigned", " esp", 0 },
	{ "entry-unsigned", " esp", 0 },
	{ "entry-cmdline", " esp", 0 },
	{ "uki-other-key", " esp", 0 },
	{ "uki-kernel", " esp", 0 },
	{ "uki-initrd", " esp", 0 },
	{ "initrd-stuck", " esp", 0 },
	{ "uki-truncated", " esp", 0 },
	{ "loader-other-key", " esp", 0 },
	{ "addon-unsigned", " esp", 0 },
	{ "addon-other-key", " esp", 0 },
	{ "esp-credential", " esp", 0 },
	{ "esp-credential-null", " esp", 0 },
	{ "uki-old", " esp", 0 },
	{ "uki-old-chosen", " esp", 0 },
	{ "smbios-cmdline", "", 0 },
	{ "smbios-credential", "", 0 },
};

START_TEST(only_what_is_meant_differs)
{
	uint8_t before[SHA256_BYTES], after[SHA256_BYTES];

	ck_ok(source_sha256(&gi_disk, before, &e));
	/* A tree of this size has two levels. */
	ck_assert_uint_eq(n_tamper_kinds, ARRAY_SIZE(places) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_(tamper_free) struct tamper *t = gi_altered(places[i].kind);
		struct seen s = differences(t);
		ck_assert_msg(str_eq(s.parts, places[i].parts), "%s differs in%s", places[i].kind,
			      s.parts);
		ck_assert_msg(!places[i].bits || s.bits == places[i].bits,
			      "%s differs in %llu bits", places[i].kind,
			      (unsigned long long)s.bits);
		ck_assert_msg(!*places[i].parts == !s.bytes, "%s differs in no byte",
			      places[i].kind);
		ck_assert_uint_gt(t->notes.n, 0);
	}
	ck_ok(source_sha256(&gi_disk, after, &e));
	ck_assert_mem_eq(before, after, sizeof(before));
}
END_TEST

START_TEST(same_seed_same_bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_(tamper_free) struct tamper *a = gi_altered(places[i].kind);
		_cleanup_(tamper_free) struct tamper *b = gi_altered(places[i].kind);
		uint8_t of_a[SHA256_BYTES], of_b[SHA256_BYTES];
		ck_ok(source_sha256(&a->disk.src, of_a, &e));
		ck_ok(source_sha256(&b->disk.src, of_b, &e));
		ck_assert_msg(memcmp(of_a, of_b, sizeof(of_a)) == 0, "%s differs from itself",
			      places[i].kind);
		ck_assert_uint_eq(a->notes.n, b->notes.n);
		for (size_t j = 0; j < a->notes.n; j++)
			ck_assert_str_eq(a->notes.v[j], b->notes.v[j]);
	}
}
END_TEST

START_TEST(seeds_choose_bits)
{
	uint64_t first = 0, others = 0;

	for (uint64_t seed = 0; seed < 16; seed++) {
		_cleanup_(tamper_free) struct tamper *t = NULL;
		gi_open(&gi_disk, seed, &t);
		ck_ok(tamper_apply(t, tamper_kind_find("usr-data"), &e));
		struct seen s = differences(t);
		others += seed && s.first != first;
		first = s.first;
	}
	ck_assert_uint_ge(others, 12);
}
END_TEST

START_TEST(an_unchanged_esp_stays)
{
	_cleanup_(tamper_free) struct tamper *t = NULL;
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;

	gi_open(&gi_disk, 0, &t);
	ck_ok(tamper_esp_open(t, &esp, &e));
	ck_ok(tamper_esp_save(t, &esp, &e));
	ck_assert_uint_eq(differences(t).bytes, 0);
}
END_TEST

START_TEST(kinds_may_be_put_together)
{
	_cleanup_(tamper_free) struct tamper *t = gi_altered("addon-unsigned");
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;

	ck_ok(tamper_apply(t, tamper_kind_find("esp-credential"), &e));
	ck_ok(tamper_apply(t, tamper_kind_find("sig-none"), &e));
	gi_esp_file(t, &esp, UKI ".extra.d/unsigned.addon.efi");
	ck_assert_ptr_nonnull(tree_file_blob(esp.tree, "loader/credentials/tmpfiles.extra.cred"));
	ck_assert_str_eq(differences(t).parts, " esp usr-verity-sig-a");
}
END_TEST

/* ---- /usr and its tree -------------------------------------------------------------------- */

static void good_root_hash(uint8_t ret[VERITY_ROOT_HASH_BYTES])
{
	_cleanup_(tamper_free) struct tamper *t = NULL;
	struct tamper_usr u;

	gi_open(&gi_disk, 0, &t);
	ck_ok(tamper_usr_open(t, &u, &e));
	ck_ok(verity_area_root_hash(&u.hash->src, ret, &e));
	ck_ok(verity_verify(&u.data->src, &u.hash->src, ret, NULL, &e));
}

static int verify(const struct tamper *t, const uint8_t root_hash[VERITY_ROOT_HASH_BYTES])
{
	const struct image_partition *data, *hash;

	ck_ok(tamper_partition(t, "usr-a", &data, &e));
	ck_ok(tamper_partition(t, "usr-verity-a", &hash, &e));
	return verity_verify(&data->src, &hash->src, root_hash, NULL, &e);
}

START_TEST(verity_finds_it)
{
	static const struct {
		const char *kind, *blames;
	} kinds[] = {
		{ "usr-data", "data block" },
		{ "usr-data-late", "data block" },
		{ "tree-level-0", "hash block" },
		{ "tree-level-1", "hash block 1" },
		{ "superblock-magic", "superblock" },
		{ "superblock-salt", "hash block 1" },
		{ "other-usr", "data block" },
		{ "other-tree", "hash" },
		{ "other-build", "hash" },
	};
	uint8_t root[VERITY_ROOT_HASH_BYTES];

	good_root_hash(root);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_(tamper_free) struct tamper *t = gi_altered(kinds[i].kind);
		int r = verify(t, root);
		ck_assert_msg(r == -EBADMSG && strstr(e.msg, kinds[i].blames), "%s: %d, %s",
			      kinds[i].kind, r, r < 0 ? e.msg : "");
	}
}
END_TEST

START_TEST(the_file_named_is_altered)
{
	static const char *const kinds[] = { "usr-data", "usr-data-late" };
	static const uint64_t blocks[] = { 0, 50000 / 2 / 4096 };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_(tamper_free) struct tamper *t = gi_altered(kinds[i]), *good = NULL;
		_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;
		struct tamper_usr u;
		gi_open(&gi_disk, 0, &good);
		ck_ok(tamper_usr_open(good, &u, &e));
		ck_ok(tamper_usr_read(&u, t->file, &a, &e));
		ck_ok(tamper_usr_open(t, &u, &e));
		ck_ok(tamper_usr_read(&u, t->file, &b, &e));
		ck_assert_uint_eq(a.len, b.len);
		for (size_t j = 0; j < a.len; j++)
			ck_assert(a.data[j] == b.data[j] || j / 4096 == blocks[i]);
		ck_assert_int_ne(memcmp(a.data, b.data, a.len), 0);
	}
}
END_TEST

/* A bit of a compressed cluster: it cannot be read any more, or as something else. */
START_TEST(compressed_files_are_found)
{
	static const char *const kinds[] = { "usr-data", "usr-data-late" };
	__attribute__((cleanup(source_done))) struct source disk = SOURCE_INIT;

	gi_make(&fs_writer_erofs, FS_LZ4HC, fx_path("erofs.raw"));
	ck_ok(source_open(&disk, fx_path("erofs.raw"), &e));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_(tamper_free) struct tamper *t = NULL, *good = NULL;
		_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;
		struct tamper_usr u;
		gi_open(&disk, 2, &t);
		gi_open(&disk, 2, &good);
		ck_ok(tamper_apply(t, tamper_kind_find(kinds[i]), &e));
		ck_ok(tamper_usr_open(good, &u, &e));
		ck_ok(tamper_usr_read(&u, t->file, &a, &e));
		ck_ok(tamper_usr_open(t, &u, &e));
		int r = tamper_usr_read(&u, t->file, &b, &e);
		ck_assert(r == -EINVAL || (r == 0 && memcmp(a.data, b.data, a.len) != 0));
	}
}
END_TEST

START_TEST(another_build_fits_itself)
{
	_cleanup_(tamper_free) struct tamper *t = gi_altered("other-build");
	uint8_t good[VERITY_ROOT_HASH_BYTES], root[VERITY_ROOT_HASH_BYTES];
	_cleanup_buf_ struct buf text = BUF_INIT;
	struct tamper_usr u;

	good_root_hash(good);
	ck_ok(tamper_usr_open(t, &u, &e));
	ck_ok(tamper_usr_read(&u, "lib/os-release", &text, &e));
	ck_assert_str_eq(buf_str(&text), "another build\n");
	/* So few blocks have no level but one. */
	ck_ok(verity_area_root_hash(&u.hash->src, root, &e));
	ck_ok(verify(t, root));
	ck_assert_int_ne(memcmp(good, root, sizeof(root)), 0);
}
END_TEST

START_TEST(a_tree_has_no_more_levels)
{
	_cleanup_(tamper_free) struct tamper *t = NULL;

	gi_open(&gi_disk, 0, &t);
	ck_fails(tamper_apply(t, tamper_kind_find("tree-level-2"), &e), -ENOTSUP,
		 "tree-level-2: the hash tree has 2 levels only");
}
END_TEST

START_TEST(twins_have_one_uuid_in_both_tables)
{
	_cleanup_(tamper_free) struct tamper *t = gi_altered("twin-usr");
	struct gpt_entry a, b, old;

	for (enum gpt_copy copy = GPT_PRIMARY; copy <= GPT_BACKUP; copy++) {
		struct gpt g, good;
		ck_ok(gpt_read(&t->disk.src, copy, &g, &e));
		ck_ok(gpt_read(&gi_disk, copy, &good, &e));
		ck_assert(g.header_crc_ok && g.entries_crc_ok);
		ck_assert(gpt_entry(&g, 1, &a) && gpt_entry(&g, 4, &b) &&
			  gpt_entry(&good, 4, &old));
		ck_assert_mem_eq(a.uuid, b.uuid, 16);
		ck_assert_int_ne(memcmp(old.uuid, b.uuid, 16), 0);
		memcpy(b.uuid, old.uuid, 16);
		ck_assert_mem_eq(&b, &old, sizeof(b));
		gpt_done(&g);
		gpt_done(&good);
	}
}
END_TEST

int main(void)
{
	const TTest *tests[] = { only_what_is_meant_differs,
				 same_seed_same_bytes,
				 seeds_choose_bits,
				 an_unchanged_esp_stays,
				 kinds_may_be_put_together,
				 verity_finds_it,
				 the_file_named_is_altered,
				 compressed_files_are_found,
				 another_build_fits_itself,
				 a_tree_has_no_more_levels,
				 twins_have_one_uuid_in_both_tables };

	return test_run_with("tamper", tests, ARRAY_SIZE(tests), gi_setup, gi_teardown);
}
