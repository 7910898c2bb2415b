/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway tree */
#include <sys/stat.h>

#include "base/path.h"
#include "builder/audit/sizes.h"
#include "builder/cli/files.h"
#include "builder/cli/json.h"

#define DEPTH_NORMAL "2"
#define DEPTH_MAX    1000

struct tree_view {
	bool size, files;
	uint64_t depth;
	const struct sized *v;
};

static int print_below(const struct tree_view *t, size_t i, uint64_t depth, struct err *e);

static int print_entry(const struct tree_view *t, const struct sized *s, uint64_t depth,
		       struct err *e)
{
	bool dir = S_ISDIR(s->entry->st.mode);
	_cleanup_free_ char *name = path_quote(s->name);

	if (!dir && !t->files)
		return 0;
	if (!name)
		return err_oom(e);
	if (t->size)
		printf("%12llu  ", (unsigned long long)s->bytes);
	printf("%*s%s%s\n", (int)(2 * depth), "", name, dir ? "/" : "");
	return depth < t->depth ? print_below(t, (size_t)(s - t->v), depth, e) : 0;
}

static int print_below(const struct tree_view *t, size_t i, uint64_t depth, struct err *e)
{
	_cleanup_free_ const struct sized **children = NULL;
	size_t n = 0;

	int r = sizes_children(t->v, i, t->size, &children, &n, e);
	for (size_t k = 0; r == 0 && k < n; k++)
		r = print_entry(t, children[k], depth + 1, e);
	return r;
}

static int print_people(const struct tree_view *t, const char *path, struct err *e)
{
	_cleanup_free_ char *top = path_quote(path);

	if (!top)
		return err_oom(e);
	if (t->size)
		printf("%12llu  ", (unsigned long long)t->v[0].bytes);
	printf("/%s\n", top);
	int r = t->depth ? print_below(t, 0, 0, e) : 0;
	return r < 0 ? r : fflush(stdout) == 0 ? 0 : err_sys(e, -errno, "standard output");
}

/* An object of an entry and what is below it; NULL: no memory. */
static struct json_object *entry(const struct tree_view *t, size_t i, uint64_t depth)
{
	_cleanup_free_ const struct sized **children = NULL;
	struct json_object *o = json_object_new_object(), *list;
	const struct sized *s = &t->v[i];
	size_t n = 0;
	struct err e;

	json_put_text(o, "name", s->name);
	json_put_str(o, "type", fs_type_name(s->entry->st.mode));
	json_put_u64(o, "bytes", s->bytes);
	if (!S_ISDIR(s->entry->st.mode))
		return o;
	json_put_u64(o, "entries", s->n_entries);
	if (depth >= t->depth || sizes_children(t->v, i, t->size, &children, &n, &e) < 0)
		return o;
	list = json_object_new_array();
	for (size_t k = 0; list && k < n; k++)
		if (t->files || S_ISDIR(children[k]->entry->st.mode))
			json_object_array_add(list,
					      entry(t, (size_t)(children[k] - t->v), depth + 1));
	json_put(o, "children", list);
	return o;
}

static int show(struct cli *c, struct tree_view *t, const struct image_files *f, uint64_t ino,
		const char *path, struct err *e)
{
	_cleanup_free_ struct sized *v = NULL;
	struct listing l = { 0 };

	int r = listing_walk_at(&l, f->reader, ino, e);
	if (r == 0)
		r = sizes_of(&l, &v, e);
	t->v = v;
	if (r == 0)
		r = c->json ? cli_json_print(c, entry(t, 0, 0), e)
			    : print_people(t, path + strspn(path, "/"), e);
	listing_done(&l);
	return r;
}

static int run_tree(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *partition = NULL, *depth = DEPTH_NORMAL;
	struct tree_view t = { 0 };
	const struct cli_option options[] = {
		FILES_PARTITION_OPTION(&partition),
		{ .name = "size",
		  .letter = 's',
		  .flag = &t.size,
		  .help = "what each takes with all below it, in bytes; the biggest first" },
		{ .name = "depth",
		  .letter = 'd',
		  .arg = "NUMBER",
		  .value = &depth,
		  .help = "so many levels (default: " DEPTH_NORMAL ")" },
		{ .name = "all", .letter = 'a', .flag = &t.files, .help = "not only directories" },
		{ .name = "json", .flag = &c->json, .help = "print it as JSON" },
		{ 0 },
	};
	_cleanup_(image_files_free) struct image_files *f = NULL;
	struct fs_stat st;
	char **args;
	size_t n;

	int r = cli_parse(&cmd_tree, options, argc, argv, &args, &n);
	if (r)
		return r;
	if (parse_u64(depth, 10, &t.depth) < 0 || t.depth > DEPTH_MAX)
		return cli_usage(&cmd_tree, "not a number of levels: ", depth);
	const char *path = n > 1 ? args[1] : "";
	r = files_open(args[0], partition, path, &f, &st, e);
	if (r < 0)
		return r;
	r = show(c, &t, f, st.ino, path, e);
	return r < 0 ? err_wrap(e, r, "%s", args[0]) : 0;
}

const struct cli_command cmd_tree = {
	.name = "tree",
	.args = "IMAGE [PATH]",
	.summary = "Show directories of an image, and what they take",
	.text = "IMAGE and PATH are as of ls. Sizes are those of contents, before compression; a file of\n"
		"several names counts once.",
	.min_args = 1,
	.max_args = 2,
	.run = run_tree,
};
