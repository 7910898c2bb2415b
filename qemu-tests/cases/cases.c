/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/cases.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

extern const struct vm_case case_nginx, case_node, case_podman;

const struct vm_case *const vm_cases[] = { &case_nginx, &case_node, &case_podman };
const size_t n_vm_cases = ARRAY_SIZE(vm_cases);

const struct vm_case *vm_case_find(const char *name)
{
	for (size_t i = 0; i < n_vm_cases; i++)
		if (str_eq(vm_cases[i]->name, name))
			return vm_cases[i];
	return NULL;
}

bool vm_case_fits(const struct vm_case *c, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t len = strlen(c->image);

	return strncmp(name, c->image, len) == 0 && name[len] == '_';
}

/* Cases keep plain files in their directory, and no directories. */
static void remove_scratch(const char *path)
{
	DIR *d = opendir(path);

	if (!d)
		return;
	for (struct dirent *de; (de = readdir(d));)
		if (!str_eq(de->d_name, ".") && !str_eq(de->d_name, ".."))
			unlinkat(dirfd(d), de->d_name, 0);
	closedir(d);
	rmdir(path);
}

int vm_case_run(const struct vm_case *c, const struct vm_case_context *ctx, const char *tmp_dir,
		struct strv *ret_notes, struct err *e)
{
	_cleanup_free_ char *scratch = str_printf("%s/slipway-case-XXXXXX", tmp_dir);
	struct vm_case_context own = *ctx;

	if (!scratch)
		return err_oom(e);
	if (!mkdtemp(scratch))
		return err_sys(e, -errno, "scratch directory in %s", tmp_dir);
	own.scratch_dir = scratch;
	own.notes = (struct strv)STRV_INIT;
	int r = c->run(&own, e);
	*ret_notes = own.notes;
	remove_scratch(scratch);
	return r;
}
