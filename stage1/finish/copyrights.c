/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Licences ask for their texts to go where the programs go. Where a recipe removes the packages'
 * copyright files, they are kept in one compressed archive, under the paths that they would have.
 */
#include "stage1/finish/copyrights.h"

#include "stage1/finish/finish.h"
#include "stage1/initrd/compress.h"
#include "stage1/package/tar_write.h"

#define NAME  "copyrights"
#define DOC   "usr/share/doc/"
#define PATH  "usr/share/licenses/copyright.tar.zst"
#define LEVEL 12 /* a twentieth larger than the best, in a tenth of its time */

static int add_doc(struct tree *docs, const char *path, const struct package_entry *n,
		   struct err *e)
{
	const struct tree_meta m = { .mode = 0755 };
	int r = 0;

	if (S_ISDIR(n->mode))
		r = tree_add_dir(docs, path, &m, NULL, e);
	else if (S_ISLNK(n->mode))
		r = tree_add_symlink(docs, path, &m, n->target, NULL, e);
	else if (S_ISREG(n->mode))
		r = tree_add_file(docs, path, &m, blob_ref(n->blob), NULL, e);
	/* The first package's stays; whether they fit together, the merge has seen to. */
	return r == -EEXIST || r == -ENOTDIR ? 0 : r;
}

static int add_docs(struct tree *docs, const struct package *k, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < k->n_entries; i++) {
		const struct package_entry *n = &k->entries[i];
		if (str_has_prefix(n->path, DOC))
			r = add_doc(docs, n->path, n->is_hard_link ? &k->entries[n->link_to] : n,
				    e);
	}
	return r;
}

int copyrights_collect(struct package *const *packages, size_t n, struct tree **ret, struct err *e)
{
	_cleanup_(tree_free) struct tree *docs = tree_new();
	int r = docs ? 0 : err_oom(e);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_docs(docs, packages[i], e);
	if (r == 0)
		*ret = TAKE_PTR(docs);
	return r;
}

static char *copyright_path(const struct package *k)
{
	return str_printf(DOC "%s/copyright", k->name);
}

const struct blob *copyrights_find(const struct tree *docs, const struct package *k)
{
	_cleanup_free_ char *path = copyright_path(k);

	return path ? tree_file_blob(docs, path) : NULL;
}

static int keep(const struct finish_params *p, const struct tree *docs, const struct package *k,
		struct buf *tar, struct err *e)
{
	_cleanup_free_ char *path = copyright_path(k);

	if (!path)
		return err_oom(e);
	if (tree_file_blob(p->tree, path))
		return 0;
	const struct blob *b = tree_file_blob(docs, path);
	if (b)
		return tar_put_file(tar, path, p->time, b->data, b->len, e);
	if (p->notices && strv_addf(p->notices,
				    "package %s %s has no copyright file: its licence is not told "
				    "in the image",
				    k->name, k->version) < 0)
		return err_oom(e);
	return 0;
}

static int put_compressed(const struct finish_params *p, const struct buf *tar, struct err *e)
{
	const struct compress_params cp = {
		.type = COMPRESS_ZSTD, .level = LEVEL, .size_bytes = tar->len, .n_threads = 1
	};
	_cleanup_(compress_free) struct compress *z = NULL;
	_cleanup_buf_ struct buf out = BUF_INIT;
	struct sink s;

	sink_init_buf(&s, &out);
	int r = compress_new(&cp, &s, &z, e);
	if (r == 0)
		r = sink_pwrite(compress_sink(z), 0, tar->data, tar->len, e);
	if (r == 0)
		r = compress_finish(z, NULL, e);
	if (r < 0)
		return r;
	return finish_put_blob(p, NAME, PATH, blob_new(out.data, out.len), e);
}

int finish_copyrights(const struct finish_params *p, struct err *e)
{
	_cleanup_(tree_free) struct tree *docs = NULL;
	_cleanup_buf_ struct buf tar = BUF_INIT;

	int r = copyrights_collect(p->packages, p->n_packages, &docs, e);
	for (size_t i = 0; r == 0 && i < p->n_packages; i++)
		r = keep(p, docs, p->packages[i], &tar, e);
	if (r < 0 || !tar.len)
		return r;
	tar_put_end(&tar);
	return buf_failed(&tar) ? err_oom(e) : put_compressed(p, &tar, e);
}
