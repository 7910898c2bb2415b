/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/stages/kernel.h"

#include "stage1/finish/kmod/modules.h"

/* What a filesystem makes use of. */
enum {
	IS_EROFS = 1 << 0,
	IS_EXT4 = 1 << 1,
	IS_PACKED = 1 << 2,
	HAS_ZSTD = 1 << 3,
	HAS_XATTRS = 1 << 4, /* of any name */
	HAS_SECURITY = 1 << 5,
	HAS_ACLS = 1 << 6,
};

/* In the order of Kconfig: what an option needs comes before it. */
static const struct {
	int uses;	     /* all of these together ask for it */
	const char *option;  /* CONFIG_… */
	const char *module;  /* what may be outside of the kernel; NULL: nothing by itself */
	const char *what;    /* is not read without it */
	const char *instead; /* to be written under filesystem: */
} needs[] = {
	{ IS_EROFS, "EROFS_FS", "erofs", "erofs", "{type: ext4}" },
	{ IS_EROFS | HAS_XATTRS, "EROFS_FS_XATTR", NULL, "files' attributes in erofs",
	  "{type: ext4}" },
	{ IS_EROFS | HAS_ACLS, "EROFS_FS_POSIX_ACL", NULL, "ACLs in erofs", "{type: ext4}" },
	{ IS_EROFS | HAS_SECURITY, "EROFS_FS_SECURITY", NULL, "files' capabilities in erofs",
	  "{type: ext4}" },
	{ IS_PACKED, "EROFS_FS_ZIP", NULL, "compressed erofs", "{type: erofs, compression: none}" },
	{ HAS_ZSTD, "EROFS_FS_ZIP_ZSTD", NULL, "zstd in erofs, which takes Linux 6.10 or later",
	  "{type: erofs, compression: lz4hc}" },
	{ IS_EXT4, "EXT4_FS", "ext4", "ext4", "{type: erofs}" },
	{ IS_EXT4 | HAS_SECURITY, "EXT4_FS_SECURITY", NULL, "files' capabilities in ext4",
	  "{type: erofs}" },
};

static int look_at_xattrs(struct tree_node *n, void *ctx, struct err *e unused_)
{
	int *uses = ctx;

	for (size_t i = 0; i < n->inode->n_xattrs; i++) {
		const char *name = n->inode->xattrs[i].name;
		*uses |= HAS_XATTRS;
		if (str_has_prefix(name, "security."))
			*uses |= HAS_SECURITY;
		else if (str_has_prefix(name, "system.posix_acl_"))
			*uses |= HAS_ACLS;
	}
	return 0;
}

static int find_uses(const struct build *b, int *ret, struct err *e)
{
	const struct recipe_filesystem *f = &b->p.recipe->filesystem;

	*ret = str_eq(f->type, "erofs") ? IS_EROFS : IS_EXT4;
	if (f->compression != FS_PLAIN)
		*ret |= IS_PACKED;
	if (f->compression == FS_ZSTD)
		*ret |= HAS_ZSTD;
	return tree_walk(tree_root(b->tree), look_at_xattrs, ret, e);
}

/* Return: 'y' in the kernel, 'm' a module, 'n' not there */
static char option(const struct blob *config, const char *name)
{
	const char *at = (const char *)config->data, *eol;
	const char *end = config->len ? at + config->len : at; /* nothing may be at NULL */
	char want[64];
	size_t len = (size_t)snprintf(want, sizeof(want), "CONFIG_%s=", name);

	for (; at < end; at = eol + 1) {
		eol = memchr(at, '\n', (size_t)(end - at));
		if (!eol)
			eol = end;
		if ((size_t)(eol - at) == len + 1 && memcmp(at, want, len) == 0)
			return *(eol - 1) == 'y' || *(eol - 1) == 'm' ? *(eol - 1) : 'n';
	}
	return 'n';
}

/* As modprobe in the initrd would find it. */
static int check_module(const struct build *b, const char *name, const char *option_name,
			struct err *e)
{
	_cleanup_(module_index_free) struct module_index *index = NULL;
	_cleanup_strv_ struct strv names = STRV_INIT, paths = STRV_INIT;

	if (strv_add(&names, name) < 0)
		return err_oom(e);
	int r = module_index_read(b->initrd, b->kernel_version, b->p.pool, &index, e);
	if (r == 0)
		r = module_index_closure(index, &names, &paths, e);
	if (r == -ENOENT)
		return err_set(e, -EINVAL,
			       "initrd: kernel %s has %s as a module (CONFIG_%s=m), which is not "
			       "in the initrd: add %s to modules",
			       b->kernel_version, name, option_name, name);
	return r;
}

static int check_need(const struct build *b, const struct tree_node *config, size_t i,
		      struct err *e)
{
	const struct tree_origin *from = config->inode->origin;
	char have = option(config->inode->blob, needs[i].option);

	if (have == 'm' && needs[i].module)
		return check_module(b, needs[i].module, needs[i].option, e);
	if (have != 'n')
		return 0;
	return err_set(
		e, -EINVAL,
		"filesystem: kernel %s (of %s%s%s) lacks CONFIG_%s, without which it does not "
		"read %s: write filesystem: %s, or take another kernel",
		b->kernel_version, from->name ? from->name : "the recipe", from->version ? " " : "",
		from->version ? from->version : "", needs[i].option, needs[i].what,
		needs[i].instead);
}

static int check(const struct build *b, struct err *e)
{
	_cleanup_free_ char *path = str_printf("lib/modules/%s/config", b->kernel_version);
	int uses;

	if (!path)
		return err_oom(e);
	const struct tree_node *config = tree_lookup(b->tree, path);
	if (!config || !tree_is_file(config))
		return err_set(e, -ENOENT,
			       "filesystem: kernel %s has no configuration to say whether it reads "
			       "%s: put it into the overlay as usr/%s",
			       b->kernel_version, b->p.recipe->filesystem.type, path);
	int r = find_uses(b, &uses, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(needs); i++)
		if ((uses & needs[i].uses) == needs[i].uses)
			r = check_need(b, config, i, e);
	return r;
}

int kernel_check(const struct build *b, struct err *e)
{
	int r = check(b, e);

	return r < 0 ? err_wrap(e, r, "%s", b->p.recipe->path) : 0;
}
