/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /usr and its hash tree: what dm-verity must find. */
#include "qemu-tests/tamper/kinds.h"
#include "qemu-tests/tamper/parts.h"

/* Programs that no boot runs: the first that is there. */
static const char *const late_files[] = { "bin/less", "bin/curl", "bin/tac" };

static int set_file(struct tamper *t, const char *path, struct err *e)
{
	free(t->file);
	t->file = strdup(path);
	return t->file ? 0 : err_oom(e);
}

static int flip_data(struct tamper *t, const struct tamper_usr *u, const char *path, bool middle,
		     struct err *e)
{
	uint64_t block;
	uint32_t bytes = u->params.data_block_bytes;
	int r = tamper_usr_block(u, path, middle, &block, e);

	if (r == 0)
		r = set_file(t, path, e);
	if (r == 0)
		r = tamper_note(t, e, "usr-a: data block %llu holds content of /usr/%s",
				(unsigned long long)block, path);
	return r < 0 ? r : tamper_flip(t, u->data, block * bytes, bytes, e);
}

static int alter_data(struct tamper *t, struct err *e)
{
	struct tamper_usr u;
	int r = tamper_usr_open(t, &u, e);

	return r < 0 ? r : flip_data(t, &u, TAMPER_BOOT_FILE, false, e);
}

static int alter_data_late(struct tamper *t, struct err *e)
{
	struct tamper_usr u;
	uint64_t block;
	int r = tamper_usr_open(t, &u, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(late_files); i++) {
		r = tamper_usr_block(&u, late_files[i], true, &block, e);
		if (r == 0)
			return flip_data(t, &u, late_files[i], true, e);
		if (r != -ENOENT)
			return r;
	}
	return err_set(e, -ENOENT, "/usr has no program that boots do not run, such as %s",
		       late_files[0]);
}

/* The digest that stands for the boot file's first block, in a level of the tree. */
static int alter_level(struct tamper *t, unsigned int level, struct err *e)
{
	struct tamper_usr u;
	uint64_t block;
	int r = tamper_usr_open(t, &u, e);

	if (r == 0)
		r = tamper_usr_block(&u, TAMPER_BOOT_FILE, false, &block, e);
	if (r < 0)
		return r;
	if (level >= u.geometry.n_levels)
		return err_set(e, -ENOTSUP, "the hash tree has %u levels only",
			       u.geometry.n_levels);
	uint64_t per_block = u.params.hash_block_bytes / VERITY_ROOT_HASH_BYTES;
	for (unsigned int i = 0; i < level; i++)
		block /= per_block;
	uint64_t at = (u.geometry.level_first_block[level] + block / per_block) *
			      u.params.hash_block_bytes +
		      block % per_block * VERITY_ROOT_HASH_BYTES;
	r = tamper_note(t, e, "usr-verity-a: level %u of %u, the digest on the way to /usr/%s",
			level, u.geometry.n_levels, TAMPER_BOOT_FILE);
	return r < 0 ? r : tamper_flip(t, u.hash, at, VERITY_ROOT_HASH_BYTES, e);
}

static int alter_level_0(struct tamper *t, struct err *e)
{
	return alter_level(t, 0, e);
}

static int alter_level_1(struct tamper *t, struct err *e)
{
	return alter_level(t, 1, e);
}

static int alter_level_2(struct tamper *t, struct err *e)
{
	return alter_level(t, 2, e);
}

/* Offsets of the superblock, as verity/superblock.c has them. */
static int alter_magic(struct tamper *t, struct err *e)
{
	struct tamper_usr u;
	int r = tamper_usr_open(t, &u, e);

	return r < 0 ? r : tamper_flip(t, u.hash, 0, 6, e);
}

static int alter_salt(struct tamper *t, struct err *e)
{
	struct tamper_usr u;
	int r = tamper_usr_open(t, &u, e);

	if (r == 0 && u.params.salt_bytes == 0)
		r = err_set(e, -ENOTSUP, "the hash tree has no salt");
	return r < 0 ? r : tamper_flip(t, u.hash, 88, u.params.salt_bytes, e);
}

const struct tamper_kind tamper_usr_data = { "usr-data",
					     "a bit of a block of /usr that every boot reads",
					     alter_data };
const struct tamper_kind tamper_usr_data_late = { "usr-data-late",
						  "a bit of a block of /usr that no boot reads",
						  alter_data_late };
const struct tamper_kind tamper_tree_level_0 = { "tree-level-0",
						 "a bit of a data block's digest in the hash tree",
						 alter_level_0 };
const struct tamper_kind tamper_tree_level_1 = { "tree-level-1",
						 "a bit of the hash tree one level higher",
						 alter_level_1 };
const struct tamper_kind tamper_tree_level_2 = { "tree-level-2",
						 "a bit of the hash tree two levels higher",
						 alter_level_2 };
const struct tamper_kind tamper_superblock_magic = {
	"superblock-magic", "a bit of the name of the format in the verity superblock", alter_magic
};
const struct tamper_kind tamper_superblock_salt = { "superblock-salt",
						    "a bit of the salt in the verity superblock",
						    alter_salt };
