/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/linker_cache.h"

#include <elf.h>

#include "stage1/finish/finish.h"
#include "stage1/finish/linker_cache_file.h"

#define CACHE_PATH "etc/ld.so.cache"

/* One library of a directory: of several files with one soname the newest. */
struct library {
	char *name, *soname;
	uint32_t flags;
	unsigned int isa_level;
	bool is_link; /* a symlink that bears its library's name */
};

struct libraries {
	struct library *v;
	size_t n;
};

struct cache {
	struct tree *tree;
	const char *arch;
	const struct tree_meta *meta;
	struct linker_entry *entries;
	size_t n_entries;
	struct strv strings; /* what the entries point to */
	char *generator;     /* NULL until a libc is found */
};

static void libraries_done(struct libraries *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].soname);
	}
	free(l->v);
}

/* Does it look like a library or the dynamic linker? */
static bool is_library_name(const char *s)
{
	return ((str_has_prefix(s, "lib") || str_has_prefix(s, "ld-")) && strstr(s, ".so")) ||
	       str_has_prefix(s, "ld.so.") || str_has_prefix(s, "ld64.so.");
}

/* What rpm, dpkg and prelink leave lying about when they are killed. */
static bool is_temporary_name(const char *s)
{
	static const char *const ends[] = { ".#prelink#", ".dpkg-new", ".dpkg-tmp" };
	size_t len = strlen(s);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (str_has_suffix(s, ends[i]))
			return true;
	return strchr(s, ';') || (len >= 17 && memcmp(s + len - 17, ".#prelink#.", 11) == 0);
}

/* A symlink counts as one if it is named like the soname, or is the linker's libx.so of it. */
static bool stays_link(const char *name, const char *soname)
{
	return str_eq(name, soname) ||
	       (str_has_suffix(name, ".so") && str_has_prefix(soname, name));
}

static unsigned int isa_level(const struct elf *elf, const char *arch)
{
	if (!str_eq(arch, "x86-64") || elf->x86_isa_needed == 0)
		return 0;
	return 31 - (unsigned int)__builtin_clz(elf->x86_isa_needed);
}

/* Puts a library into the list, which takes its strings; of two the better one stays. */
static int add_library(struct libraries *l, struct library *lib, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		struct library *old = &l->v[i];
		if (!str_eq(old->soname, lib->soname))
			continue;
		if ((!lib->is_link && old->is_link) ||
		    (lib->is_link == old->is_link &&
		     linker_version_compare(old->name, lib->name) < 0)) {
			free(old->name);
			old->name = TAKE_PTR(lib->name);
			old->is_link = lib->is_link;
			old->isa_level = lib->isa_level;
		}
		return 0;
	}
	struct library *p = reallocarray(l->v, l->n + 1, sizeof(*p));
	if (!p)
		return err_oom(e);
	l->v = p;
	p[l->n++] = *lib;
	lib->name = lib->soname = NULL;
	return 0;
}

/* Reads the file behind a name; one that is no library for this machine is passed over. */
static int read_library(struct cache *c, struct tree_node *n, struct tree_node *file,
			struct libraries *l, struct err *e)
{
	const struct blob *b = file->inode->blob;
	_cleanup_(elf_free) struct elf *elf = NULL;

	int r = elf_read(b->data, b->len, &elf, e);
	if (r == -ENOEXEC || r == -ENOTSUP)
		return 0; /* a linker script, as libc.so may be */
	if (r < 0)
		return r;
	uint32_t flags = linker_flags(elf, c->arch);
	if (elf->type != ET_DYN || !elf->dynamic || !flags)
		return 0;
	const char *soname = elf->soname ? elf->soname : n->name;
	bool is_link = tree_is_symlink(n) && stays_link(n->name, soname);
	struct library lib = { .name = strdup(n->name),
			       .soname = strdup(is_link ? n->name : soname),
			       .flags = flags,
			       .isa_level = isa_level(elf, c->arch),
			       .is_link = is_link };
	r = lib.name && lib.soname ? add_library(l, &lib, e) : err_oom(e);
	free(lib.name);
	free(lib.soname);
	return r;
}

/* The libraries of a directory, and the symlinks in it that lead nowhere. */
static int scan(struct cache *c, const struct linker_dir *d, struct libraries *l,
		struct strv *stale, struct err *e)
{
	struct tree_node *child;

	tree_for_each_child (d->node, child) {
		bool link = tree_is_symlink(child);
		if (!(tree_is_file(child) || link) || is_temporary_name(child->name))
			continue;
		if (!is_library_name(child->name) && !(link && d->hwcaps))
			continue;
		_cleanup_free_ char *path = tree_path(child);
		if (!path)
			return err_oom(e);
		struct tree_node *file = tree_resolve(c->tree, path);
		int r = 0;
		if (file && tree_is_file(file))
			r = read_library(c, child, file, l, e);
		else if (!file && strstr(child->name, ".so."))
			r = strv_add(stale, path) < 0 ? err_oom(e) : 0;
		if (r < 0)
			err_wrap(e, r, "%s", path);
		if (r < 0)
			return r == -EBADMSG ? tree_blame(file, r, e) : r;
	}
	return 0;
}

static void remove_stale(struct tree *t, const struct strv *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		tree_remove(t, tree_lookup(t, paths->v[i]));
}

/* Dynamic linkers, whose links Debian's ldconfig leaves alone. */
static bool is_dynamic_linker(const char *soname)
{
	static const char *const names[] = { "ld-linux-aarch64.so.1",
					     "ld-linux-armhf.so.3",
					     "ld-linux-x86-64.so.2",
					     "ld-linux.so.2",
					     "ld-linux.so.3",
					     "ld.so.1",
					     "ld64.so.1",
					     "ld64.so.2" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(soname, names[i]))
			return true;
	return false;
}

/* A name for a file in its own directory: what a symlink can be given. */
static bool is_file_name(const char *s)
{
	return *s && strlen(s) <= 255 && !strchr(s, '/') && !str_eq(s, ".") && !str_eq(s, "..");
}

/* <soname> -> <name>, unless there is a file by that name or the link is right already. */
static int make_link(struct cache *c, const struct linker_dir *d, const struct library *lib,
		     struct err *e)
{
	if (!is_file_name(lib->soname))
		return 0;
	_cleanup_free_ char *dir = tree_path(d->node);
	_cleanup_free_ char *from = dir ? str_printf("%s/%s", dir, lib->soname) : NULL;
	_cleanup_free_ char *to = dir ? str_printf("%s/%s", dir, lib->name) : NULL;
	if (!from || !to)
		return err_oom(e);
	struct tree_node *there = tree_lookup(c->tree, from), *now = tree_resolve(c->tree, from);
	struct tree_node *want = tree_resolve(c->tree, to);
	if (there && !tree_is_symlink(there))
		return 0;
	if (!want || (now && (is_dynamic_linker(lib->soname) || now->inode == want->inode)))
		return 0;
	return tree_put_symlink(c->tree, from, c->meta, lib->name, NULL, e);
}

static int add_entry(struct cache *c, const struct linker_dir *d, const struct library *lib,
		     struct err *e)
{
	/* For better CPUs the file itself, as there are no links; else by the name that stays. */
	const char *file = d->hwcaps ? lib->name : lib->soname;
	struct linker_entry *p = reallocarray(c->entries, c->n_entries + 1, sizeof(*p));

	if (!p)
		return err_oom(e);
	c->entries = p;
	if (strv_add(&c->strings, lib->soname) < 0 ||
	    strv_addf(&c->strings, "%s/%s", d->path, file) < 0)
		return err_oom(e);
	p[c->n_entries] = (struct linker_entry){ .soname = c->strings.v[c->strings.n - 2],
						 .path = c->strings.v[c->strings.n - 1],
						 .flags = lib->flags,
						 .hwcaps = d->hwcaps,
						 .isa_level = lib->isa_level,
						 .order = c->n_entries };
	c->n_entries++;
	return 0;
}

/*
 * ldconfig names its own version in the file; it is built from the same source as the tree's libc,
 * which says "GNU C Library (Debian GLIBC 2.41-12) stable release version 2.41.".
 */
static int read_generator(struct cache *c, const char *path, struct err *e)
{
	static const char banner[] = "GNU C Library (", until[] = " release version ";
	struct blob *b = tree_file_blob(c->tree, path);
	const char *s = b && b->len ? memmem(b->data, b->len, banner, strlen(banner)) : NULL;

	if (!s)
		return err_set(e, -EINVAL, "%s: no version of the GNU C library in it", path);
	size_t room = (size_t)(b->data + b->len - (const uint8_t *)s);
	const char *end = memchr(s, '\n', MIN(room, 256));
	if (!end || !memmem(s, (size_t)(end - s), until, strlen(until)))
		return err_set(e, -EINVAL, "%s: no version of the GNU C library in it", path);
	s += strlen(banner) - 1;
	c->generator = str_printf("ldconfig %.*s", (int)(end - s - (end[-1] == '.')), s);
	return c->generator ? 0 : err_oom(e);
}

static int do_directory(struct cache *c, const struct linker_dir *d, struct err *e)
{
	_cleanup_strv_ struct strv stale = STRV_INIT;
	struct libraries l = { NULL, 0 };

	int r = scan(c, d, &l, &stale, e);
	if (r == 0)
		remove_stale(c->tree, &stale);
	for (size_t i = 0; i < l.n && r == 0; i++) {
		if (!d->hwcaps && !l.v[i].is_link)
			r = make_link(c, d, &l.v[i], e);
		if (r == 0)
			r = add_entry(c, d, &l.v[i], e);
	}
	libraries_done(&l);
	return r;
}

/* The libc of the tree's own architecture, the first one by the directories' order. */
static int find_generator(struct cache *c, const struct linker_dirs *dirs, struct err *e)
{
	for (size_t i = 0; i < dirs->n; i++) {
		if (dirs->dirs[i].hwcaps)
			continue;
		_cleanup_free_ char *path = str_printf("%s/libc.so.6", dirs->dirs[i].path);
		if (!path)
			return err_oom(e);
		if (tree_file_blob(c->tree, path))
			return read_generator(c, path, e);
	}
	return 0;
}

static int put_cache(struct cache *c, const struct linker_dirs *dirs, struct err *e)
{
	_cleanup_free_ const char **hwcaps = calloc(dirs->n + 1, sizeof(*hwcaps));
	struct linker_cache_params p = { .entries = c->entries,
					 .n_entries = c->n_entries,
					 .hwcaps = hwcaps,
					 .generator = c->generator };
	struct buf out = BUF_INIT;

	if (!hwcaps)
		return err_oom(e);
	for (size_t i = 0; i < dirs->n; i++)
		if (dirs->dirs[i].hwcaps)
			hwcaps[p.n_hwcaps++] = dirs->dirs[i].hwcaps;
	int r = linker_cache_encode(&p, &out, e);
	if (r == 0)
		r = tree_put_file(c->tree, CACHE_PATH, c->meta, blob_new(out.data, out.len), NULL,
				  e);
	buf_done(&out);
	return r;
}

int linker_cache_update(struct tree *t, const char *arch, const struct tree_meta *m, struct err *e)
{
	struct cache c = { .tree = t, .arch = arch, .meta = m, .strings = STRV_INIT };
	struct linker_dirs dirs;

	if (!tree_file_blob(t, "etc/ld.so.conf"))
		return 0;
	int r = linker_dirs_read(t, arch, &dirs, e);
	if (r < 0)
		return r;
	r = find_generator(&c, &dirs, e);
	for (size_t i = 0; i < dirs.n && r == 0 && c.generator; i++)
		r = do_directory(&c, &dirs.dirs[i], e);
	if (r == 0 && c.generator)
		r = put_cache(&c, &dirs, e);
	linker_dirs_done(&dirs);
	strv_done(&c.strings);
	free(c.entries);
	free(c.generator);
	return r;
}

int finish_linker_cache(const struct finish_params *p, struct err *e)
{
	struct tree_meta m = { .mode = 0644,
			       .mtime = p->time,
			       .origin = finish_origin(p, "linker-cache") };

	return m.origin ? linker_cache_update(p->tree, p->arch, &m, e) : err_oom(e);
}
