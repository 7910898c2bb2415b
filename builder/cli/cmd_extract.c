/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway extract */
#include "builder/audit/extract.h"
#include "builder/cli/files.h"

static void report(const struct cli *c, const struct extract_params *p,
		   const struct extract_result *r)
{
	cli_progress_end(c->progress);
	cli_note(c, "%s: %llu files, %llu bytes", p->dir,
		 (unsigned long long)(r->n_files - r->n_devices), (unsigned long long)r->n_bytes);
	if (r->n_devices)
		cli_warn(c, "%llu device nodes were left out: root makes them with --privileges",
			 (unsigned long long)r->n_devices);
	if (r->n_xattrs)
		cli_warn(
			c,
			"%llu extended attributes were left out: root may set all that the disk can "
			"have",
			(unsigned long long)r->n_xattrs);
	if (r->n_privileges)
		cli_warn(
			c,
			"%llu files are without their setuid, setgid or capabilities: --privileges "
			"keeps them",
			(unsigned long long)r->n_privileges);
}

static int extract(struct cli *c, struct extract_params *p, const char *path, struct err *e)
{
	_cleanup_free_ char *name = image_files_name(path);
	struct extract_result result = { 0 };

	if (!name)
		return err_oom(e);
	p->name = *name ? name : NULL;
	p->pool = c->pool;
	p->progress = c->progress;
	int r = extract_files(p, &result, e);
	if (r == 0)
		report(c, p, &result);
	return r;
}

static int run_extract(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *partition = NULL;
	bool force = false, privileges = false;
	const struct cli_option options[] = {
		FILES_PARTITION_OPTION(&partition),
		{ .name = "force",
		  .letter = 'f',
		  .flag = &force,
		  .help = "replace what is there already, but for directories" },
		{ .name = "privileges",
		  .flag = &privileges,
		  .help = "keep setuid, setgid, capabilities and, as root, devices" },
		{ 0 },
	};
	_cleanup_(image_files_free) struct image_files *f = NULL;
	struct fs_stat st;
	char **args;
	size_t n;

	int r = cli_parse(&cmd_extract, options, argc, argv, &args, &n);
	if (r)
		return r;
	r = files_open(args[0], partition, args[1], &f, &st, e);
	if (r < 0)
		return r;
	struct extract_params p = { .reader = f->reader,
				    .ino = st.ino,
				    .dir = n > 2 ? args[2] : ".",
				    .force = force,
				    .privileges = privileges };
	return extract(c, &p, args[1], e);
}

const struct cli_command cmd_extract = {
	.name = "extract",
	.args = "IMAGE PATH [DIR]",
	.summary = "Unpack a file or directory of an image",
	.text = "IMAGE and PATH are as of ls. PATH goes into DIR (default: the current directory) under its\n"
		"own name, the content of / right into it. Owners and some attributes are kept only as root.",
	.min_args = 2,
	.max_args = 3,
	.run = run_extract,
};
