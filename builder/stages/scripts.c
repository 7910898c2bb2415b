/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No maintainer script without an answer: what none accounts for ends the plan. */
#include "builder/stages/scripts.h"

void scripts_report_done(struct scripts_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		ledger_finding_done(&r->findings[i]);
	free(r->findings);
	free(r->settled);
	ledger_free(r->ledger);
}

static const struct recipe_script *find_settled(const struct recipe *recipe,
						const struct ledger_finding *f)
{
	for (size_t i = 0; i < recipe->n_scripts; i++) {
		const struct recipe_script *s = &recipe->scripts[i];
		if ((str_eq(s->package, f->package->name) || str_eq(s->package, f->name)) &&
		    str_eq(s->script, f->script) && memcmp(s->sha256, f->sha256, SHA256_BYTES) == 0)
			return s;
	}
	return NULL;
}

static int examine_one(const struct build *b, struct scripts_report *r, const struct package *pkg,
		       const struct package_script *s, struct err *e)
{
	struct ledger_finding *f = &r->findings[r->n];

	int rc = ledger_judge(r->ledger, pkg, s, f, e);
	if (rc == 0 && f->verdict == LEDGER_UNKNOWN) {
		r->settled[r->n] = find_settled(b->p.recipe, f);
		r->n_unknown += !r->settled[r->n];
	}
	r->n++;
	return rc;
}

int scripts_examine(const struct build *b, struct scripts_report *r, struct err *e)
{
	size_t n = 0;

	*r = (struct scripts_report){ .n = 0 };
	for (size_t i = 0; i < b->n_packages; i++)
		n += b->packages[i]->n_scripts;
	r->findings = calloc(n + 1, sizeof(*r->findings));
	r->settled = calloc(n + 1, sizeof(struct recipe_script *));
	if (!r->findings || !r->settled)
		return err_oom(e);
	int rc = ledger_open(&r->ledger, e);
	for (size_t i = 0; i < b->n_packages; i++) {
		const struct package *pkg = b->packages[i];
		for (size_t k = 0; rc == 0 && k < pkg->n_scripts; k++)
			if (ledger_is_script(pkg->scripts[k].name))
				rc = examine_one(b, r, pkg, &pkg->scripts[k], e);
	}
	return rc;
}

static bool is_used(const struct scripts_report *r, const struct recipe_script *s)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->settled[i] == s)
			return true;
	return false;
}

/* An entry that settles nothing is one to take out, or the script has changed since. */
static int warn_unused(struct build *b, const struct scripts_report *r, struct err *e)
{
	for (size_t i = 0; i < b->p.recipe->n_scripts; i++) {
		const struct recipe_script *s = &b->p.recipe->scripts[i];
		if (!s->shared && !is_used(r, s) &&
		    strv_addf(
			    &b->notices,
			    "%s: scripts: no unknown %s of package %s has this sha256: nothing is "
			    "settled by it",
			    b->p.recipe->path, s->script, s->package) < 0)
			return err_oom(e);
	}
	return 0;
}

static int refuse(const struct build *b, const struct scripts_report *r, struct err *e)
{
	size_t i = 0;
	char others[48] = "";

	while (r->findings[i].verdict != LEDGER_UNKNOWN || r->settled[i])
		i++;
	if (r->n_unknown > 1)
		snprintf(others, sizeof(others), " (and %zu more)", r->n_unknown - 1);
	return err_set(
		e, -EINVAL,
		"package %s %s: %s is not in the ledger of maintainer scripts%s: run slipway "
		"scripts %s",
		r->findings[i].package->name, r->findings[i].package->version,
		r->findings[i].script, others, b->p.recipe->path);
}

static int plan(struct build *b, struct err *e)
{
	struct scripts_report r;

	int rc = scripts_examine(b, &r, e);
	if (rc == 0)
		rc = warn_unused(b, &r, e);
	if (rc == 0 && r.n_unknown)
		rc = refuse(b, &r, e);
	scripts_report_done(&r);
	return rc;
}

const struct stage stage_scripts = { .name = "scripts", .plan = plan };
