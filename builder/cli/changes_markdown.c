/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a pull request: tables, in which all that comes from the images is code, and so never markup. */
#include "base/path.h"
#include "builder/cli/changes.h"

/*
 * A code span in a cell of a table: the fence is longer than any run of backticks in it, and a bar is
 * escaped, as otherwise it would end the cell. Spec: GitHub Flavored Markdown, 4.10 and 6.3
 */
static void print_code(const char *text)
{
	size_t fence = 1, run = 0;

	for (const char *p = text; *p; p++) {
		run = *p == '`' ? run + 1 : 0;
		fence = MAX(fence, run + 1);
	}
	const char *pad = fence > 1 ? " " : "";
	for (size_t i = 0; i < fence; i++)
		putchar('`');
	printf("%s", pad);
	for (const char *p = text; *p; p++)
		printf("%s%c", *p == '|' ? "\\" : "", *p);
	printf("%s", pad);
	for (size_t i = 0; i < fence; i++)
		putchar('`');
}

/* A cell; empty for nothing. */
static void print_cell(const char *text)
{
	if (text && *text) {
		printf(" ");
		print_code(text);
	}
	printf(" |");
}

static void print_rows(const struct changes *c, enum change_section section, bool follow,
		       size_t limit)
{
	const struct change_list *l = &c->sections[section];
	bool sized = section == CHANGES_PACKAGES || section == CHANGES_FILES;
	bool files = section == CHANGES_FILES;
	char size[CHANGES_SIZE_CHARS];

	printf("| | A | B |%s%s\n|---|---|---|%s%s\n", files ? " differs |" : "",
	       sized ? " size |" : "", files ? "---|" : "", sized ? "---:|" : "");
	for (size_t i = 0; i < l->n && limit; i++) {
		const struct change *x = &l->v[i];
		if (x->follows != follow)
			continue;
		limit--;
		printf("|");
		print_cell(x->what);
		print_cell(x->a);
		print_cell(x->b);
		if (files)
			printf(" %s |", x->how ? x->how : x->a ? "removed" : "added");
		changes_size(x->bytes, size);
		if (sized)
			printf(" %s |", size);
		printf("\n");
	}
	printf("\n");
}

static void print_section(const struct changes *c, enum change_section section, bool all)
{
	const struct change_list *l = &c->sections[section];
	struct changes_count n = changes_count(l);
	size_t limit = all ? SIZE_MAX : CHANGES_SHOWN, own = l->n - n.follow;

	if (!l->n)
		return;
	printf("### %s: %zu added, %zu removed, %zu changed\n\n", changes_title(section), n.added,
	       n.removed, n.changed);
	if (own)
		print_rows(c, section, false, limit);
	if (own > limit)
		printf("and %zu more\n\n", own - limit);
	if (!n.follow)
		return;
	if (!all) {
		printf("%zu%s of packages that changed\n\n", n.follow,
		       own ? " more, all" : ", all");
		return;
	}
	printf("<details><summary>%zu of packages that changed</summary>\n\n", n.follow);
	print_rows(c, section, true, SIZE_MAX);
	printf("</details>\n\n");
}

static void print_head_row(const char *title, const char *const values[2])
{
	printf("| %s |", title);
	for (int w = 0; w < 2; w++) {
		_cleanup_free_ char *quoted = path_quote(values[w] ? values[w] : "");
		print_cell(quoted);
	}
	printf("\n");
}

static void print_head(const struct changes *c)
{
	const struct summary *const *s = (const struct summary *const *)c->s;
	char roots[2][2 * VERITY_ROOT_HASH_BYTES + 1] = { "", "" }, sizes[2][32], counts[2][32];

	for (int w = 0; w < 2; w++) {
		if (s[w]->has_root_hash)
			hex_encode(s[w]->root_hash, sizeof(s[w]->root_hash), roots[w]);
		snprintf(sizes[w], sizeof(sizes[w]), "%.1f MiB",
			 (double)s[w]->usr_bytes / (double)MiB);
		snprintf(counts[w], sizeof(counts[w]), "%zu", s[w]->packages.n);
	}
	printf("| | A | B |\n|---|---|---|\n");
	print_head_row("image", (const char *const[]){ s[0]->name, s[1]->name });
	print_head_row("version", (const char *const[]){ s[0]->version, s[1]->version });
	print_head_row("kernel", (const char *const[]){ s[0]->kernel, s[1]->kernel });
	print_head_row("root hash", (const char *const[]){ roots[0], roots[1] });
	print_head_row("packages", (const char *const[]){ counts[0], counts[1] });
	print_head_row("/usr", (const char *const[]){ sizes[0], sizes[1] });
	printf("\n");
}

int changes_print_markdown(const struct changes *c, bool all, struct err *e)
{
	printf("## Changes of the image\n\n");
	if (c->equal)
		printf("None: the images are equal.\n");
	else
		print_head(c);
	for (size_t i = 0; i < CHANGES_N_SECTIONS; i++)
		print_section(c, i, all);
	if (!c->equal && !changes_total(c))
		printf("None of what is in them, but bytes differ.\n");
	return fflush(stdout) == 0 ? 0 : err_sys(e, -errno, "standard output");
}
