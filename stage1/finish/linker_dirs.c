/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which directories the dynamic linker's cache covers: etc/ld.so.conf and the built-in ones. */
#include <elf.h>
#include <fnmatch.h>

#include "stage1/finish/linker_cache.h"

#define MAX_INCLUDE_DEPTH 8
#define MAX_DIRS	  4096
#define HWCAPS		  "glibc-hwcaps"
#define SPACE		  " \t\n\v\f\r"

/* The type words of glibc's ldconfig.h. */
#define FLAG_LIBC6   0x0003
#define FLAG_X86_64  0x0300
#define FLAG_X32     0x0800
#define FLAG_ARM_HF  0x0900
#define FLAG_AARCH64 0x0a00
#define FLAG_ARM_SF  0x0b00

struct reader {
	const struct tree *tree;
	struct linker_dirs *dirs;
	unsigned int depth;
};

static int read_conf(struct reader *rd, const char *path, struct err *e);

const char *linker_multiarch(const char *arch)
{
	if (str_eq(arch, "x86-64"))
		return "x86_64-linux-gnu";
	return str_eq(arch, "arm64") ? "aarch64-linux-gnu" : NULL;
}

static uint32_t arm_flags(const struct elf *elf)
{
	if ((elf->flags & EF_ARM_EABIMASK) != EF_ARM_EABI_VER5)
		return FLAG_LIBC6;
	if (elf->flags & EF_ARM_ABI_FLOAT_HARD)
		return FLAG_LIBC6 | FLAG_ARM_HF;
	return elf->flags & EF_ARM_ABI_FLOAT_SOFT ? FLAG_LIBC6 | FLAG_ARM_SF : FLAG_LIBC6;
}

uint32_t linker_flags(const struct elf *elf, const char *arch)
{
	if (str_eq(arch, "x86-64")) {
		if (elf->machine == EM_X86_64)
			return FLAG_LIBC6 | (elf->bits == 64 ? FLAG_X86_64 : FLAG_X32);
		return elf->machine == EM_386 && elf->bits == 32 ? FLAG_LIBC6 : 0;
	}
	if (elf->machine == EM_AARCH64 && elf->bits == 64)
		return FLAG_LIBC6 | FLAG_AARCH64;
	return elf->machine == EM_ARM && elf->bits == 32 ? arm_flags(elf) : 0;
}

/* Appends unless the directory is there already by another name; *ret_added tells. */
static int append(struct linker_dirs *d, const char *path, const char *hwcaps,
		  struct tree_node *node, bool *ret_added, struct err *e)
{
	*ret_added = false;
	for (size_t i = 0; i < d->n; i++)
		if (d->dirs[i].node == node)
			return 0;
	if (d->n == MAX_DIRS)
		return err_set(e, -EINVAL, "etc/ld.so.conf names more than %d directories",
			       MAX_DIRS);
	struct linker_dir *p = reallocarray(d->dirs, d->n + 1, sizeof(*p));
	if (!p)
		return err_oom(e);
	d->dirs = p;
	p += d->n++;
	*p = (struct linker_dir){ .path = strdup(path),
				  .hwcaps = hwcaps ? strdup(hwcaps) : NULL,
				  .node = node };
	*ret_added = true;
	return p->path && (!hwcaps || p->hwcaps) ? 0 : err_oom(e);
}

/* What lies in a directory of libraries for CPUs that can do more. */
static int add_hwcaps(struct reader *rd, const char *path, struct err *e)
{
	_cleanup_free_ char *top_path = str_printf("%s/" HWCAPS, path);
	struct tree_node *child;
	bool added;

	if (!top_path)
		return err_oom(e);
	struct tree_node *top = tree_resolve(rd->tree, top_path);
	if (!top || !tree_is_dir(top))
		return 0;
	tree_for_each_child (top, child) {
		if (child->name[0] == '.' || strchr(child->name, ':'))
			continue;
		_cleanup_free_ char *sub = str_printf("%s/%s", top_path, child->name);
		if (!sub)
			return err_oom(e);
		struct tree_node *dir = tree_resolve(rd->tree, sub);
		if (!dir || !tree_is_dir(dir))
			continue;
		int r = append(rd->dirs, sub, child->name, dir, &added, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One line's directory: spaces and slashes at its end do not count. */
static int add_dir(struct reader *rd, const char *text, struct err *e)
{
	_cleanup_free_ char *path = strdup(text);
	bool added;

	if (!path)
		return err_oom(e);
	size_t len = strlen(path);
	while (len && strchr(SPACE, path[len - 1]))
		path[--len] = '\0';
	while (len && path[len - 1] == '/')
		path[--len] = '\0';
	struct tree_node *node = len ? tree_resolve(rd->tree, path) : NULL;
	if (!node || !tree_is_dir(node))
		return 0;
	int r = append(rd->dirs, path, NULL, node, &added, e);
	return r == 0 && added ? add_hwcaps(rd, path, e) : r;
}

/* Adds the paths below @dir that match the rest of a glob pattern; one directory level a call. */
static int match_below(struct reader *rd, const char *dir, const char *pattern, struct strv *found,
		       struct err *e)
{
	struct tree_node *child, *node = tree_resolve(rd->tree, dir);
	size_t len = strcspn(pattern, "/");
	_cleanup_free_ char *name = strndup(pattern, len);

	if (!name)
		return err_oom(e);
	if (!node || !tree_is_dir(node))
		return 0;
	const char *rest = pattern + len + strspn(pattern + len, "/");
	tree_for_each_child (node, child) {
		if (fnmatch(name, child->name, FNM_PERIOD) != 0)
			continue;
		_cleanup_free_ char *path = str_printf("%s/%s", dir, child->name);
		if (!path)
			return err_oom(e);
		int r = *rest ? match_below(rd, path, rest, found, e) : strv_add(found, path);
		if (r < 0)
			return r == -ENOMEM ? err_oom(e) : r;
	}
	return 0;
}

static int include(struct reader *rd, const char *conf, const char *pattern, struct err *e)
{
	_cleanup_strv_ struct strv found = STRV_INIT;
	_cleanup_free_ char *absolute = NULL;
	const char *slash = strrchr(conf, '/');

	if (rd->depth == MAX_INCLUDE_DEPTH)
		return err_set(e, -EINVAL, "%s: includes are nested more than %d deep", conf,
			       MAX_INCLUDE_DEPTH);
	absolute = pattern[0] == '/' || !slash
			   ? strdup(pattern)
			   : str_printf("%.*s/%s", (int)(slash - conf), conf, pattern);
	if (!absolute)
		return err_oom(e);
	int r = match_below(rd, "", absolute + strspn(absolute, "/"), &found, e);
	if (r < 0)
		return r;
	strv_sort(&found);
	rd->depth++;
	for (size_t i = 0; i < found.n && r == 0; i++)
		r = read_conf(rd, found.v[i], e);
	rd->depth--;
	return r;
}

static int read_line(struct reader *rd, const char *conf, char *line, struct err *e)
{
	line[strcspn(line, "#")] = '\0';
	line += strspn(line, SPACE);
	if (*line == '\0')
		return 0;
	if (strncmp(line, "include", 7) == 0 && (line[7] == ' ' || line[7] == '\t')) {
		_cleanup_strv_ struct strv words = STRV_INIT;
		if (strv_split(&words, line + 8, " \t") < 0)
			return err_oom(e);
		int r = 0;
		for (size_t i = 0; i < words.n && r == 0; i++)
			r = include(rd, conf, words.v[i], e);
		return r;
	}
	if (strncasecmp(line, "hwcap", 5) == 0 && (line[5] == ' ' || line[5] == '\t'))
		return 0; /* of old; ldconfig ignores it too */
	return add_dir(rd, line, e);
}

static int read_conf(struct reader *rd, const char *path, struct err *e)
{
	_cleanup_strv_ struct strv lines = STRV_INIT;
	struct blob *b = tree_file_blob(rd->tree, path);

	if (!b)
		return 0;
	_cleanup_free_ char *text = strndup(b->len ? (const char *)b->data : "", b->len);
	if (!text || strv_split(&lines, text, "\n") < 0)
		return err_oom(e);
	int r = 0;
	for (size_t i = 0; i < lines.n && r == 0; i++)
		r = read_line(rd, path, lines.v[i], e);
	return r;
}

/* Debian's dynamic linker looks into these by itself, in this order. */
static int add_system_dirs(struct reader *rd, const char *multiarch, struct err *e)
{
	static const char *const tops[] = { "/lib", "/usr/lib" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tops) && r == 0; i++) {
		_cleanup_free_ char *path = str_printf("%s/%s", tops[i], multiarch);
		r = path ? add_dir(rd, path, e) : err_oom(e);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tops) && r == 0; i++)
		r = add_dir(rd, tops[i], e);
	return r;
}

int linker_dirs_read(const struct tree *t, const char *arch, struct linker_dirs *ret, struct err *e)
{
	struct linker_dirs dirs = { NULL, 0 };
	struct reader rd = { .tree = t, .dirs = &dirs };
	const char *multiarch = linker_multiarch(arch);

	if (!multiarch)
		return err_set(e, -EINVAL, "no library directories are known for \"%s\"", arch);
	int r = read_conf(&rd, "/etc/ld.so.conf", e);
	if (r == 0)
		r = add_system_dirs(&rd, multiarch, e);
	if (r < 0)
		linker_dirs_done(&dirs);
	else
		*ret = dirs;
	return r;
}

void linker_dirs_done(struct linker_dirs *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->dirs[i].path);
		free(d->dirs[i].hwcaps);
	}
	free(d->dirs);
	*d = (struct linker_dirs){ NULL, 0 };
}
