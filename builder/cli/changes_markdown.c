/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a pull request: tables, in which all that comes from the images is code, and so never markup. */
#include "base/path.h"
#include "builder/cli/changes.h"

/*
 * GitHub takes 65536 characters of a comment. Rows end before that, so that headings and the counts of
 * what is left out have room.
 */
#define ROWS_MAX (60 * KiB)

struct markdown {
	const struct changes *changes;
	bool all;
	struct buf out;
};

static void put_fence(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_append_str(b, "`");
}

/*
 * A code span in a cell of a table: the fence is longer than any run of backticks in it, and a bar is
 * escaped, as otherwise it would end the cell. Spec: GitHub Flavored Markdown, 4.10 and 6.3
 */
static void put_code(struct buf *b, const char *text)
{
	size_t fence = 1, run = 0;

	for (const char *p = text; *p; p++) {
		run = *p == '`' ? run + 1 : 0;
		fence = MAX(fence, run + 1);
	}
	const char *pad = fence > 1 ? " " : "";
	put_fence(b, fence);
	buf_append_str(b, pad);
	for (const char *p = text; *p; p++)
		buf_printf(b, "%s%c", *p == '|' ? "\\" : "", *p);
	buf_append_str(b, pad);
	put_fence(b, fence);
}

/* Cells of text of the images, and of our own; empty for nothing. */
static void put_cell(struct buf *b, const char *text)
{
	if (text && *text) {
		buf_append_str(b, " ");
		put_code(b, text);
	}
	buf_append_str(b, " |");
}

static void put_word(struct buf *b, const char *word)
{
	buf_printf(b, "%s%s |", *word ? " " : "", word);
}

/* Return: is there room for it? */
static bool put_row(struct markdown *m, struct buf *row)
{
	bool fits = m->all || m->out.len + row->len < ROWS_MAX;

	buf_append_str(row, "\n");
	if (fits)
		buf_append(&m->out, row->data, row->len);
	m->out.failed = m->out.failed || row->failed;
	return fits;
}

static bool put_change(struct markdown *m, enum change_section section, const struct change *x)
{
	_cleanup_buf_ struct buf row = BUF_INIT;
	char size[CHANGES_SIZE_CHARS];

	buf_append_str(&row, "|");
	put_cell(&row, x->what);
	put_cell(&row, x->a);
	put_cell(&row, x->b);
	if (section == CHANGES_FILES) {
		put_word(&row, x->how ? x->how : x->a ? "removed" : "added");
		put_cell(&row, x->package ? x->package : x->origin);
	}
	changes_size(x->bytes, size);
	if (section == CHANGES_PACKAGES || section == CHANGES_FILES)
		put_word(&row, size);
	return put_row(m, &row);
}

/* Those that follow from a package's change, or the others. Return: how many */
static size_t put_rows(struct markdown *m, enum change_section section, bool follow, size_t limit)
{
	const struct change_list *l = &m->changes->sections[section];
	bool sized = section == CHANGES_PACKAGES || section == CHANGES_FILES;
	bool files = section == CHANGES_FILES;
	size_t n = 0;

	buf_printf(&m->out, "| | A | B |%s%s\n|---|---|---|%s%s\n", files ? " differs | of |" : "",
		   sized ? " size |" : "", files ? "---|---|" : "", sized ? "---:|" : "");
	for (size_t i = 0; i < l->n && n < limit; i++) {
		if (l->v[i].follows != follow)
			continue;
		if (!put_change(m, section, &l->v[i]))
			break;
		n++;
	}
	buf_append_str(&m->out, "\n");
	return n;
}

static void put_section(struct markdown *m, enum change_section section)
{
	const struct change_list *l = &m->changes->sections[section];
	struct changes_count n = changes_count(l);
	size_t own = l->n - n.follow, shown = 0;

	if (!l->n)
		return;
	buf_printf(&m->out, "### %s: %zu added, %zu removed, %zu changed\n\n",
		   changes_title(section), n.added, n.removed, n.changed);
	if (own)
		shown = put_rows(m, section, false, changes_limit(section, m->all));
	if (own > shown)
		buf_printf(&m->out, "and %zu more\n\n", own - shown);
	if (!n.follow)
		return;
	if (!m->all) {
		buf_printf(&m->out, "%zu%s of packages that changed\n\n", n.follow,
			   own ? " more, all" : ", all");
		return;
	}
	buf_printf(&m->out, "<details><summary>%zu of packages that changed</summary>\n\n",
		   n.follow);
	(void)put_rows(m, section, true, SIZE_MAX);
	buf_append_str(&m->out, "</details>\n\n");
}

static void put_head_row(struct markdown *m, const char *title, const char *const values[2])
{
	_cleanup_buf_ struct buf row = BUF_INIT;

	buf_printf(&row, "| %s |", title);
	for (int w = 0; w < 2; w++) {
		_cleanup_free_ char *quoted = path_quote(values[w] ? values[w] : "");
		put_cell(&row, quoted);
	}
	(void)put_row(m, &row);
}

static void put_head(struct markdown *m)
{
	const struct summary *const *s = (const struct summary *const *)m->changes->s;
	char roots[2][2 * VERITY_ROOT_HASH_BYTES + 1] = { "", "" }, sizes[2][32], counts[2][32];

	for (int w = 0; w < 2; w++) {
		if (s[w]->has_root_hash)
			hex_encode(s[w]->root_hash, sizeof(s[w]->root_hash), roots[w]);
		snprintf(sizes[w], sizeof(sizes[w]), "%.1f MiB",
			 (double)s[w]->usr_bytes / (double)MiB);
		snprintf(counts[w], sizeof(counts[w]), "%zu", s[w]->packages.n);
	}
	buf_append_str(&m->out, "| | A | B |\n|---|---|---|\n");
	put_head_row(m, "image", (const char *const[]){ s[0]->name, s[1]->name });
	put_head_row(m, "version", (const char *const[]){ s[0]->version, s[1]->version });
	put_head_row(m, "kernel", (const char *const[]){ s[0]->kernel, s[1]->kernel });
	put_head_row(m, "root hash", (const char *const[]){ roots[0], roots[1] });
	put_head_row(m, "packages", (const char *const[]){ counts[0], counts[1] });
	put_head_row(m, "/usr", (const char *const[]){ sizes[0], sizes[1] });
	buf_append_str(&m->out, "\n");
}

int changes_print_markdown(const struct changes *c, bool all, struct err *e)
{
	struct markdown m = { .changes = c, .all = all, .out = BUF_INIT };

	buf_append_str(&m.out, "## Changes of the image\n\n");
	if (c->equal)
		buf_append_str(&m.out, "None: the images are equal.\n");
	else
		put_head(&m);
	for (size_t i = 0; i < CHANGES_N_SECTIONS; i++)
		put_section(&m, i);
	if (!c->equal && !changes_total(c))
		buf_append_str(&m.out, "None of what is in them, but bytes differ.\n");
	int r = buf_failed(&m.out) ? err_oom(e) : 0;
	if (r == 0 && (fputs(buf_str(&m.out), stdout) < 0 || fflush(stdout) != 0))
		r = err_sys(e, -errno, "standard output");
	buf_done(&m.out);
	return r;
}
