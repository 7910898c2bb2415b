/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/bar.h"

#include <sys/ioctl.h>

#define COLUMNS	    78
#define COLUMNS_MAX 160

struct style {
	const char *line, *side, *full;
	const char *top[3], *bottom[3]; /* left, between, right */
};

static const struct style ascii = { "-", "|", "#", { "+", "+", "+" }, { "+", "+", "+" } };
static const struct style boxes = { "─", "│", "█", { "┌", "┬", "┐" }, { "└", "┴", "┘" } };

/* As setlocale() would find it, which would change how numbers are printed, too. */
static bool has_unicode(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	if (!isatty(STDOUT_FILENO))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
	}
	return false;
}

static size_t columns(void)
{
	struct winsize w;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_col < 20)
		return COLUMNS;
	return MIN(w.ws_col, (size_t)COLUMNS_MAX);
}

/* Each has a column; each of the others goes to the part that has the fewest for its size. */
static void share(const struct bar_part *v, size_t n, size_t total, size_t *widths)
{
	for (size_t i = 0; i < n; i++)
		widths[i] = 1;
	for (size_t left = total - n; left; left--) {
		size_t least = 0;
		for (size_t i = 1; i < n; i++)
			if ((double)v[i].bytes / (double)widths[i] >
			    (double)v[least].bytes / (double)widths[least])
				least = i;
		widths[least]++;
	}
}

static void print_edge(const struct style *s, const char *const ends[3], const size_t *widths,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		printf("%s", ends[i ? 1 : 0]);
		for (size_t k = 0; k < widths[i]; k++)
			printf("%s", s->line);
	}
	printf("%s\n", ends[2]);
}

static void print_fill(const struct style *s, const struct bar_part *p, size_t width)
{
	size_t full = p->bytes ? (size_t)((double)MIN(p->used_bytes, p->bytes) / (double)p->bytes *
						  (double)width +
					  0.5)
			       : 0;

	if (p->used_bytes && !full)
		full = 1;
	printf("%s", s->side);
	for (size_t k = 0; k < width; k++)
		printf("%s", k < full ? s->full : " ");
}

void bar_print(const struct bar_part *v, size_t n)
{
	const struct style *s = has_unicode() ? &boxes : &ascii;
	size_t total = columns();
	_cleanup_free_ size_t *widths = calloc(n + 1, sizeof(*widths));

	if (!widths || !n || total < 2 * n + 1)
		return;
	share(v, n, total - (n + 1), widths);
	print_edge(s, s->top, widths, n);
	for (size_t i = 0; i < n; i++)
		printf("%s%-*.*s", s->side, (int)widths[i],
		       strlen(v[i].label) <= widths[i] || widths[i] > 3 ? (int)widths[i] : 0,
		       v[i].label);
	printf("%s\n", s->side);
	for (size_t i = 0; i < n; i++)
		print_fill(s, &v[i], widths[i]);
	printf("%s\n", s->side);
	print_edge(s, s->bottom, widths, n);
}
