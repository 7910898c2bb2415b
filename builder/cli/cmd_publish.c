/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slipway publish */
#include "base/utc.h"
#include "builder/cli/cli.h"
#include "builder/cli/json.h"
#include "builder/publish/publish.h"

static struct json_object *outcome(const struct publish_outcome *x)
{
	struct json_object *o = json_object_new_object();

	json_put_str(o, "channel", x->channel);
	json_put(o, "changed", json_object_new_boolean(x->changed));
	json_put_u64(o, "serial", x->serial);
	json_put_str(o, "signing_key", x->signing_key);
	json_put_str(o, "best_before", x->best_before);
	json_put_strings(o, "versions", &x->versions);
	json_put_strings(o, "added", &x->added);
	json_put_strings(o, "dropped", &x->dropped);
	return o;
}

static int print_json(struct cli *c, const char *dir, const struct publish_result *res,
		      struct err *e)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; list && i < res->n; i++)
		json_object_array_add(list, outcome(&res->v[i]));
	json_put_str(o, "directory", dir);
	json_put(o, "channels", list);
	return cli_json_print(c, o, e);
}

static void print_list(const struct cli *c, const char *what, const struct strv *versions)
{
	for (size_t i = 0; i < versions->n; i++)
		cli_note(c, "  %s %s", what, versions->v[i]);
}

/* It may have been set for an earlier version. */
static void warn_of_stale(const struct cli *c, const struct publish_outcome *o)
{
	uint64_t seconds;

	if (o->best_before && utc_parse(o->best_before, &seconds) == 0 && (int64_t)seconds < c->now)
		cli_warn(c,
			 "channel %s was good until %s: nodes take nothing from it before "
			 "--best-before extends that",
			 o->channel, o->best_before);
}

static int report(struct cli *c, const char *dir, const struct publish_result *res, struct err *e)
{
	cli_progress_end(c->progress);
	for (size_t i = 0; i < res->n; i++)
		warn_of_stale(c, &res->v[i]);
	if (c->json)
		return print_json(c, dir, res, e);
	for (size_t i = 0; i < res->n; i++) {
		const struct publish_outcome *o = &res->v[i];
		cli_note(c, "%s/%s: %s, serial %llu, newest %s", dir, o->channel,
			 o->changed ? "published" : "as it was", (unsigned long long)o->serial,
			 o->versions.v[0]);
		print_list(c, "added", &o->added);
		print_list(c, "dropped", &o->dropped);
	}
	return 0;
}

/* The whole of a number of versions. */
static int parse_keep(const char *text, size_t *ret)
{
	uint64_t n = 0;

	if (text && (parse_u64(text, 10, &n) < 0 || n < 1 || n > 1000))
		return cli_usage(&cmd_publish,
				 "--keep: not a number of versions (1 to 1000): ", text);
	*ret = (size_t)n;
	return 0;
}

/* As the index has it; a day alone is its first second. */
static int parse_best_before(const char *text, char ret[UTC_CHARS])
{
	uint64_t seconds;

	if (utc_parse(text, &seconds) < 0)
		return cli_usage(&cmd_publish,
				 "--best-before: not as 2026-12-31T00:00:00Z: ", text);
	utc_format(seconds, ret);
	return 0;
}

static int check_signer(const struct publish_signer *s)
{
	if (!s->gpg_key == !s->command)
		return cli_usage(&cmd_publish, "who signs? ",
				 "name one of --gpg-key and --sign-command");
	if (s->command && !s->keyring)
		return cli_usage(&cmd_publish, "--sign-command needs ",
				 "--keyring, to check what it wrote");
	return 0;
}

static int parse_compression(const char *text, enum publish_compression *ret)
{
	*ret = text && str_eq(text, "none") ? PUBLISH_PLAIN : PUBLISH_XZ;
	return text && !str_eq(text, "none") && !str_eq(text, "xz")
		       ? cli_usage(&cmd_publish, "--compression: xz or none, not ", text)
		       : 0;
}

static int publish(struct cli *c, const struct publish_params *p, struct err *e)
{
	struct publish_result res = { 0 };

	int r = publish_run(p, &res, e);
	if (r == 0)
		r = report(c, p->dir, &res, e);
	publish_result_done(&res);
	return r;
}

/* Options as text into @p. */
static int take_options(struct publish_params *p, const char *keep, const char *compression,
			char best_before[UTC_CHARS])
{
	int r = p->dir && p->channels->n
			? 0
			: cli_usage(&cmd_publish, "where to? ", "name --to and --channel");

	if (!r)
		r = check_signer(&p->signer);
	if (!r)
		r = parse_keep(keep, &p->keep);
	if (!r)
		r = parse_compression(compression, &p->compression);
	if (!r && p->best_before) {
		r = parse_best_before(p->best_before, best_before);
		p->best_before = best_before;
	}
	return r;
}

static int run_publish(struct cli *c, int argc, char **argv, struct err *e)
{
	_cleanup_strv_ struct strv channels = STRV_INIT;
	struct publish_params p = { .channels = &channels,
				    .signer.env = (const char *const *)environ,
				    .tmp_dir = c->tmp_dir,
				    .pool = c->pool,
				    .progress = c->progress };
	const char *keep = NULL, *compression = NULL;
	char best_before[UTC_CHARS];
	const struct cli_option options[] = {
		{ .name = "to",
		  .arg = "DIR",
		  .value = &p.dir,
		  .help = "the directory that a web server serves; it is made" },
		{ .name = "channel",
		  .arg = "NAME",
		  .values = &channels,
		  .help = "a channel in it, such as stable; may be given more than once" },
		{ .name = "gpg-key",
		  .arg = "NAME",
		  .value = &p.signer.gpg_key,
		  .help = "sign with this key of gpg" },
		{ .name = "sign-command",
		  .arg = "FILE",
		  .value = &p.signer.command,
		  .help = "or with a program: it gets a file's name and writes the signature" },
		{ .name = "keyring",
		  .arg = "FILE",
		  .value = &p.signer.keyring,
		  .help = "keys that nodes accept (default: the gpg key alone)" },
		{ .name = "from-channel",
		  .arg = "NAME",
		  .value = &p.from_channel,
		  .help = "publish versions of this channel (default: its newest)" },
		{ .name = "keep",
		  .arg = "N",
		  .value = &keep,
		  .help = "drop all but the newest N versions of the channel" },
		{ .name = "minimum-version",
		  .arg = "V",
		  .value = &p.minimum_version,
		  .help = "drop what is older, and say that no node should run it" },
		{ .name = "best-before",
		  .arg = "TIME",
		  .value = &p.best_before,
		  .help = "until when the index counts as fresh: 2026-12-31T00:00:00Z" },
		{ .name = "lock",
		  .arg = "FILE",
		  .value = &p.lock_path,
		  .help = "the lock that OUT was built from; its digest goes into the index" },
		{ .name = "compression",
		  .arg = "NAME",
		  .value = &compression,
		  .help = "xz (the default) or none" },
		{ .name = "json", .flag = &c->json, .help = "print what was published as JSON" },
		{ 0 },
	};
	char **args;

	int r = cli_parse(&cmd_publish, options, argc, argv, &args, &p.n_args);
	if (!r)
		r = take_options(&p, keep, compression, best_before);
	if (r)
		return r;
	p.args = (const char *const *)args;
	return publish(c, &p, e);
}

const struct cli_command cmd_publish = {
	.name = "publish",
	.args = "[OUT…]",
	.summary = "Put versions where nodes fetch their updates from",
	.text = "OUT is a directory that builds wrote, or one output of a version; with --from-channel, a\n"
		"version. Without any, --keep, --minimum-version and --best-before change what is there.\n"
		"A channel changes in one step, or not at all.",
	.min_args = 0,
	.max_args = 1000,
	.run = run_publish,
};
