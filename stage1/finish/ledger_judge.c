/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/ledger_judge.h"

#include "stage1/finish/ledger_rest.h"

bool ledger_is_script(const char *member)
{
	static const char *const data[] = { "md5sums", "shlibs", "symbols", "templates" };

	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		if (str_eq(member, data[i]))
			return false;
	return true;
}

void ledger_finding_done(struct ledger_finding *f)
{
	free(f->name);
	buf_done(&f->rest);
	free(f->parts);
	free(f->strangers);
	strv_done(&f->strange_triggers);
	strv_done(&f->remarks);
}

static int add_part(struct ledger_finding *f, const struct ledger_entry *part)
{
	void *v = reallocarray(f->parts, f->n_parts + 1, sizeof(part));

	if (!v)
		return -ENOMEM;
	f->parts = v;
	f->parts[f->n_parts++] = part;
	return 0;
}

static bool has_entry(const struct package *pkg, const char *path)
{
	for (size_t i = 0; i < pkg->n_entries; i++)
		if (str_eq(pkg->entries[i].path, path))
			return true;
	return false;
}

/* Is a file in one of the directories, of which the last is NULL? */
static bool has_file(const struct package *pkg, const char *const *dirs, const char *name)
{
	bool found = false;

	for (; !found && *dirs; dirs++) {
		_cleanup_free_ char *path = str_printf("%s/%s", *dirs, name);
		found = path && has_entry(pkg, path);
	}
	return found;
}

/* The name of the file that a block's word stands for: an instance's template, an init script's unit. */
static char *file_name(const char *word, bool is_init)
{
	const char *at = strchr(word, '@'), *suffix = strrchr(word, '.');

	if (is_init)
		return str_printf("%s.service", word);
	return at && suffix ? str_printf("%.*s@%s", (int)(at - word), word, suffix) : strdup(word);
}

static int check_words(struct ledger_finding *f, struct span tool, const struct strv *words,
		       bool are_inits, const char *const *dirs)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < words->n; i++) {
		_cleanup_free_ char *name = file_name(words->v[i], are_inits);
		if (!name)
			return -ENOMEM;
		if (!has_file(f->package, dirs, name))
			r = strv_addf(&f->remarks,
				      "a block of %.*s is about %s, and the package has no %s",
				      SPAN_ARG(tool), words->v[i], name);
	}
	return r;
}

/*
 * What a block asks for is done by a finisher that looks for the files it names, or by systemd: a
 * block that names what its package has not got is not accounted for by them.
 */
static int check_block(struct ledger_finding *f, const struct block *b, const struct block_words *w)
{
	static const char *const sysusers[] = { "usr/lib/sysusers.d", NULL };
	static const char *const tmpfiles[] = { "usr/lib/tmpfiles.d", NULL };
	static const char *const system[] = { "usr/lib/systemd/system", "lib/systemd/system",
					      NULL };
	static const char *const user[] = { "usr/lib/systemd/user", NULL };
	const struct {
		const char *tool;
		const struct strv *words;
		const char *const *dirs;
	} needs[] = {
		{ "dh_installsysusers", &w->confs, sysusers },
		{ "dh_installtmpfiles", &w->confs, tmpfiles },
		{ "dh_installsystemd", &w->units, system },
		{ "dh_installsystemduser", &w->units, user },
		{ "dh_installinit", &w->inits, system },
	};

	if (!str_eq(f->script, "postinst"))
		return 0;

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (span_eq(b->tool, needs[i].tool))
			return check_words(f, b->tool, needs[i].words, needs[i].words == &w->inits,
					   needs[i].dirs);
	return 0;
}

static int add_stranger(struct ledger_finding *f, const struct block *b,
			const uint8_t sha256[SHA256_BYTES])
{
	void *v = reallocarray(f->strangers, f->n_strangers + 1, sizeof(*f->strangers));

	if (!v)
		return -ENOMEM;
	f->strangers = v;
	struct ledger_stranger *s = &f->strangers[f->n_strangers++];
	s->block = *b;
	memcpy(s->sha256, sha256, SHA256_BYTES);
	return strv_addf(&f->remarks, "a block of %.*s is not known", SPAN_ARG(b->tool));
}

/* A block is a part, or it stays in the rest. */
static int judge_block(const struct ledger *l, struct ledger_finding *f, const struct block *b)
{
	struct block_words words = { STRV_INIT, STRV_INIT, STRV_INIT };
	_cleanup_free_ char *tool = span_dup(b->tool);
	uint8_t sha256[SHA256_BYTES];
	size_t remarks = f->remarks.n;

	int r = tool ? block_digest(b, f->package->name, &words, sha256) : -ENOMEM;
	if (r == 0)
		r = check_block(f, b, &words);
	block_words_done(&words);
	if (r < 0)
		return r;
	const struct ledger_entry *part = ledger_find(l, LEDGER_BLOCK, tool, f->script, sha256);
	if (part && f->remarks.n == remarks)
		return add_part(f, part);
	rest_add(&f->rest, b->text);
	return part ? 0 : add_stranger(f, b, sha256);
}

static int judge_maintainer_script(const struct ledger *l, struct ledger_finding *f,
				   struct span script)
{
	struct span before;
	struct block b;
	int r = 0;

	while (r == 0 && block_next(&script, &before, &b)) {
		rest_add(&f->rest, before);
		r = judge_block(l, f, &b);
	}
	rest_add(&f->rest, before);
	return r;
}

/* "interest-noawait name", "activate name"… */
static int judge_trigger(const struct ledger *l, struct ledger_finding *f, struct span line)
{
	static const char *const verbs[] = { "interest", "interest-await", "interest-noawait",
					     "activate", "activate-await", "activate-noawait" };
	struct span words = line, verb, trigger, more;
	bool known = false;

	if (!span_word(&words, &verb) || !span_word(&words, &trigger))
		trigger = line;
	else if (!span_word(&words, &more))
		for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
			known = known || span_eq(verb, verbs[i]);
	_cleanup_free_ char *name = span_dup(trigger);
	if (!name)
		return -ENOMEM;
	const struct ledger_entry *part = known ? ledger_find_trigger(l, name) : NULL;
	if (part)
		return add_part(f, part);
	rest_add_line(&f->rest, line);
	if (known && strv_add(&f->strange_triggers, name) < 0)
		return -ENOMEM;
	return strv_addf(&f->remarks, "the trigger %s is not known", name);
}

/* "/etc/x", which dpkg treats as any file where it is new; "remove-on-upgrade /etc/x", which is gone. */
static int judge_conffile(struct ledger_finding *f, struct span line)
{
	struct span words = line, first, path, more;
	bool flagged = span_word(&words, &first) && span_word(&words, &path) &&
		       !span_word(&words, &more) && span_eq(first, "remove-on-upgrade");
	_cleanup_free_ char *name = span_dup(line);

	if (!name)
		return -ENOMEM;
	if ((flagged && path.p[0] == '/') || (name[0] == '/' && has_entry(f->package, name + 1)))
		return 0;
	rest_add_line(&f->rest, line);
	return strv_addf(&f->remarks, "\"%s\" is no file of the package", name);
}

static int judge_lines(const struct ledger *l, struct ledger_finding *f, struct span text)
{
	bool triggers = str_eq(f->script, "triggers");
	struct span line;
	int r = 0;

	while (r == 0 && span_line(&text, &line)) {
		line = span_trim(line);
		if (line.len && line.p[0] != '#')
			r = triggers ? judge_trigger(l, f, line) : judge_conffile(f, line);
	}
	return r;
}

static void look_up(const struct ledger *l, struct ledger_finding *f)
{
	sha256_bytes(f->rest.data, f->rest.len, f->sha256);
	if (rest_is_nothing(&f->rest)) {
		f->verdict = f->n_parts || str_eq(f->script, "conffiles") ? LEDGER_PARTS
									  : LEDGER_NOTHING;
		return;
	}
	f->entry = ledger_find(l, LEDGER_PACKAGE, f->name, f->script, f->sha256);
	f->verdict = f->entry ? LEDGER_LISTED : LEDGER_UNKNOWN;
}

int ledger_judge(const struct ledger *l, const struct package *pkg, const struct package_script *s,
		 struct ledger_finding *ret, struct err *e)
{
	struct span text = { (const char *)s->content->data, s->content->len }, version;

	*ret = (struct ledger_finding){ .package = pkg, .script = s->name };
	int r = str_eq(s->name, "triggers") || str_eq(s->name, "conffiles")
			? judge_lines(l, ret, text)
			: judge_maintainer_script(l, ret, text);
	ret->name = rest_package_name(pkg->name, &version);
	if (r == 0 && version.len)
		r = rest_replace(&ret->rest, version);
	if (r < 0 || !ret->name || buf_failed(&ret->rest))
		return err_oom(e);
	look_up(l, ret);
	return 0;
}
