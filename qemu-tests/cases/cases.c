/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/cases.h"

#include <sys/stat.h>

#include "base/path.h"
#include "qemu-tests/cases/case_tamper.h"
#include "qemu-tests/vm/private_dir.h"

extern const struct vm_case case_boot, case_boot_limit, case_containers, case_contents,
	case_extensions, case_hang, case_immutable, case_nginx, case_no_secure_boot, case_node,
	case_podman, case_recovery, case_rotation, case_secrets, case_state, case_update,
	case_update_crash, case_update_cuts, case_update_foreign, case_update_freeze,
	case_update_panic, case_update_unwell, case_versions;

#define ADDRESS(name) &case_tamper_##name,
const struct vm_case *const vm_cases[] = {
	&case_boot,	    &case_contents,	  &case_immutable,    &case_no_secure_boot,
	&case_hang,	    &case_boot_limit,	  &case_extensions,   &case_secrets,
	&case_node,	    &case_podman,	  &case_nginx,	      &case_versions,
	&case_containers,   &case_state,	  &case_recovery,     &case_update,
	&case_update_crash, &case_update_unwell,  &case_update_panic, &case_update_freeze,
	&case_update_cuts,  &case_update_foreign, &case_rotation,     CASES_TAMPER(ADDRESS)
};
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
	const char *name = path_last(path);
	size_t len = c->image ? strlen(c->image) : 0;

	return !c->image || (strncmp(name, c->image, len) == 0 && name[len] == '_');
}

int vm_case_run(const struct vm_case *c, const struct vm_case_context *ctx, const char *tmp_dir,
		struct strv *ret_notes, struct err *e)
{
	_cleanup_free_ char *log_dir = str_printf("%s/%s", ctx->log_dir, c->name);
	struct private_dir scratch = PRIVATE_DIR_INIT;
	struct vm_case_context own = *ctx;

	if (!log_dir)
		return err_oom(e);
	if (mkdir(log_dir, 0777) < 0 && errno != EEXIST)
		return err_sys(e, -errno, "%s", log_dir);
	int r = private_dir_make(&scratch, tmp_dir, "slipway-case.", e);
	if (r < 0)
		return r;
	own.log_dir = log_dir;
	own.scratch_dir = scratch.path;
	own.tmp_dir = tmp_dir;
	own.notes = (struct strv)STRV_INIT;
	own.data = c->data;
	r = c->run(&own, e);
	*ret_notes = own.notes;
	private_dir_remove(&scratch);
	return r;
}
