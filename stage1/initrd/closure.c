/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Libraries: those that ELF files name, as the dynamic linker finds them, and those of theirs. */
#include <elf.h>

#include "stage1/initrd/build.h"

struct closure {
	struct initrd_build *b;
	struct linker_dirs dirs;
	struct strv done;    /* "<bits>/<name>" found in the linker's own directories */
	struct strv present; /* "<bits>/<soname>" of all that is in */
	struct strv missing; /* "<bits>/<name>" and who needs it, in turn */
};

/* One file that asks for libraries. */
struct asker {
	const struct elf *elf;
	const char *path;
};

static bool same_machine(const struct elf *a, const struct elf *b)
{
	return a->machine == b->machine && a->bits == b->bits;
}

/* Is there a library at this path that the asker could load? */
static bool is_library_for(const struct closure *c, const struct asker *a, const char *path)
{
	struct tree_node *n = tree_resolve(c->b->p->system, path);
	_cleanup_(elf_free) struct elf *elf = NULL;
	struct err e;

	return n && tree_is_file(n) &&
	       elf_read(n->inode->blob->data, n->inode->blob->len, &elf, &e) == 0 &&
	       elf->type == ET_DYN && same_machine(elf, a->elf);
}

/* $ORIGIN and $LIB at the start of or inside a search path; NULL when out of memory. */
static char *expand(const struct closure *c, const struct asker *a, const char *dir)
{
	_cleanup_free_ char *lib = str_printf("lib/%s", linker_multiarch(c->b->p->arch));
	const char *slash = strrchr(a->path, '/');
	_cleanup_free_ char *origin =
		str_printf("/%.*s", slash ? (int)(slash - a->path) : 0, a->path);
	struct buf out = BUF_INIT;

	if (!lib || !origin)
		return NULL;
	while (*dir) {
		if (str_has_prefix(dir, "$ORIGIN") || str_has_prefix(dir, "${ORIGIN}")) {
			buf_append_str(&out, origin);
			dir += dir[1] == '{' ? 9 : 7;
		} else if (str_has_prefix(dir, "$LIB") || str_has_prefix(dir, "${LIB}")) {
			buf_append_str(&out, lib);
			dir += dir[1] == '{' ? 6 : 4;
		} else {
			buf_append(&out, dir++, 1);
		}
	}
	return buf_take_str(&out);
}

/* Looks in a list of directories; *ret_path is NULL if it is in none of them. */
static int find_in(const struct closure *c, const struct asker *a, const struct strv *list,
		   const char *name, char **ret_path, struct err *e)
{
	for (size_t i = 0; i < list->n; i++) {
		_cleanup_free_ char *dir = expand(c, a, list->v[i]);
		_cleanup_free_ char *path = dir ? str_printf("%s/%s", dir, name) : NULL;
		if (!path)
			return err_oom(e);
		if (is_library_for(c, a, path)) {
			*ret_path = TAKE_PTR(path);
			break;
		}
	}
	return 0;
}

static int find_in_linker_dirs(const struct closure *c, const struct asker *a, const char *name,
			       char **ret_path, struct err *e)
{
	for (size_t i = 0; i < c->dirs.n; i++) {
		if (c->dirs.dirs[i].hwcaps)
			continue;
		_cleanup_free_ char *path = str_printf("%s/%s", c->dirs.dirs[i].path, name);
		if (!path)
			return err_oom(e);
		if (is_library_for(c, a, path)) {
			*ret_path = TAKE_PTR(path);
			break;
		}
	}
	return 0;
}

/* Where the dynamic linker would find it: *ret_path is NULL if nowhere. Spec: ld.so(8) */
static int find_library(struct closure *c, const struct asker *a, const char *name, char **ret_path,
			struct err *e)
{
	const struct strv *own = a->elf->runpath.n ? &a->elf->runpath : &a->elf->rpath;

	*ret_path = NULL;
	if (strchr(name, '/')) {
		if (!is_library_for(c, a, name))
			return 0;
		*ret_path = strdup(name);
		return *ret_path ? 0 : err_oom(e);
	}
	int r = find_in(c, a, own, name, ret_path, e);
	return r < 0 || *ret_path ? r : find_in_linker_dirs(c, a, name, ret_path, e);
}

/* Is the file that a path leads to kept out by the recipe? */
static bool path_removed(const struct initrd_build *b, const char *path)
{
	struct tree_node *n = tree_resolve(b->p->system, path);
	_cleanup_free_ char *real = n ? tree_path(n) : NULL;

	return tree_exclude_test(b->remove, path) || (real && tree_exclude_test(b->remove, real));
}

static int add_needed(struct closure *c, const struct asker *a, const char *name, struct err *e)
{
	_cleanup_free_ char *path = NULL, *key = str_printf("%u/%s", a->elf->bits, name);
	bool own_dirs = a->elf->runpath.n || a->elf->rpath.n;

	if (!key)
		return err_oom(e);
	if (!own_dirs && strv_contains(&c->done, key))
		return 0;
	int r = find_library(c, a, name, &path, e);
	if (r < 0)
		return r;
	if (!path) /* perhaps its user has loaded it already */
		return strv_take(&c->missing, TAKE_PTR(key)) < 0 ||
				       strv_add(&c->missing, a->path) < 0
			       ? err_oom(e)
			       : 0;
	if (path_removed(c->b, path))
		return err_set(e, -EINVAL,
			       "%s needs %s, which the initrd's \"remove\" takes away: remove "
			       "both or none",
			       a->path, path);
	r = initrd_copy_path(c->b, path, e);
	if (r == 0 && !own_dirs && strv_take(&c->done, TAKE_PTR(key)) < 0)
		r = err_oom(e);
	return r;
}

/* The first of several names that the system has; none is no error. */
static int add_optional(struct closure *c, const struct asker *a, const char *const *names,
			size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *path = NULL;
		int r = find_library(c, a, names[i], &path, e);
		if (r < 0)
			return r;
		if (path)
			return path_removed(c->b, path) ? 0 : initrd_copy_path(c->b, path, e);
	}
	return 0;
}

static int add_dlopened(struct closure *c, struct elf *elf, const struct asker *a,
			const struct blob *blob, struct err *e)
{
	/* glibc loads it when a thread is cancelled, and aborts if it cannot; it has no note. */
	static const char *const unwinder[] = { "libgcc_s.so.1" };
	int r = elf_read_dlopen(elf, blob->data, blob->len, e);

	if (r == 0 && elf->soname && str_eq(elf->soname, "libc.so.6"))
		r = add_optional(c, a, unwinder, 1, e);
	for (size_t i = 0; i < elf->n_dlopens && r == 0; i++) {
		const struct elf_dlopen *d = &elf->dlopens[i];
		if (d->priority != ELF_SUGGESTED)
			r = add_optional(c, a, (const char *const *)d->sonames.v, d->sonames.n, e);
	}
	return r;
}

static int add_for_file(struct closure *c, const struct tree_node *n, const char *path,
			struct err *e)
{
	const struct blob *blob = n->inode->blob;
	_cleanup_(elf_free) struct elf *elf = NULL;

	if (!elf_is(blob->data, blob->len))
		return 0;
	int r = elf_read(blob->data, blob->len, &elf, e);
	if (r == -ENOTSUP)
		return 0; /* for another machine */
	if (r < 0)
		return r;
	if ((elf->type != ET_DYN && elf->type != ET_EXEC) || !linker_flags(elf, c->b->p->arch))
		return 0;
	struct asker a = { .elf = elf, .path = path };
	if (elf->soname && strv_addf(&c->present, "%u/%s", elf->bits, elf->soname) < 0)
		return err_oom(e);
	if (elf->interpreter)
		r = initrd_copy_path(c->b, elf->interpreter, e);
	for (size_t i = 0; i < elf->needed.n && r == 0; i++)
		r = add_needed(c, &a, elf->needed.v[i], e);
	return r < 0 ? r : add_dlopened(c, elf, &a, blob, e);
}

/*
 * What was in no directory must come with a program that finds it by a path of its own, as systemd's
 * libraries find each other.
 */
static int check_missing(const struct closure *c, struct err *e)
{
	for (size_t i = 0; i < c->missing.n; i += 2)
		if (!strv_contains(&c->present, c->missing.v[i]))
			return err_set(
				e, -ENOENT,
				"%s needs %s, which is not in the system: add its package, or "
				"keep the former out with the initrd's \"remove\"",
				c->missing.v[i + 1], strchr(c->missing.v[i], '/') + 1);
	return 0;
}

int initrd_add_libraries(struct initrd_build *b, struct err *e)
{
	struct closure c = { .b = b, .done = STRV_INIT };

	int r = linker_dirs_read(b->p->system, b->p->arch, &c.dirs, e);
	if (r < 0)
		return r;
	/* The list grows while it is worked through. */
	for (size_t i = 0; i < b->n_files && r == 0; i++) {
		_cleanup_free_ char *path = tree_path(b->files[i]);
		r = path ? pool_check(b->p->pool, e) : err_oom(e);
		if (r == 0)
			r = add_for_file(&c, b->files[i], path, e);
		if (r < 0 && r != -ENOMEM && r != -ECANCELED && !str_has_prefix(e->msg, path))
			err_wrap(e, r, "%s", path);
		if (r == -EBADMSG)
			tree_blame(b->files[i], r, e);
	}
	if (r == 0)
		r = check_missing(&c, e);
	linker_dirs_done(&c.dirs);
	strv_done(&c.done);
	strv_done(&c.present);
	strv_done(&c.missing);
	return r;
}
