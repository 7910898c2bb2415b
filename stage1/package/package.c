/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage1/package/package.h"

#include "stage1/package/deb_internal.h"

void package_free(struct package *p)
{
	if (!p)
		return;
	package_entries_free(p);
	for (size_t i = 0; i < p->n_scripts; i++) {
		free(p->scripts[i].name);
		blob_unref(p->scripts[i].content);
	}
	free(p->scripts);
	strv_done(&p->conffiles);
	free(p->name);
	free(p->version);
	free(p->arch);
	free(p->control);
	free(p);
}

struct blob *package_script(const struct package *p, const char *name)
{
	for (size_t i = 0; i < p->n_scripts; i++)
		if (str_eq(p->scripts[i].name, name))
			return p->scripts[i].content;
	return NULL;
}
