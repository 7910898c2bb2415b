/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/finish/ledger_judge.h"

#include "stage1/finish/ledger_files.h"
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

/* What is needed while one script is looked at. */
struct judging {
	const struct ledger *ledger;
	struct ledger_files files;
	struct ledger_finding *f;
};

static int add_part(struct ledger_finding *f, const struct ledger_entry *part)
{
	for (size_t i = 0; i < f->n_parts; i++)
		if (f->parts[i] == part)
			return 0;
	void *v = reallocarray(f->parts, f->n_parts + 1, sizeof(part));
	if (!v)
		return -ENOMEM;
	f->parts = v;
	f->parts[f->n_parts++] = part;
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

/* Does what a block asks for find its files? Only what postinst asks for is to be done. */
static int check_files(struct judging *j, const struct block *b, const struct block_words *w)
{
	return str_eq(j->f->script, "postinst")
		       ? ledger_files_check(&j->files, b, w, &j->f->remarks)
		       : 1;
}

/* A block is a part, or it stays in the rest. */
static int judge_block(struct judging *j, const struct block *b)
{
	struct block_words words = { STRV_INIT, STRV_INIT, STRV_INIT };
	_cleanup_free_ char *tool = span_dup(b->tool);
	uint8_t sha256[SHA256_BYTES];

	int r = tool ? block_digest(b, j->f->package->name, &words, sha256) : -ENOMEM;
	if (r == 0)
		r = check_files(j, b, &words);
	block_words_done(&words);
	if (r < 0)
		return r;
	const struct ledger_entry *part =
		ledger_find(j->ledger, LEDGER_BLOCK, tool, j->f->script, sha256);
	if (part && r > 0)
		return add_part(j->f, part);
	rest_add(&j->f->rest, b->text);
	return part ? 0 : add_stranger(j->f, b, sha256);
}

static int judge_maintainer_script(struct judging *j, struct span script)
{
	struct span before;
	struct block b;
	int r = 0;

	while (r == 0 && block_next(&script, &before, &b)) {
		rest_add(&j->f->rest, before);
		r = judge_block(j, &b);
	}
	rest_add(&j->f->rest, before);
	return r;
}

/* "interest-noawait name", "activate name"… */
static bool is_trigger(struct span line, struct span *name)
{
	static const char *const verbs[] = { "interest", "interest-await", "interest-noawait",
					     "activate", "activate-await", "activate-noawait" };
	struct span verb, more;

	if (!span_word(&line, &verb) || !span_word(&line, name) || span_word(&line, &more))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (span_eq(verb, verbs[i]))
			return true;
	return false;
}

static int judge_trigger(struct judging *j, struct span line)
{
	struct span trigger = line;
	bool good = is_trigger(line, &trigger);
	_cleanup_free_ char *name = span_dup(good ? trigger : line);

	if (!name)
		return -ENOMEM;
	const struct ledger_entry *part = good ? ledger_find_trigger(j->ledger, name) : NULL;
	if (part)
		return add_part(j->f, part);
	rest_add_line(&j->f->rest, line);
	if (good && strv_add(&j->f->strange_triggers, name) < 0)
		return -ENOMEM;
	return strv_addf(&j->f->remarks,
			 good ? "the trigger %s is not known" : "\"%s\" is no trigger", name);
}

/* "remove-on-upgrade /etc/x": a file that the package had once. */
static bool is_gone(struct span line)
{
	struct span first, path, more;

	return span_word(&line, &first) && span_eq(first, "remove-on-upgrade") &&
	       span_word(&line, &path) && path.p[0] == '/' && !span_word(&line, &more);
}

/* "/etc/x" is a file as any other where it is new. */
static int judge_conffile(struct judging *j, struct span line)
{
	_cleanup_free_ char *path = span_dup(line);

	if (!path)
		return -ENOMEM;
	int r = is_gone(line) ? 1 : path[0] == '/' ? ledger_files_has(&j->files, path + 1) : 0;
	if (r != 0)
		return MIN(r, 0);
	rest_add_line(&j->f->rest, line);
	return strv_addf(&j->f->remarks, "\"%s\" is no file of the package", path);
}

static int judge_lines(struct judging *j, struct span text)
{
	bool triggers = str_eq(j->f->script, "triggers");
	struct span line;
	int r = 0;

	while (r == 0 && span_line(&text, &line)) {
		line = span_trim(line);
		if (line.len && line.p[0] != '#')
			r = triggers ? judge_trigger(j, line) : judge_conffile(j, line);
	}
	return r;
}

static int judge_text(struct judging *j, struct span text)
{
	bool lines = str_eq(j->f->script, "triggers") || str_eq(j->f->script, "conffiles");

	return lines ? judge_lines(j, text) : judge_maintainer_script(j, text);
}

/* Names go into messages, entries and templates. */
static int check_name(const struct package *pkg, const struct package_script *s, struct err *e)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";

	if (s->name[strspn(s->name, chars)])
		return err_set(e, -EBADMSG,
			       "package %s: a member of its control archive has a name with other "
			       "characters than a-z, 0-9, ., - and _",
			       pkg->name);
	if (s->content->len > LEDGER_MAX_SCRIPT_BYTES)
		return err_set(
			e, -EBADMSG,
			"package %s: %s: %llu bytes are too many for a script (%llu at most)",
			pkg->name, s->name, (unsigned long long)s->content->len,
			(unsigned long long)LEDGER_MAX_SCRIPT_BYTES);
	return 0;
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
	struct judging j = { l, { pkg, NULL }, ret };

	*ret = (struct ledger_finding){ .package = pkg, .script = s->name };
	int r = check_name(pkg, s, e);
	if (r < 0)
		return r;
	r = judge_text(&j, text);
	ledger_files_done(&j.files);
	ret->name = rest_package_name(pkg->name, &version);
	if (r == 0 && version.len)
		r = rest_replace(&ret->rest, version);
	if (r < 0 || !ret->name || buf_failed(&ret->rest))
		return err_oom(e);
	look_up(l, ret);
	return 0;
}
