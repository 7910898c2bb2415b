/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway ls */
#include <sys/stat.h>

#include "base/path.h"
#include "base/utc.h"
#include "builder/audit/listing.h"
#include "builder/cli/files.h"
#include "builder/cli/json.h"

#define TARGET_MAX  4096
#define LAST_SECOND INT64_C(253402300799) /* of the year 9999 */

struct ls {
	const struct image_files *files;
	const char *path; /* without slashes around it; "" is the root */
	bool whole;	  /* show paths from the root on, not names */
	struct listing list;
};

/* A listed path, as it may be shown; NULL: no memory. */
static char *shown_path(const struct ls *ls, const char *path)
{
	const char *top = ls->whole || !*path ? ls->path : "";
	_cleanup_free_ char *joined = str_printf("%s%s%s", top, *top && *path ? "/" : "", path);

	return joined ? path_quote(*joined ? joined : "/") : NULL;
}

static char type_letter(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	default:
		return '-';
	}
}

/* As ls has it: setuid and its kin stand where x does, in capitals where there is none. */
static void format_mode(uint32_t mode, char out[11])
{
	static const struct {
		uint32_t bit;
		int at;
		char letter;
	} special[] = { { S_ISUID, 3, 's' }, { S_ISGID, 6, 's' }, { S_ISVTX, 9, 't' } };

	out[0] = type_letter(mode);
	for (int i = 0; i < 9; i++)
		out[i + 1] = mode & 0400u >> i ? "rwx"[i % 3] : '-';
	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		if (mode & special[i].bit)
			out[special[i].at] = out[special[i].at] == 'x'
						     ? special[i].letter
						     : (char)(special[i].letter - 'a' + 'A');
	out[10] = 0;
}

static void format_time(int64_t t, char out[UTC_CHARS + 8])
{
	if (t >= 0 && t <= LAST_SECOND)
		utc_format((uint64_t)t, out);
	else
		snprintf(out, UTC_CHARS + 8, "@%lld", (long long)t);
}

/* As it may be shown; "" if it is no symlink; NULL with @e set. */
static char *read_target(const struct ls *ls, const struct fs_stat *st, struct err *e)
{
	struct fs_reader *reader = ls->files->reader;
	char target[TARGET_MAX + 1] = "";
	size_t n = 0;

	if (S_ISLNK(st->mode) &&
	    reader->ops->read(reader, st->ino, 0, target, TARGET_MAX, &n, e) < 0)
		return NULL;
	target[n] = 0;
	char *quoted = path_quote(target);
	if (!quoted)
		(void)err_oom(e);
	return quoted;
}

static int print_long(const struct ls *ls, const struct fs_stat *st, const char *name,
		      struct err *e)
{
	_cleanup_free_ char *target = read_target(ls, st, e);
	char mode[11], mtime[UTC_CHARS + 8], size[32];

	if (!target)
		return e->code;
	format_mode(st->mode, mode);
	format_time(st->mtime, mtime);
	if (S_ISCHR(st->mode) || S_ISBLK(st->mode))
		snprintf(size, sizeof(size), "%u,%u", st->rdev_major, st->rdev_minor);
	else
		snprintf(size, sizeof(size), "%llu", (unsigned long long)st->size_bytes);
	printf("%s %3u %5u %5u %11s %s %s%s%s\n", mode, st->nlink, st->uid, st->gid, size, mtime,
	       name, *target ? " -> " : "", target);
	return 0;
}

static int print_lines(const struct ls *ls, bool is_long, struct err *e)
{
	for (size_t i = 0; i < ls->list.n; i++) {
		const struct listed *l = &ls->list.v[i];
		_cleanup_free_ char *name = shown_path(ls, l->path);
		if (!name)
			return err_oom(e);
		int r = 0;
		if (is_long)
			r = print_long(ls, &l->st, name, e);
		else
			printf("%s\n", name);
		if (r < 0)
			return r;
	}
	return fflush(stdout) == 0 ? 0 : err_sys(e, -errno, "standard output");
}

static int add_entry(const struct ls *ls, struct json_object *list, const struct listed *l,
		     struct err *e)
{
	_cleanup_free_ char *path = shown_path(ls, l->path);
	_cleanup_free_ char *target = read_target(ls, &l->st, e);
	struct json_object *o = json_object_new_object();
	const struct fs_stat *st = &l->st;
	char mode[8];

	if (!path || !target || !o) {
		json_object_put(o);
		return !target ? e->code : err_oom(e);
	}
	snprintf(mode, sizeof(mode), "%04o", st->mode & 07777);
	json_put_str(o, "path", path);
	json_put_str(o, "type", fs_type_name(st->mode));
	json_put_str(o, "mode", mode);
	json_put_u64(o, "links", st->nlink);
	json_put_u64(o, "uid", st->uid);
	json_put_u64(o, "gid", st->gid);
	json_put_u64(o, "size_bytes", st->size_bytes);
	json_put(o, "mtime", json_object_new_int64(st->mtime));
	if (S_ISLNK(st->mode))
		json_put_str(o, "target", target);
	if (S_ISCHR(st->mode) || S_ISBLK(st->mode)) {
		json_put_u64(o, "major", st->rdev_major);
		json_put_u64(o, "minor", st->rdev_minor);
	}
	json_object_array_add(list, o);
	return 0;
}

static int print_json(struct cli *c, const struct ls *ls, struct err *e)
{
	_cleanup_(json_object_put) struct json_object *o = json_object_new_object();
	const struct image_partition *p = ls->files->partition;
	struct json_object *list = json_object_new_array();

	if (!o || !list) {
		json_object_put(list);
		return err_oom(e);
	}
	json_put_str(o, "partition", p ? p->name : NULL);
	json_put_str(o, "filesystem", ls->files->reader->ops->name);
	json_put(o, "entries", list);
	for (size_t i = 0; i < ls->list.n; i++) {
		int r = add_entry(ls, list, &ls->list.v[i], e);
		if (r < 0)
			return r;
	}
	return cli_json_print(c, TAKE_PTR(o), e);
}

static char *trimmed(const char *path)
{
	size_t len;

	path += strspn(path, "/");
	len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	return strndup(path, len);
}

static int run_ls(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *partition = NULL;
	bool is_long = false, recursive = false;
	const struct cli_option options[] = {
		FILES_PARTITION_OPTION(&partition),
		{ .name = "long",
		  .letter = 'l',
		  .flag = &is_long,
		  .help = "mode, links, owner, group, size, time and target, too" },
		{ .name = "recursive",
		  .letter = 'R',
		  .flag = &recursive,
		  .help = "what is in directories, too" },
		{ .name = "json", .flag = &c->json, .help = "print all that is known as JSON" },
		{ 0 },
	};
	_cleanup_(image_files_free) struct image_files *f = NULL;
	struct ls ls = { 0 };
	struct fs_stat st;
	char **args;
	size_t n;

	int r = cli_parse(&cmd_ls, options, argc, argv, &args, &n);
	if (r)
		return r;
	_cleanup_free_ char *path = trimmed(n > 1 ? args[1] : "");
	if (!path)
		return err_oom(e);
	r = files_open(args[0], partition, path, &f, &st, e);
	if (r < 0)
		return r;
	ls.files = f;
	ls.path = path;
	ls.whole = recursive || c->json;
	r = recursive ? listing_walk_at(&ls.list, f->reader, st.ino, e)
		      : listing_read(&ls.list, f->reader, st.ino, e);
	if (r < 0)
		r = err_wrap(e, r, "%s", args[0]);
	else
		r = c->json ? print_json(c, &ls, e) : print_lines(&ls, is_long, e);
	listing_done(&ls.list);
	return r;
}

const struct cli_command cmd_ls = {
	.name = "ls",
	.args = "IMAGE [PATH]",
	.summary = "List files of an image",
	.text = "IMAGE is a disk (raw, qcow2, fixed VHD, a block device), or the image of a partition; PATH\n"
		"is from the filesystem's root (default: /). Names come in byte order, with bytes that are\n"
		"not printable as in \\x1b.",
	.min_args = 1,
	.max_args = 2,
	.run = run_ls,
};
