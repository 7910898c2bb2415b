/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * etc/pam.d/common-*, as pam-auth-update(8) makes them for all profiles that are on by default: sorted
 * by priority, their lines put between the marks of the templates, jumps to the end counted.
 */
#include "stage1/finish/pam_profile.h"

#include "stage1/finish/finish.h"
#include "stage1/finish/text.h"

#define NAME		"pam"
#define PRIMARY_MARK	"# here are the per-package modules (the \"Primary\" block)"
#define FALLBACK_MARK	"# here's the fallback if no module succeeds"
#define ADDITIONAL_MARK "# and here are more per-package modules (the \"Additional\" block)"
#define END_MARK	"# end of pam-auth-update config"

/* The files: what their lines start with, and which fields of a profile they take. */
static const struct {
	const char *file, *type, *field;
} stacks[] = {
	{ "common-auth", "auth", "Auth" },
	{ "common-account", "account", "Account" },
	{ "common-password", "password", "Password" },
	{ "common-session", "session", "Session" },
	{ "common-session-noninteractive", "session", "Session-noninteractive" },
};

struct stack {
	const struct pam_profile *const *profiles; /* enabled, in order */
	size_t n;
	const char *type, *field;
	struct buf out;
};

/* The lines of each profile that belong into a block: the first one's may be special ("Initial"). */
static int block_lines(const struct stack *s, const char *block, struct strv *lines)
{
	bool first = true;

	for (size_t i = 0; i < s->n; i++) {
		const char *type = pam_profile_field(s->profiles[i], s->field, "-Type");
		const char *initial = pam_profile_field(s->profiles[i], s->field, "-Initial");
		const char *text = pam_profile_field(s->profiles[i], s->field, "");
		if (!type || !str_eq(type, block))
			continue;
		if (first && initial && *initial)
			text = initial;
		first = false;
		if (text && strv_split(lines, text, "\n") < 0)
			return -ENOMEM;
	}
	return 0;
}

static size_t control_length(const char *line)
{
	const char *end = *line == '[' ? strchr(line, ']') : NULL;

	return end ? (size_t)(end + 1 - line) : strcspn(line, " \t");
}

/* "control module options": the jump in the control is counted, the options get one space each. */
static int print_line(struct stack *s, const char *line, long jump)
{
	_cleanup_strv_ struct strv options = STRV_INIT;
	size_t len = control_length(line);

	len += strspn(line + len, " \t");
	len += strcspn(line + len, " \t");
	if (strv_split(&options, line + len, " \t") < 0)
		return -ENOMEM;
	buf_printf(&s->out, "%s\t", s->type);
	for (const char *c = line; c < line + len;) {
		if (str_has_prefix(c, "end") && c + 3 <= line + len) {
			buf_printf(&s->out, "%ld", jump);
			c += 3;
		} else {
			buf_append(&s->out, c++, 1);
		}
	}
	buf_append_str(&s->out, " ");
	for (size_t i = 0; i < options.n; i++)
		buf_printf(&s->out, "%s%s", i ? " " : "", options.v[i]);
	buf_append_str(&s->out, "\n");
	return 0;
}

static int print_block(struct stack *s, const char *block, bool primary, struct err *e)
{
	_cleanup_strv_ struct strv lines = STRV_INIT;

	if (block_lines(s, block, &lines) < 0)
		return err_oom(e);
	if (primary && !lines.n)
		buf_printf(&s->out, "%s\t[default=1]\t\t\tpam_permit.so\n", s->type);
	/* Nothing may jump behind the last line of the stack. */
	long jump = (long)lines.n - (primary ? 0 : 1);
	for (size_t i = 0; i < lines.n; i++)
		if (print_line(s, lines.v[i], jump--) < 0)
			return err_oom(e);
	return 0;
}

/* Copies the template, and puts the blocks in the place of what stands between the marks. */
static int fill_template(struct stack *s, char *text, const char *path, struct err *e)
{
	enum { HEAD, IN_PRIMARY, MIDDLE, IN_ADDITIONAL, TAIL } state = HEAD;
	char *line;
	int r = 0;

	while (r == 0 && (line = text_next_line(&text))) {
		if (state == IN_PRIMARY && str_has_prefix(line, FALLBACK_MARK))
			state = MIDDLE;
		else if (state == IN_ADDITIONAL && str_has_prefix(line, END_MARK))
			state = TAIL;
		if (state == IN_PRIMARY || state == IN_ADDITIONAL)
			continue;
		buf_printf(&s->out, "%s\n", line);
		if (state == HEAD && str_has_prefix(line, PRIMARY_MARK)) {
			r = print_block(s, "Primary", true, e);
			state = IN_PRIMARY;
		} else if (state == MIDDLE && str_has_prefix(line, ADDITIONAL_MARK)) {
			r = print_block(s, "Additional", false, e);
			state = IN_ADDITIONAL;
		}
	}
	if (r == 0 && state != TAIL)
		r = err_set(e, -EBADMSG, "%s: not a template of pam-auth-update: marks are missing",
			    path);
	return r < 0 ? r : buf_failed(&s->out) ? err_oom(e) : 0;
}

static int put_stack(const struct finish_params *p, const struct pam_profiles *l, size_t i,
		     struct err *e)
{
	_cleanup_free_ char *template = str_printf("usr/share/pam/%s", stacks[i].file);
	_cleanup_free_ char *path = str_printf("etc/pam.d/%s", stacks[i].file);
	_cleanup_free_ char *text = NULL;

	if (!template || !path)
		return err_oom(e);
	if (tree_lookup(p->tree, path) || !tree_file_blob(p->tree, template))
		return 0;
	int r = text_read(p->tree, template, &text, e);
	if (r < 0)
		return r;
	struct stack s = { .profiles = (const struct pam_profile *const *)l->enabled,
			   .n = l->n_enabled,
			   .type = stacks[i].type,
			   .field = stacks[i].field };
	r = fill_template(&s, text, template, e);
	if (r == 0)
		r = finish_put(p, NAME, path, buf_str(&s.out), e);
	buf_done(&s.out);
	return r;
}

int finish_pam(const struct finish_params *p, struct err *e)
{
	struct pam_profiles l = { 0 };

	int r = pam_profiles_read(p->tree, &l, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(stacks); i++)
		r = put_stack(p, &l, i, e);
	pam_profiles_done(&l);
	return r;
}
