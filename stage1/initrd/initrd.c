/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/initrd/initrd.h"

#include "stage1/finish/finish.h"
#include "stage1/initrd/build.h"

#define INIT "usr/lib/systemd/systemd"

static struct tree_meta own_meta(const struct initrd_build *b, uint32_t mode)
{
	return (struct tree_meta){ .mode = mode, .mtime = b->p->time, .origin = b->own };
}

/* What the overlay or a package has brought stays. */
static int put_text(struct initrd_build *b, const char *path, const char *text, struct err *e)
{
	struct tree_meta m = own_meta(b, 0644);

	if (tree_lookup(b->tree, path))
		return 0;
	return tree_add_file(b->tree, path, &m, blob_new_str(text), NULL, e);
}

static int put_link(struct initrd_build *b, const char *path, const char *target, struct err *e)
{
	struct tree_meta m = own_meta(b, 0777);

	if (tree_lookup(b->tree, path))
		return 0;
	return tree_add_symlink(b->tree, path, &m, target, NULL, e);
}

/* /bin and the others: as in the system, or as a merged system has them. */
static int add_merged_links(struct initrd_build *b, struct err *e)
{
	static const char *const names[] = { "bin", "sbin", "lib", "lib64" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++) {
		struct tree_node *there = tree_lookup(b->p->system, names[i]);
		if (tree_lookup(b->tree, names[i]))
			continue;
		_cleanup_free_ char *target = str_printf("usr/%s", names[i]);
		if (!target)
			return err_oom(e);
		if (there && tree_is_symlink(there))
			r = initrd_copy_node(b, there, e);
		else if (tree_lookup(b->p->system, target))
			r = put_link(b, names[i], target, e);
	}
	return r;
}

static int add_directories(struct initrd_build *b, struct err *e)
{
	static const struct {
		const char *path;
		uint32_t mode;
	} dirs[] = { { "dev", 0755 }, { "etc", 0755 },	   { "proc", 0555 },	{ "root", 0700 },
		     { "run", 0755 }, { "sys", 0555 },	   { "sysroot", 0755 }, { "tmp", 01777 },
		     { "var", 0755 }, { "var/tmp", 01777 } };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && r == 0; i++) {
		struct tree_meta m = own_meta(b, dirs[i].mode);
		if (!tree_lookup(b->tree, dirs[i].path))
			r = tree_add_dir(b->tree, dirs[i].path, &m, NULL, e);
	}
	return r;
}

/* A file that is needed whichever package or finisher it is from. */
static int copy_if_there(struct initrd_build *b, const char *path, struct err *e)
{
	struct tree_node *n = tree_resolve(b->p->system, path);

	return n && tree_is_file(n) ? initrd_copy_path(b, path, e) : 0;
}

/* By this file systemd knows that it is in an initrd. Spec: os-release(5) */
static int add_release(struct initrd_build *b, struct err *e)
{
	struct blob *os = tree_file_blob(b->p->system, "etc/os-release");
	struct tree_meta m = own_meta(b, 0644);
	int r = 0;

	if (!os)
		os = tree_file_blob(b->p->system, "usr/lib/os-release");
	if (!os)
		return err_set(e, -ENOENT,
			       "the system has no os-release: name its package, such as "
			       "base-files, in packages");
	if (!tree_lookup(b->tree, "etc/initrd-release"))
		r = tree_add_file(b->tree, "etc/initrd-release", &m, blob_ref(os), NULL, e);
	if (r == 0)
		r = put_link(b, "etc/os-release", "initrd-release", e);
	return r;
}

/*
 * The empty machine-id makes systemd take a passing one and not see a first boot, which would apply
 * presets. Accounts are the system's, without passwords: nobody logs in.
 */
static int add_etc(struct initrd_build *b, struct err *e)
{
	static const char *const copies[] = { "etc/passwd", "etc/group", "etc/ld.so.conf" };
	struct tree_node *child, *conf = tree_resolve(b->p->system, "etc/ld.so.conf.d");
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(copies) && r == 0; i++)
		r = copy_if_there(b, copies[i], e);
	for (size_t i = 0; r == 0 && conf && i < conf->n_children; i++) {
		child = conf->children[i];
		if (!tree_is_dir(child))
			r = initrd_copy_node(b, child, e);
	}
	if (r == 0)
		r = add_release(b, e);
	if (r == 0)
		r = put_text(b, "etc/machine-id", "", e);
	if (r == 0)
		r = put_text(b, "etc/nsswitch.conf",
			     "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n", e);
	return r;
}

static int add_modules_load(struct initrd_build *b, struct err *e)
{
	const struct strv *names = b->p->load_modules;
	struct buf text = BUF_INIT;

	if (!names || names->n == 0)
		return 0;
	for (size_t i = 0; i < names->n; i++)
		buf_printf(&text, "%s\n", names->v[i]);
	int r = buf_failed(&text)
			? err_oom(e)
			: put_text(b, "etc/modules-load.d/initrd.conf", buf_str(&text), e);
	buf_done(&text);
	return r;
}

static int add_modules(struct initrd_build *b, struct err *e)
{
	static const char *const lists[] = { "modules.order", "modules.builtin",
					     "modules.builtin.modinfo" };
	const char *version = b->p->kernel_version;
	int r = 0;

	if (!version)
		return 0;
	for (size_t i = 0; b->p->module_paths && i < b->p->module_paths->n && r == 0; i++) {
		r = initrd_copy_path(b, b->p->module_paths->v[i], e);
		if (r < 0)
			err_wrap(e, r, "kernel module");
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists) && r == 0; i++) {
		_cleanup_free_ char *path = str_printf("usr/lib/modules/%s/%s", version, lists[i]);
		r = path ? copy_if_there(b, path, e) : err_oom(e);
	}
	/* For what is in this tree: an entry for a module that is not would be worse than none. */
	const struct finish_params fp = {
		.tree = b->tree, .arch = b->p->arch, .time = b->p->time, .pool = b->p->pool
	};
	if (r == 0)
		r = finish_module_index(&fp, e);
	return r < 0 ? r : add_modules_load(b, e);
}

static int add_init(struct initrd_build *b, struct err *e)
{
	struct tree_node *init = tree_resolve(b->tree, INIT);

	if (!init || !tree_is_file(init))
		return err_set(e, -ENOENT,
			       "the initrd has no /" INIT ": name systemd among its packages");
	return put_link(b, "init", INIT, e);
}

static int fill(struct initrd_build *b, struct err *e)
{
	int r = add_merged_links(b, e);

	if (r == 0 && b->p->overlay)
		r = initrd_add_overlay(b, e);
	if (r == 0)
		r = initrd_add_files(b, e);
	if (r == 0)
		r = initrd_add_libraries(b, e);
	if (r == 0)
		r = add_directories(b, e);
	if (r == 0)
		r = add_etc(b, e);
	if (r == 0)
		r = add_init(b, e);
	if (r == 0)
		r = add_modules(b, e);
	struct tree_meta m = own_meta(b, 0644);
	return r < 0 ? r : linker_cache_update(b->tree, b->p->arch, &m, e);
}

static int list_unmatched(const struct initrd_build *b, struct err *e)
{
	const struct strv *remove = b->p->remove;

	for (size_t i = 0; b->p->unmatched && remove && i < remove->n; i++)
		if (tree_exclude_count(b->remove, i) == 0 &&
		    strv_add(b->p->unmatched, remove->v[i]) < 0)
			return err_oom(e);
	return 0;
}

int initrd_build_tree(const struct initrd_params *p, struct tree **ret, struct err *e)
{
	_cleanup_(tree_free) struct tree *t = tree_new();
	struct initrd_build b = { .p = p, .tree = t };

	b.own = t ? tree_add_origin(t, TREE_ORIGIN_FINISHER, "initrd", NULL) : NULL;
	if (!b.own)
		return err_oom(e);
	int r = tree_exclude_new(p->remove ? (const char *const *)p->remove->v : NULL,
				 p->remove ? p->remove->n : 0, &b.remove, e);
	if (r == 0)
		r = fill(&b, e);
	if (r == 0)
		r = list_unmatched(&b, e);
	tree_exclude_free(b.remove);
	free(b.files);
	free(b.links);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(t);
	return 0;
}
