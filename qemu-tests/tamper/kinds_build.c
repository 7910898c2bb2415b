/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of another build: good in themselves, and for another root hash. */
#include "qemu-tests/tamper/kinds.h"
#include "qemu-tests/tamper/parts.h"

/* A few files, in a filesystem of the same type. */
static int other_usr(const struct tamper_usr *u, struct buf *ret, struct err *e)
{
	static const char *const paths[] = { TAMPER_BOOT_FILE, "lib/os-release" };
	const struct fs_params p = { .label = "other", .sector_bytes = 512 };
	const struct tree_meta m = { .mode = 0755 };
	_cleanup_(tree_free) struct tree *tree = tree_new();
	_cleanup_(fs_plan_free) struct fs_plan *plan = NULL;
	const char *type = fs_reader_probe(&u->data->src);
	const struct fs_writer *w = type ? fs_writer_find(type) : NULL;
	struct sink s;
	int r = 0;

	if (!tree)
		return err_oom(e);
	if (!w)
		return err_set(e, -ENOTSUP, "the filesystem of /usr is none that can be written");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(paths); i++)
		r = tree_add_file(tree, paths[i], &m, blob_new_str("another build\n"), NULL, e);
	if (r == 0)
		r = w->plan(tree, &p, &plan, e);
	if (r < 0)
		return r;
	buf_append_zero(ret, (size_t)plan->bytes);
	if (buf_failed(ret))
		return err_oom(e);
	sink_init_buf(&s, ret);
	return w->write(plan, &s, e);
}

static int other_tree(const struct tamper_usr *u, const struct buf *usr, struct buf *ret,
		      struct err *e)
{
	struct verity_params p = u->params;
	uint8_t root_hash[VERITY_ROOT_HASH_BYTES];
	struct source data;
	struct sink s;

	p.data_blocks = usr->len / p.data_block_bytes;
	source_init_bytes(&data, usr->data, usr->len);
	sink_init_buf(&s, ret);
	return verity_build(&p, &data, &s, root_hash, e);
}

/* Both are good, and neither is for the other. */
static int alter_build(struct tamper *t, bool with_usr, bool with_tree, struct err *e)
{
	_cleanup_buf_ struct buf usr = BUF_INIT, tree = BUF_INIT;
	struct tamper_usr u;
	int r = tamper_usr_open(t, &u, e);

	if (r == 0)
		r = other_usr(&u, &usr, e);
	if (r == 0)
		r = other_tree(&u, &usr, &tree, e);
	if (r == 0 && with_usr)
		r = tamper_write(t, u.data, 0, usr.data, usr.len, e);
	if (r == 0 && with_tree)
		r = tamper_write(t, u.hash, 0, tree.data, tree.len, e);
	return r < 0 ? r
		     : tamper_note(t, e, "%s%s%s of another build",
				   with_usr ? u.data->name : u.hash->name,
				   with_usr && with_tree ? " and " : "",
				   with_usr && with_tree ? u.hash->name : "");
}

static int alter_usr_build(struct tamper *t, struct err *e)
{
	return alter_build(t, true, false, e);
}

static int alter_tree_build(struct tamper *t, struct err *e)
{
	return alter_build(t, false, true, e);
}

static int alter_both_build(struct tamper *t, struct err *e)
{
	return alter_build(t, true, true, e);
}

/* Whichever of the two is taken for /usr: only one is what the hash tree says. */
static int alter_twin(struct tamper *t, struct err *e)
{
	_cleanup_buf_ struct buf usr = BUF_INIT;
	const struct image_partition *twin;
	struct tamper_usr u;
	int r = tamper_usr_open(t, &u, e);

	if (r == 0)
		r = tamper_partition(t, "usr-b", &twin, e);
	if (r == 0)
		r = other_usr(&u, &usr, e);
	if (r == 0)
		r = tamper_write(t, twin, 0, usr.data, usr.len, e);
	if (r == 0)
		r = tamper_gpt_set_uuid(t, twin, u.data->entry.uuid, e);
	return r < 0 ? r
		     : tamper_note(t, e, "%s: the UUID of %s, and the /usr of another build",
				   twin->name, u.data->name);
}

const struct tamper_kind tamper_other_usr = {
	"other-usr", "the /usr of another build, with the hash tree of this one", alter_usr_build
};
const struct tamper_kind tamper_other_tree = {
	"other-tree", "the hash tree of another build, with the /usr of this one", alter_tree_build
};
const struct tamper_kind tamper_other_build = {
	"other-build", "/usr and hash tree of another build, that fit each other", alter_both_build
};
const struct tamper_kind tamper_twin_usr = {
	"twin-usr", "a second partition with the UUID of /usr, of another build", alter_twin
};
