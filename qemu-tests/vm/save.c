/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine as it is at one moment: QEMU's migration into a file and out of it, with the disk and the
 * firmware's variables of that moment beside it.
 * Spec: docs/devel/migration/main.rst and qapi/migration.json of QEMU
 */
#include "qemu-tests/vm/vm_internal.h"

#define MIGRATION_TIMEOUT_SEC 300

/* The file's name is JSON in a form of its own, in which no character is special. */
static int migrate(struct vm *vm, const char *command, const char *file, struct err *e)
{
	_cleanup_(json_object_put) struct json_object *path = json_object_new_string(file);
	_cleanup_free_ char *arguments =
		str_printf("{\"channels\":[{\"channel-type\":\"main\",\"addr\":{\"transport\":"
			   "\"file\",\"offset\":0,\"filename\":%s}}]}",
			   path ? json_object_to_json_string(path) : "");
	int r = vm_call(vm, "migrate-set-capabilities",
			"{\"capabilities\":[{\"capability\":\"events\",\"state\":true}]}", NULL, e);

	vm->migration[0] = '\0';
	if (!path || !arguments)
		return err_oom(e);
	return r < 0 ? r : vm_call(vm, command, arguments, NULL, e);
}

static int failed(struct vm *vm, struct err *e)
{
	_cleanup_(json_object_put) struct json_object *o = NULL;
	struct json_object *why = NULL;
	int r = vm_call(vm, "query-migrate", NULL, &o, e);

	if (r < 0)
		return r;
	json_object_object_get_ex(o, "error-desc", &why);
	return err_set(e, -EIO, "VM %s: migration failed: %s", vm->name,
		       why ? json_object_get_string(why) : "no reason given");
}

static int wait_migration(struct vm *vm, struct err *e)
{
	uint64_t deadline = vm_deadline(MIGRATION_TIMEOUT_SEC);

	while (!str_eq(vm->migration, "completed")) {
		if (!vm_running(vm))
			return vm_gone(vm, e);
		if (str_eq(vm->migration, "failed"))
			return failed(vm, e);
		int r = vm_serve(vm->host, deadline, e);
		if (r < 0)
			return err_wrap(e, r, "VM %s: migration", vm->name);
	}
	return 0;
}

/* QEMU tells that it has migrated a moment before it can go on. */
static int go_on(struct vm *vm, struct err *e)
{
	uint64_t deadline = vm_deadline(0);
	char status[32];
	int r;

	do {
		r = vm_status(vm, status, e);
	} while (r == 0 && str_eq(status, "finish-migrate") && vm_now_usec() < deadline);
	return r < 0 ? r : vm_call(vm, "cont", NULL, NULL, e);
}

static int copy_into(const char *file, const char *dir, const char *name, struct err *e)
{
	_cleanup_free_ char *to = str_printf("%s/%s", dir, name);

	return to ? vm_copy_file(file, to, e) : err_oom(e);
}

/* An image that it writes into is mostly holes. */
static int copy_disk(const struct vm *vm, const char *dir, struct err *e)
{
	if (!vm->writes_image)
		return copy_into(vm->disk, dir, "disk.qcow2", e);
	_cleanup_free_ char *to = str_printf("%s/disk.raw", dir);
	return to ? vm_copy_sparse(vm->disk, to, e) : err_oom(e);
}

/* While it stands still and has given its files up: they are whole, and nobody writes them. */
static int copy_files(const struct vm *vm, const char *dir, struct err *e)
{
	const struct channel *c = &vm->channel;
	_cleanup_free_ char *public_key = c->key ? str_printf("%s.pub", c->key) : NULL;
	int r = vm->disk ? copy_disk(vm, dir, e) : 0;

	if (r == 0 && vm->vars)
		r = copy_into(vm->vars, dir, "vars.fd", e);
	if (r == 0 && c->key)
		r = copy_into(c->key, dir, "key", e);
	if (r == 0 && public_key)
		r = copy_into(public_key, dir, "key.pub", e);
	return r;
}

/* It stands still, so that no bandwidth is kept for it. */
static int save_state(struct vm *vm, const char *file, struct err *e)
{
	int r = vm_call(vm, "migrate-set-parameters", "{\"max-bandwidth\":1099511627776}", NULL, e);

	if (r == 0)
		r = migrate(vm, "migrate", file, e);
	return r < 0 ? r : wait_migration(vm, e);
}

/* The state gets its name when all is there. */
static int save_all(struct vm *vm, const char *dir, struct err *e)
{
	_cleanup_free_ char *file = str_printf("%s/state", dir);
	_cleanup_free_ char *part = str_printf("%s/state.part", dir);

	if (!file || !part)
		return err_oom(e);
	int r = save_state(vm, part, e);
	if (r == 0)
		r = copy_files(vm, dir, e);
	if (r == 0 && rename(part, file) < 0)
		r = err_sys(e, -errno, "%s", file);
	if (r < 0)
		unlink(part);
	return r;
}

int vm_save(struct vm *vm, const char *dir, struct err *e)
{
	struct err lost;

	if (vm->swtpm.pid)
		return err_set(e, -ENOTSUP, "VM %s has a TPM: it cannot be saved", vm->name);
	int r = vm_call(vm, "stop", NULL, NULL, e);
	if (r < 0)
		return r;
	r = save_all(vm, dir, e);
	int goes_on = go_on(vm, r < 0 ? &lost : e);
	return r < 0 ? r : goes_on;
}

bool vm_saved(const char *dir)
{
	_cleanup_free_ char *file = str_printf("%s/state", dir);

	return file && access(file, F_OK) == 0;
}

int vm_load(struct vm *vm, const char *dir, struct err *e)
{
	_cleanup_free_ char *file = str_printf("%s/state", dir);

	if (!file)
		return err_oom(e);
	int r = migrate(vm, "migrate-incoming", file, e);
	if (r == 0)
		r = wait_migration(vm, e);
	if (r == -ESRCH)
		return vm_failed_start(vm, e);
	return r < 0 ? r : vm_call(vm, "cont", NULL, NULL, e);
}
