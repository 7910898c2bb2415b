/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The initrd of a kernel: one archive, and what is in it. */
#include "base/path.h"
#include "builder/audit/verify_initrd.h"
#include "stage1/initrd/decompress.h"

#define INITRD_BYTES_MAX (1 * GiB)

struct initrd {
	struct verify *v;
	struct fs_reader *usr; /* NULL: there is none to compare with */
	struct strv bad, secrets;
	struct initrd_origins origins;
	size_t n;
};

static bool is_shell(const char *path, uint32_t mode)
{
	static const char *const shells[] = { "sh",  "bash", "dash",	"ash",
					      "ksh", "zsh",  "busybox", "toybox" };

	if (S_ISDIR(mode) || !strstr(path, "bin/"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		if (str_eq(path_last(path), shells[i]))
			return true;
	return false;
}

static int look_at(struct tree_node *n, void *ctx, struct err *e)
{
	const struct tree_inode *i = n->inode;
	struct initrd *in = ctx;
	_cleanup_free_ char *below = tree_path(n), *path = below ? str_printf("/%s", below) : NULL;
	struct span content = span_of("");
	int r = path ? 0 : -ENOMEM;

	if (tree_is_file(n))
		content = (struct span){ (const char *)i->blob->data, i->blob->len };
	else if (tree_is_symlink(n))
		content = span_of(i->target);
	in->n++;
	if (r == 0 && !in->v->p->policy->initrd_shells && is_shell(path, i->mode))
		r = strv_addf(&in->bad, "%s is a shell", path);
	if (r == 0 && (S_ISBLK(i->mode) || S_ISSOCK(i->mode) || (i->mode & (S_ISUID | S_ISGID))))
		r = strv_addf(&in->bad, "%s has the mode %o", path, i->mode);
	if (r < 0)
		return err_oom(e);
	r = verify_forbidden(in->v, path, &in->bad, e);
	const struct initrd_file file = { below, i->mode, (const uint8_t *)content.p, content.len };
	if (r == 0 && in->usr)
		r = verify_initrd_file(in->v->p->policy, in->usr, &file, &in->origins, e);
	return r < 0 ? r : verify_search_file(in->v, path, content, &in->secrets, e);
}

static int judge(struct initrd *in, struct err *e)
{
	struct verify *v = in->v;
	char good[64];

	snprintf(good, sizeof(good), "%zu files", in->n);
	int r = verify_found(v, VERIFY_UKI_INITRD, &in->bad, good, e);
	if (r == 0 && in->usr)
		r = verify_initrd_origins(v, &in->origins, e);
	return r < 0 ? r : verify_found(v, VERIFY_SECRETS, &in->secrets, "none in the initrd", e);
}

int verify_initrd(struct verify *v, struct fs_reader *usr, const uint8_t *data, size_t len,
		  struct err *e)
{
	_cleanup_(tree_free) struct tree *t = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct initrd in = { .v = v, .usr = usr, .bad = STRV_INIT, .secrets = STRV_INIT };

	int r = zstd_is_one_frame(data, len) ? zstd_decompress(data, len, INITRD_BYTES_MAX, &b, e)
					     : err_set(e, -EBADMSG, "it is not one frame of zstd");
	if (r == 0)
		r = verify_initrd_tree(&b, &t, e);
	if (r == 0)
		r = tree_walk(tree_root(t), look_at, &in, e);
	if (r < 0)
		r = verify_failed(v, VERIFY_UKI_INITRD, r, e);
	else
		r = judge(&in, e);
	strv_done(&in.bad);
	strv_done(&in.secrets);
	initrd_origins_done(&in.origins);
	return r;
}
