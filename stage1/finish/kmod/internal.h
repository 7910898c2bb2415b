/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The module index from the inside: for files in stage1/finish/kmod/ and their tests only. */
#include "base/buf.h"
#include "stage1/finish/kmod/index_file.h"
#include "stage1/finish/kmod/modules.h"

#define MODULE_INDEX_ORIGIN "module-index" /* the finisher's name */
#define MODULES_ROOT	    "usr/lib/modules"
#define MODULE_NAME_BYTES   4096 /* of names, aliases and symbols, with their NUL, as in kmod */

/* A list of strings, each with its NUL, one behind the other in a buf. */
#define names_for_each(list, s)                          \
	for (const char *s = (const char *)(list)->data; \
	     s && s < (const char *)(list)->data + (list)->len; s += strlen(s) + 1)

/** names_add() - @len bytes become one more string; a failure shows in buf_failed() */
void names_add(struct buf *list, const char *s, size_t len);

/** module_name_normalize() - up to the first '.', '-' becomes '_'; @name_len may end it before its NUL */
int module_name_normalize(const char *name, size_t name_len,
			  char out[MODULE_NAME_BYTES]) must_check;

/**
 * alias_normalize() - '-' becomes '_', but not within brackets
 * Return: 0; -EINVAL unmatched bracket or too long
 */
int alias_normalize(const char *alias, char out[MODULE_NAME_BYTES]) must_check;

struct module {
	char *name; /* normalized */
	char *path; /* below the version's directory, with its suffixes */
	const struct blob *blob;
	struct buf exports, imports, aliases, softdeps, weakdeps; /* lists of strings */
	uint32_t *deps; /* indices of the modules whose symbols it uses directly */
	size_t n_deps, cap_deps;
	uint32_t users; /* how many modules have it in their deps */
	uint32_t rank;	/* users come before what they use */
	bool ordered;	/* named by modules.order */
};

struct module_index {
	char *dir; /* tree path: usr/lib/modules/<version> */
	const struct tree *tree;
	struct module *modules; /* as in modules.order, then the others by path */
	size_t n_modules, cap_modules;
	uint32_t n_ordered;
	struct symbol *symbols; /* sorted by name, each name once */
	size_t n_symbols;
	struct buf builtin;	    /* list: names, in the file's order */
	struct buf builtin_aliases; /* list: alias, module, alias, module, … */
	bool has_builtin_modinfo;
};

struct symbol {
	const char *name; /* in the module's exports */
	uint32_t module;
};

/** module_elf_read() - exports, imports and modinfo of an unpacked module; 0, -EBADMSG, -ENOMEM */
int module_elf_read(const uint8_t *data, uint64_t len, struct module *m, struct err *e) must_check;

/** module_suffix() - ".ko", ".ko.xz", ".ko.zst" or ".ko.gz" at the end of a file's name, or NULL */
const char *module_suffix(const char *name);

/** module_unpack() - content by the path's suffix; *@ret_copy is NULL or to be freed */
int module_unpack(const struct blob *blob, const char *path, uint8_t **ret_copy,
		  const uint8_t **ret_data, uint64_t *ret_len, struct err *e) must_check;

/** module_list_read() - fill @x->modules with names, paths and blobs, in their order */
int module_list_read(struct module_index *x, struct err *e) must_check;

/** module_builtin_read() - modules.builtin and modules.builtin.modinfo */
int module_builtin_read(struct module_index *x, struct err *e) must_check;

/** module_depends() - symbols, deps, users and ranks; -ELOOP a circle, with its modules */
int module_depends(struct module_index *x, struct err *e) must_check;

/** module_add_dep() - module @m uses module number @on; once is enough */
int module_add_dep(struct module_index *x, struct module *m, uint32_t on, struct err *e) must_check;

/** module_index_scan() - module_index_read(), always from the modules themselves */
int module_index_scan(const struct tree *t, const char *version, struct pool *pool,
		      struct module_index **ret, struct err *e) must_check;

/** module_index_is_made() - are the finisher's text files in the tree? */
bool module_index_is_made(const struct module_index *x);

/** module_index_load() - deps (indirect ones too), softdeps and aliases from those files */
int module_index_load(struct module_index *x, struct err *e) must_check;

/**
 * module_all_deps() - the transitive dependencies of a module in the order of modules.dep
 * @ret: room for x->n_modules; @seen: x->n_modules zeros, zeros again afterwards
 * Return: how many
 */
size_t module_all_deps(const struct module_index *x, size_t module, uint32_t *ret, uint8_t *seen);

/* The files that depmod writes. */
struct module_output {
	const char *name;
	int (*make)(const struct module_index *x, enum index_layout layout, struct buf *out,
		    struct err *e);
};

/** module_outputs() - all of them, the last one with a NULL name */
const struct module_output *module_outputs(void);
