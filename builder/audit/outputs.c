/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories of outputs: which file of one is which of the other, and which are copies of which. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "builder/audit/compare.h"
#include "stage1/fs/fs.h"

#define DISK_SUFFIX ".raw"
#define UKI_SUFFIX  ".efi"
#define LIST_SUFFIX ".json" /* of what tells of the others */
#define DEPTH_MAX   16

/* Longer ones first: the disk's is the end of the others. */
static const struct {
	const char *suffix;
	const char *partition; /* of the disk that it is a copy of */
} kinds[] = {
	{ ".usr.raw", "usr-a" },
	{ ".usr-verity.raw", "usr-verity-a" },
	{ ".usr-verity-sig.raw", "usr-verity-sig-a" },
	{ UKI_SUFFIX, "esp" },
	{ ".roothash", NULL },
	{ ".spdx.json", NULL },
	{ ".cdx.json", NULL },
	{ ".provenance.json", NULL },
	{ DISK_SUFFIX, NULL },
};

struct output {
	char *name;
	struct source src;
	struct image *disk; /* if it is one */
	bool paired;
};

struct outputs {
	struct output *v; /* by name */
	size_t n;
};

struct output_pair {
	struct output *o[2];
};

static const char *suffix_of(const char *name, const char **ret_partition)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (str_has_suffix(name, kinds[i].suffix)) {
			*ret_partition = kinds[i].partition;
			return kinds[i].suffix;
		}
	}
	*ret_partition = NULL;
	return NULL;
}

/* Files of a directory, and of those in it, by their paths from @dir on. */
static int list_names(const char *dir, const char *below, unsigned int depth, struct strv *ret,
		      struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, below);
	DIR *d = path ? opendir(path) : NULL;
	struct dirent *de;
	struct stat st, link;
	int r = 0;

	if (!path)
		return err_oom(e);
	if (!d)
		return err_sys(e, -errno, "%s", path);
	while (r == 0 && (de = readdir(d))) {
		if (de->d_name[0] == '.' || fstatat(dirfd(d), de->d_name, &st, 0) < 0 ||
		    fstatat(dirfd(d), de->d_name, &link, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		_cleanup_free_ char *name =
			str_printf("%s%s%s", below, *below ? "/" : "", de->d_name);
		if (!name)
			r = err_oom(e);
		else if (S_ISREG(st.st_mode) && strv_add(ret, name) < 0)
			r = err_oom(e);
		else if (S_ISDIR(link.st_mode) && depth)
			r = list_names(dir, name, depth - 1, ret, e);
	}
	closedir(d);
	return r;
}

static int open_output(struct output *o, const char *dir, const char *name, struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, name);
	struct err damaged;

	o->src = (struct source)SOURCE_INIT;
	o->name = strdup(name);
	if (!path || !o->name)
		return err_oom(e);
	int r = source_open(&o->src, path, e);
	if (r == 0 && image_probe(&o->src) && image_open(&o->src, &o->disk, &damaged) < 0)
		o->disk = NULL;
	return r;
}

static int open_outputs(struct outputs *outs, const char *dir, struct err *e)
{
	_cleanup_strv_ struct strv names = STRV_INIT;

	int r = list_names(dir, "", DEPTH_MAX, &names, e);
	if (r < 0)
		return r;
	strv_sort(&names);
	outs->v = calloc(names.n + 1, sizeof(*outs->v));
	if (!outs->v)
		return err_oom(e);
	for (; r == 0 && outs->n < names.n; outs->n++)
		r = open_output(&outs->v[outs->n], dir, names.v[outs->n], e);
	return r;
}

static void outputs_done(struct outputs *outs)
{
	for (size_t i = 0; i < outs->n; i++) {
		free(outs->v[i].name);
		image_free(outs->v[i].disk);
		source_done(&outs->v[i].src);
	}
	free(outs->v);
}

/* The one of that name; or else, of those whose name the other side does not have, the only one of its kind. */
static struct output *find_partner(struct outputs *outs, const struct outputs *others,
				   const char *name)
{
	const char *partition, *suffix = suffix_of(name, &partition);
	struct output *found = NULL;

	for (size_t i = 0; i < outs->n; i++)
		if (str_eq(outs->v[i].name, name))
			return &outs->v[i];
	for (size_t i = 0; suffix && i < outs->n; i++) {
		bool taken = false;
		for (size_t k = 0; k < others->n; k++)
			taken |= str_eq(others->v[k].name, outs->v[i].name);
		if (taken || suffix_of(outs->v[i].name, &partition) != suffix)
			continue;
		if (found)
			return NULL;
		found = &outs->v[i];
	}
	return found;
}

/* Does the source begin with what the other holds, all of it? */
static bool begins_with(const struct source *s, const struct source *with)
{
	uint64_t at = 0;
	struct err e;

	return s->size_bytes >= with->size_bytes &&
	       source_mismatch(s, with, 0, NULL, &at, &e) == 0 && at >= with->size_bytes;
}

/* Is the UKI the one of this name on the ESP? */
static bool is_on_esp(const struct source *esp, const struct output *o)
{
	_cleanup_(fs_reader_free) struct fs_reader *r = NULL;
	_cleanup_free_ char *path = str_printf("EFI/Linux/%s", o->name);
	_cleanup_free_ uint8_t *data = malloc(o->src.size_bytes + 1);
	struct fs_stat st;
	uint64_t ino;
	struct err e;
	size_t len;

	return path && data && o->src.bytes && fs_reader_open(esp, &r, &e) == 0 &&
	       fs_reader_lookup(r, path, &ino, &e) == 0 && r->ops->stat(r, ino, &st, &e) == 0 &&
	       st.size_bytes == o->src.size_bytes &&
	       r->ops->read(r, ino, 0, data, o->src.size_bytes, &len, &e) == 0 &&
	       len == o->src.size_bytes && memcmp(data, o->src.bytes, len) == 0;
}

/* Is the output a copy of what is on a disk beside it? */
static bool is_copy(const struct outputs *outs, const struct output *o)
{
	const char *partition, *suffix = suffix_of(o->name, &partition);

	for (size_t i = 0; partition && i < outs->n; i++) {
		const struct image_partition *p =
			outs->v[i].disk ? image_find(outs->v[i].disk, partition) : NULL;
		if (p && (str_eq(suffix, UKI_SUFFIX) ? is_on_esp(&p->src, o)
						     : begins_with(&p->src, &o->src)))
			return true;
	}
	return false;
}

static bool is_root_hash(const struct compare *c, int which, const struct output *o)
{
	uint8_t hash[VERITY_ROOT_HASH_BYTES];
	char hex[2 * VERITY_ROOT_HASH_BYTES + 1];

	if (!o->src.bytes || o->src.size_bytes < sizeof(hex) - 1)
		return false;
	memcpy(hex, o->src.bytes, sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	return hex_decode(hex, hash, sizeof(hash)) == 0 &&
	       compare_is_root(c, which, hash, sizeof(hash));
}

static int compare_output(struct compare *c, const struct outputs outs[2],
			  const struct output_pair *p, struct err *e)
{
	const struct source *a = &p->o[0]->src, *b = &p->o[1]->src;
	uint64_t at;

	if (!str_eq(p->o[0]->name, p->o[1]->name)) {
		int r = compare_add(
			c, &(struct finding){ DIFF_LABEL, "name", p->o[0]->name, p->o[1]->name },
			e);
		if (r < 0)
			return r;
	}
	int r = source_mismatch(a, b, 0, c->pool, &at, e);
	if (r < 0 || at == MISMATCH_NONE)
		return r;
	if (is_root_hash(c, 0, p->o[0]) && is_root_hash(c, 1, p->o[1]))
		return compare_bytes(c, a, b, DIFF_ROOT_HASH, e);
	if (is_copy(&outs[0], p->o[0]) && is_copy(&outs[1], p->o[1]))
		return compare_bytes(c, a, b, DIFF_COPY, e);
	if (str_has_suffix(p->o[0]->name, LIST_SUFFIX))
		return compare_bytes(c, a, b, DIFF_LISTED, e);
	return compare_content(c, a, b, e);
}

static int add_missing(struct compare *c, const struct output *o, int which, struct err *e)
{
	struct finding f = { DIFF_MISSING, "output", which == 0 ? "" : NULL, which ? "" : NULL };
	size_t mark = compare_enter(c, "%s", o->name);
	int r = compare_add(c, &f, e);

	compare_leave(c, mark);
	return r;
}

/* Disks first: they hold the others, and their hash trees tell root hashes. */
static int compare_all(struct compare *c, struct outputs outs[2], bool disks, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < outs[0].n; i++) {
		struct output *a = &outs[0].v[i], *b = find_partner(&outs[1], &outs[0], a->name);
		if ((a->disk != NULL) != disks)
			continue;
		if (b && find_partner(&outs[0], &outs[1], b->name) != a)
			b = NULL; /* another's */
		if (!b) {
			r = add_missing(c, a, 0, e);
			continue;
		}
		size_t mark = compare_enter(c, "%s", a->name);
		b->paired = true;
		r = compare_output(c, outs, &(struct output_pair){ { a, b } }, e);
		compare_leave(c, mark);
	}
	return r;
}

static int compare_opened(struct compare *c, struct outputs outs[2], struct err *e)
{
	for (int w = 0; w < 2; w++)
		for (size_t i = 0; i < outs[w].n; i++)
			if (!outs[w].v[i].disk)
				compare_learn_root(c, w, &outs[w].v[i].src);
	int r = compare_all(c, outs, true, e);
	if (r == 0)
		r = compare_all(c, outs, false, e);
	for (size_t i = 0; r == 0 && i < outs[1].n; i++)
		if (!outs[1].v[i].paired)
			r = add_missing(c, &outs[1].v[i], 1, e);
	return r;
}

int compare_outputs(struct compare *c, const char *const dirs[2], struct err *e)
{
	struct outputs outs[2] = { { 0 }, { 0 } };

	int r = open_outputs(&outs[0], dirs[0], e);
	if (r == 0)
		r = open_outputs(&outs[1], dirs[1], e);
	if (r == 0)
		r = compare_opened(c, outs, e);
	outputs_done(&outs[0]);
	outputs_done(&outs[1]);
	return r;
}
