/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/cli/plan.h"

#include <time.h>

#define N_BIGGEST 10
#define RULE \
	"--  ---------------  ----------  ----------  ----------  ----------  --------------------"

static double mib(uint64_t bytes)
{
	return (double)bytes / (double)MiB;
}

/* The ESP's content is made by the run; an empty slot has none. */
bool plan_used_bytes(const struct build *b, const struct layout_placed *p, uint64_t *ret)
{
	*ret = 0;
	if (p->type == LAYOUT_ESP)
		return false;
	if (p->slot == 0)
		*ret = p->type == LAYOUT_USR	      ? b->usr_plan->bytes
		       : p->type == LAYOUT_USR_VERITY ? b->verity_bytes
						      : 4096;
	return true;
}

static void print_partition(const struct cli *c, const struct build *b, size_t i)
{
	const struct layout_placed *p = &b->plan.placed[i];
	char used[32] = "at the run", spare[32] = "";
	uint64_t bytes;

	if (plan_used_bytes(b, p, &bytes)) {
		snprintf(used, sizeof(used), "%.1f", mib(bytes));
		snprintf(spare, sizeof(spare), "%.1f", mib(p->size_bytes - bytes));
	}
	cli_note(c, "%2zu  %-15s  %10.1f  %10.1f  %10s  %10s  %s", i + 1, layout_type_name(p->type),
		 mib(p->start_bytes), mib(p->size_bytes), used, spare, p->label);
}

static void print_partitions(const struct cli *c, const struct build *b)
{
	const struct layout_partition *root = layout_find(b->layout, LAYOUT_ROOT, LAYOUT_NO_SLOT);

	cli_note(c, "\nDisk: %.1f MiB by layout %s, sizes in MiB", mib(b->plan.disk_bytes),
		 b->layout->name);
	cli_note(c, " #  %-15s  %10s  %10s  %10s  %10s  %s", "type", "at", "size", "used",
		 "to spare", "label");
	cli_note(c, RULE);
	for (size_t i = 0; i < b->plan.n_placed; i++)
		print_partition(c, b, i);
	if (root)
		cli_note(c, "%2zu  %-15s  %10.1f  %10s  %10s  %10s  %s", b->plan.n_placed + 1,
			 "root", mib(b->plan.disk_bytes), "the rest", "", "", "made on first boot");
	if (root)
		cli_note(c, "A node's disk has %.1f MiB at least.",
			 mib(b->plan.disk_bytes + root->size_bytes));
}

/* How much each package brings into /usr; a file with several names counts once. */
struct sizes {
	const struct tree_origin **origins;
	uint64_t *bytes;
	size_t n, cap;
};

static int count_node(struct tree_node *n, void *ctx, struct err *e unused_)
{
	struct sizes *s = ctx;
	size_t i = 0;

	if (!tree_is_file(n) || n->inode->origin->kind != TREE_ORIGIN_PACKAGE)
		return 0;
	while (i < s->n && s->origins[i] != n->inode->origin)
		i++;
	if (i == s->cap)
		return 0;
	if (i == s->n)
		s->origins[s->n++] = n->inode->origin;
	s->bytes[i] += n->inode->blob->len / n->inode->nlink;
	return 0;
}

static size_t biggest(const struct sizes *s)
{
	size_t max = 0;

	for (size_t i = 1; i < s->n; i++)
		if (s->bytes[i] > s->bytes[max])
			max = i;
	return max;
}

static int print_biggest(const struct cli *c, const struct build *b, struct err *e)
{
	size_t cap = b->n_packages;
	_cleanup_free_ const struct tree_origin **origins = calloc(cap + 1, sizeof(*origins));
	_cleanup_free_ uint64_t *bytes = calloc(cap + 1, sizeof(*bytes));
	struct sizes s = { .origins = origins, .bytes = bytes, .cap = cap };

	if (!origins || !bytes)
		return err_oom(e);
	int r = tree_walk(tree_root(b->tree), count_node, &s, e);
	if (r < 0)
		return r;
	cli_note(c, "\nBiggest packages, MiB in /usr");
	for (size_t i = 0; i < MIN(s.n, (size_t)N_BIGGEST); i++) {
		size_t at = biggest(&s);
		cli_note(c, "  %8.1f  %s %s", mib(bytes[at]), origins[at]->name,
			 origins[at]->version ? origins[at]->version : "");
		bytes[at] = 0;
	}
	return 0;
}

/* Names under a recipe's list, wrapped. */
static void print_names(const struct cli *c, const char *head, const struct strv *names)
{
	_cleanup_buf_ struct buf line = BUF_INIT;

	buf_printf(&line, "  %s %zu:", head, names->n);
	for (size_t i = 0; i < names->n; i++) {
		if (line.len + strlen(names->v[i]) > 98) {
			cli_note(c, "%s", buf_str(&line));
			line.len = 0;
			buf_append_str(&line, "   ");
		}
		buf_printf(&line, " %s", names->v[i]);
	}
	if (names->n)
		cli_note(c, "%s", buf_str(&line));
}

/* Links in .wants and .requires, and masks, as the node will find them. */
struct unit_counts {
	size_t enabled, masked;
};

static int count_unit(struct tree_node *n, void *ctx, struct err *e unused_)
{
	struct unit_counts *counts = ctx;

	if (!tree_is_symlink(n))
		return 0;
	if (str_eq(n->inode->target, "/dev/null"))
		counts->masked++;
	else if (str_has_suffix(n->parent->name, ".wants") ||
		 str_has_suffix(n->parent->name, ".requires"))
		counts->enabled++;
	return 0;
}

static int print_units(const struct cli *c, const struct build *b, struct err *e)
{
	static const char *const dirs[] = { "lib/systemd/system",
					    "share/factory/etc/systemd/system" };
	const struct recipe *recipe = b->p.recipe;
	struct unit_counts counts = { 0, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct tree_node *n = tree_lookup(b->tree, dirs[i]);
		int r = n ? tree_walk(n, count_unit, &counts, e) : 0;
		if (r < 0)
			return r;
	}
	cli_note(c, "\nUnits: %zu wanted or required by others, %zu masked; of these by the recipe",
		 counts.enabled, counts.masked);
	print_names(c, "enabled", &recipe->units_enable);
	print_names(c, "disabled", &recipe->units_disable);
	print_names(c, "masked", &recipe->units_mask);
	return 0;
}

static void print_departures(const struct cli *c, const struct recipe *r)
{
	if (r->n_without)
		cli_note(c, "\nWithout, though dependencies ask for them");
	for (size_t i = 0; i < r->n_without; i++)
		cli_note(c, "  %-28s %s", r->without[i].package, r->without[i].why);
	if (r->n_remove)
		cli_note(c, "\nRemoved");
	for (size_t i = 0; i < r->n_remove; i++)
		cli_note(c, "  %-28s %s", r->remove[i].path,
			 r->remove[i].why ? r->remove[i].why : "(no reason given)");
	if (r->n_wins)
		cli_note(c, "\nPreferred");
	for (size_t i = 0; i < r->n_wins; i++)
		cli_note(c, "  %-28s of %s", r->wins[i].path, r->wins[i].package);
	if (r->n_scripts)
		cli_note(c, "\nMaintainer scripts settled by the recipe");
	for (size_t i = 0; i < r->n_scripts; i++)
		cli_note(c, "  %s %-*s %s", r->scripts[i].package,
			 (int)(27 - MIN(strlen(r->scripts[i].package), (size_t)27)),
			 r->scripts[i].script, r->scripts[i].why);
}

static void print_usr(const struct cli *c, const struct build *b)
{
	const struct recipe_filesystem *f = &b->p.recipe->filesystem;
	char level[32] = "", how[96] = "";

	if (f->level)
		snprintf(level, sizeof(level), ", level %d", f->level);
	if (f->compression != FS_PLAIN)
		snprintf(how, sizeof(how), " (%s%s, clusters of %u KiB)",
			 fs_algorithms[f->compression].name, level, f->cluster_bytes / 1024);
	cli_note(c, "/usr: %s%s, %.1f MiB, %zu entries; hash tree %.1f MiB", f->type, how,
		 mib(b->usr_plan->bytes), tree_count(b->tree), mib(b->verity_bytes));
}

int plan_print(const struct cli *c, const struct build *b, struct err *e)
{
	const struct recipe *recipe = b->p.recipe;
	time_t t = (time_t)b->time;
	char date[32] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &tm);
	cli_note(c, "%s %s for %s: %zu packages, kernel %s, time of all files %s", recipe->name,
		 recipe->version, recipe->arch, b->n_packages, b->kernel_version, date);
	print_usr(c, b);
	print_partitions(c, b);
	int r = print_biggest(c, b, e);
	if (r == 0)
		r = print_units(c, b, e);
	print_departures(c, recipe);
	return r;
}
