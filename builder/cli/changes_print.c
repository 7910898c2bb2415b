/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/changes.h"

#include "base/path.h"

#define SHOWN_OF_A_SECTION 20

static const struct {
	const char *key, *title;
} names[CHANGES_N_SECTIONS] = {
	[CHANGES_PACKAGES] = { "packages", "Packages" },
	[CHANGES_CMDLINE] = { "command_line", "Command line" },
	[CHANGES_CONFIG] = { "kernel_config", "Kernel configuration" },
	[CHANGES_UNITS] = { "units", "Units" },
	[CHANGES_PRIVILEGES] = { "privileges", "Set-id files and capabilities" },
	[CHANGES_FILES] = { "files", "Files" },
};

const char *changes_key(enum change_section s)
{
	return names[s].key;
}

const char *changes_title(enum change_section s)
{
	return names[s].title;
}

size_t changes_limit(enum change_section s, bool all)
{
	return all || s == CHANGES_PACKAGES ? SIZE_MAX : SHOWN_OF_A_SECTION;
}

bool changes_is_shown(const struct change *x, bool all)
{
	return all || !x->follows;
}

void changes_size(const uint64_t bytes[2], char out[CHANGES_SIZE_CHARS])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
	bool more = bytes[1] > bytes[0];
	double size = (double)(more ? bytes[1] - bytes[0] : bytes[0] - bytes[1]);
	size_t unit = 0;

	for (; size >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
		size /= 1024;
	*out = '\0';
	if (size > 0)
		snprintf(out, CHANGES_SIZE_CHARS, "%c%.*f %s", more ? '+' : '-', unit > 0, size,
			 units[unit]);
}

struct changes_count changes_count(const struct change_list *l)
{
	struct changes_count n = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		n.added += !l->v[i].a;
		n.removed += !l->v[i].b;
		n.changed += l->v[i].a && l->v[i].b;
		n.follow += l->v[i].follows;
	}
	return n;
}

static void print_change(enum change_section section, const struct change *x)
{
	const char *value = x->a ? x->a : x->b, *arrow = "", *second = "";
	char size[CHANGES_SIZE_CHARS] = "";

	if (section == CHANGES_PACKAGES || section == CHANGES_FILES)
		changes_size(x->bytes, size);
	if (x->a && x->b && !str_eq(x->a, x->b)) {
		arrow = " -> ";
		second = x->b;
	}
	printf("  %c %s", x->a && x->b ? '~' : x->a ? '-' : '+', x->what);
	if (x->how)
		printf(": %s", x->how);
	/* Of a word that is there once, or is not, there is no more to say. */
	if (section == CHANGES_CMDLINE ? *arrow || !str_eq(value, "1") : !x->how || *arrow)
		printf(": %s%s%s", value, arrow, second);
	printf("%s%s%s", *size ? " (" : "", size, *size ? ")" : "");
	const char *of = x->package ? x->package : x->origin;
	printf("%s%s\n", of ? ", of " : "", of ? of : "");
}

static void print_section(const struct changes *c, enum change_section section, bool all)
{
	const struct change_list *l = &c->sections[section];
	struct changes_count n = changes_count(l);
	size_t shown = 0, limit = changes_limit(section, all);

	if (!l->n)
		return;
	printf("\n%s: %zu added, %zu removed, %zu changed\n", changes_title(section), n.added,
	       n.removed, n.changed);
	for (size_t i = 0; i < l->n && shown < limit; i++) {
		if (!changes_is_shown(&l->v[i], all))
			continue;
		print_change(section, &l->v[i]);
		shown++;
	}
	if (!all && n.follow)
		printf("  and %zu of packages that changed; --all lists them\n", n.follow);
	if (!all && shown + n.follow < l->n)
		printf("  and %zu more; --all lists them\n", l->n - shown - n.follow);
}

static void print_head(const struct summary *s, char letter)
{
	_cleanup_free_ char *name = path_quote(s->name ? s->name : "?");
	_cleanup_free_ char *version = path_quote(s->version ? s->version : "?");
	_cleanup_free_ char *kernel = path_quote(s->kernel ? s->kernel : "?");
	char hex[2 * VERITY_ROOT_HASH_BYTES + 1] = "none";

	if (s->has_root_hash)
		hex_encode(s->root_hash, sizeof(s->root_hash), hex);
	printf("%c: %s %s, kernel %s, %zu packages, /usr %.1f MiB, content %.1f MiB\n   root hash %s\n",
	       letter, name ? name : "?", version ? version : "?", kernel ? kernel : "?",
	       s->packages.n, (double)s->usr_bytes / (double)MiB,
	       (double)s->content_bytes / (double)MiB, hex);
}

int changes_print(const struct changes *c, bool all, struct err *e)
{
	if (c->equal)
		return 0;
	print_head(c->s[0], 'A');
	print_head(c->s[1], 'B');
	for (size_t i = 0; i < CHANGES_N_SECTIONS; i++)
		print_section(c, i, all);
	if (!changes_total(c))
		printf("\nNothing of what is in them: --bytes tells which bytes differ, and why.\n");
	return fflush(stdout) == 0 ? 0 : err_sys(e, -errno, "standard output");
}
