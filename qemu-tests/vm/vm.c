/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine's life: start, QMP, events, end. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "qemu-tests/vm/vm_internal.h"

/* QEMU answers at once, but the machine may be loaded. */
#define QMP_TIMEOUT_SEC 60

static const char *const event_names[VM_EVENTS] = {
	[VM_EVENT_POWERDOWN] = "POWERDOWN", [VM_EVENT_SHUTDOWN] = "SHUTDOWN",
	[VM_EVENT_RESET] = "RESET",	    [VM_EVENT_PANICKED] = "GUEST_PANICKED",
	[VM_EVENT_WATCHDOG] = "WATCHDOG",
};

/* A string of what an event tells; it stays as it was where there is none. */
static void keep_detail(struct json_object *detail, const char *key, const char *end, char ret[32])
{
	struct json_object *v = NULL;

	if (detail && json_object_object_get_ex(detail, key, &v))
		snprintf(ret, 32, "%s%s", json_object_get_string(v), end);
}

static void on_event(void *data, const char *name, struct json_object *detail)
{
	struct vm *vm = data;

	for (size_t i = 0; i < VM_EVENTS; i++)
		if (str_eq(name, event_names[i]))
			vm->events[i]++;
	if (str_eq(name, "RESET")) {
		vm_channel_reset(vm);
		vm->born_usec = vm_now_usec();
	}
	if (str_eq(name, "SHUTDOWN"))
		keep_detail(detail, "reason", ", ", vm->shutdown_reason);
	if (str_eq(name, "MIGRATION"))
		keep_detail(detail, "status", "", vm->migration);
}

static int on_limit(unused_ sd_event_source *s, unused_ uint64_t usec, void *data)
{
	struct vm *vm = data;

	if (!vm_running(vm))
		return 0;
	vm->expired = true;
	kill(vm->qemu.pid, SIGKILL);
	return 0;
}

static int open_log(const struct vm_params *p, const char *dir, const char *suffix, int *ret,
		    struct err *e)
{
	_cleanup_free_ char *path =
		str_printf("%s/%s.%s", p->log_dir ? p->log_dir : dir, p->name, suffix);

	if (!path)
		return err_oom(e);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(e, -errno, "%s", path);
	*ret = fd;
	return 0;
}

static int vm_new(struct vm_host *h, const struct vm_params *p, struct vm **ret, struct err *e)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t len = p->name ? strlen(p->name) : 0;

	if (len == 0 || len > 64 || strspn(p->name, letters) != len || p->name[0] == '.')
		return err_set(e, -EINVAL, "'%s' is no name for a VM", p->name ? p->name : "");
	_cleanup_(vm_free) struct vm *vm = calloc(1, sizeof(*vm));
	if (!vm)
		return err_oom(e);
	*vm = (struct vm){ .host = h,
			   .qemu = CHILD_INIT,
			   .swtpm = CHILD_INIT,
			   .qmp = QMP_INIT,
			   .console = VM_CONSOLE_INIT,
			   .console_fd = -1,
			   .console_log = -1,
			   .tap = -1,
			   .private_dir = PRIVATE_DIR_INIT,
			   .qemu_log = -1,
			   .limit_sec = p->limit_sec };
	vm->channel.master = (struct child)CHILD_INIT;
	vm->channel.probe = -1;
	vm->name = strdup(p->name);
	if (!vm->name)
		return err_oom(e);
	const char *tmp = h->p.tmp_dir ? h->p.tmp_dir : "/tmp";
	int r = private_dir_make(&vm->private_dir, tmp, "slipway-vm.", e);
	vm->dir = vm->private_dir.path;
	if (r >= 0)
		r = open_log(p, vm->dir, "console", &vm->console_log, e);
	if (r >= 0)
		r = open_log(p, vm->dir, "qemu", &vm->qemu_log, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(vm);
	return 0;
}

/* Two socket pairs: QEMU's ends get into @f, to be closed by the caller. */
static int open_sockets(struct vm *vm, struct vm_files *f, struct err *e)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(e, -errno, "socketpair");
	f->console_fd = fds[1];
	int r = vm_open_console(vm, fds[0], e);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(e, -errno, "socketpair");
	f->qmp_fd = fds[1];
	return qmp_open(&vm->qmp, vm->host->event, fds[0], on_event, vm, e);
}

static int spawn(struct vm *vm, const struct vm_params *p, const struct vm_files *f, struct err *e)
{
	_cleanup_strv_ struct strv argv = STRV_INIT;
	const int keep[] = { f->console_fd, f->qmp_fd, f->tpm_fd };
	int r = vm_qemu_args(vm->host, vm_qemu_program(vm->host), p, vm->accel, f, &argv, e);

	if (r < 0)
		return r;
	struct child_params cp = { .argv = (const char *const *)argv.v,
				   .in = -1,
				   .out = vm->qemu_log,
				   .diag = vm->qemu_log,
				   .keep = keep,
				   .n_keep = f->tpm_fd < 0 ? 2 : 3 };
	return child_start(&vm->qemu, vm->host->event, &cp, e);
}

static int set_limit(struct vm *vm, struct err *e)
{
	if (!vm->limit_sec)
		return 0;
	int r = sd_event_add_time_relative(vm->host->event, &vm->limit_source, CLOCK_MONOTONIC,
					   vm->limit_sec * UINT64_C(1000000), 0, on_limit, vm);
	return r < 0 ? err_sys(e, r, "timer") : 0;
}

int vm_failed_start(struct vm *vm, struct err *e)
{
	char said[1024];
	off_t size = lseek(vm->qemu_log, 0, SEEK_END);
	ssize_t n =
		pread(vm->qemu_log, said, sizeof(said) - 1, MAX(size - (off_t)sizeof(said) + 1, 0));

	said[MAX(n, 0)] = '\0';
	for (n = (ssize_t)strlen(said); n > 0 && strchr("\n\r ", said[n - 1]);)
		said[--n] = '\0';
	for (char *c = said; (c = strchr(c, '\n'));)
		*c = ' ';
	return err_set(e, -EIO, "%s did not start: %s", vm_qemu_program(vm->host), said);
}

static int greet(struct vm *vm, struct err *e)
{
	uint64_t deadline = vm_deadline(QMP_TIMEOUT_SEC);
	int r;

	while (!vm->qmp.greeted) {
		if (!vm_running(vm))
			return vm_failed_start(vm, e);
		r = vm_serve(vm->host, deadline, e);
		if (r < 0)
			return err_wrap(e, r, "VM %s: QEMU's greeting", vm->name);
	}
	r = vm_call(vm, "qmp_capabilities", NULL, NULL, e);
	return r == -ESRCH ? vm_failed_start(vm, e) : r;
}

static void close_files(struct vm_files *f)
{
	strv_done(&f->smbios);
	cleanup_close_fd(&f->console_fd);
	cleanup_close_fd(&f->qmp_fd);
	cleanup_close_fd(&f->tpm_fd);
}

int vm_start_with(struct vm_host *h, const struct vm_params *p, int tap, struct vm **ret,
		  struct err *e)
{
	__attribute__((cleanup(close_files))) struct vm_files f = { .console_fd = -1,
								    .qmp_fd = -1,
								    .tpm_fd = -1 };
	_cleanup_(vm_free) struct vm *vm = NULL;
	enum vm_accel accel = VM_ACCEL_TCG;

	int r = vm_choose_accel(h, p, &accel, e);
	if (r >= 0)
		r = vm_new(h, p, &vm, e);
	if (r < 0)
		return r;
	vm->accel = accel;
	vm->tap = tap;
	r = vm_prepare(vm, p, &f, e);
	if (r >= 0)
		r = open_sockets(vm, &f, e);
	if (r >= 0 && p->tpm)
		r = vm_start_swtpm(vm, p, &f.tpm_fd, e);
	if (r >= 0)
		r = set_limit(vm, e);
	vm->born_usec = vm_now_usec();
	if (r >= 0)
		r = spawn(vm, p, &f, e);
	close_files(&f);
	f = (struct vm_files){ .console_fd = -1, .qmp_fd = -1, .tpm_fd = -1 };
	if (r >= 0)
		r = greet(vm, e);
	if (r >= 0 && p->resume)
		r = vm_load(vm, p->resume, e);
	if (r >= 0 && p->ssh)
		r = vm_channel_start(vm, e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(vm);
	return 0;
}

int vm_start(struct vm_host *h, const struct vm_params *p, struct vm **ret, struct err *e)
{
	return vm_start_with(h, p, -1, ret, e);
}

void vm_free(struct vm *vm)
{
	if (!vm)
		return;
	vm_channel_done(vm);
	child_kill(&vm->qemu);
	child_kill(&vm->swtpm);
	qmp_done(&vm->qmp);
	sd_event_source_disable_unref(vm->console_source);
	sd_event_source_disable_unref(vm->limit_source);
	cleanup_close_fd(&vm->console_fd);
	cleanup_close_fd(&vm->console_log);
	cleanup_close_fd(&vm->qemu_log);
	vm_console_done(&vm->console);
	buf_done(&vm->unsent);
	private_dir_remove(&vm->private_dir);
	free(vm->name);
	free(vm->disk);
	free(vm->vars);
	free(vm->firmware);
	free(vm);
}

int vm_call(struct vm *vm, const char *command, const char *arguments, struct json_object **ret,
	    struct err *e)
{
	uint64_t deadline = vm_deadline(QMP_TIMEOUT_SEC);

	if (!vm_running(vm))
		return vm_gone(vm, e);
	int r = qmp_send(&vm->qmp, command, arguments, e);
	while (r >= 0) {
		r = qmp_reply(&vm->qmp, ret, e);
		if (r != -EAGAIN)
			break;
		if (!vm_running(vm))
			return vm_gone(vm, e);
		r = vm_serve(vm->host, deadline, e);
	}
	return r < 0 ? err_wrap(e, r, "VM %s: %s", vm->name, command) : 0;
}

int vm_powerdown(struct vm *vm, struct err *e)
{
	return vm_call(vm, "system_powerdown", NULL, NULL, e);
}

int vm_reset(struct vm *vm, struct err *e)
{
	return vm_call(vm, "system_reset", NULL, NULL, e);
}

int vm_status(struct vm *vm, char ret[32], struct err *e)
{
	_cleanup_(json_object_put) struct json_object *o = NULL;
	struct json_object *status;
	int r = vm_call(vm, "query-status", NULL, &o, e);

	if (r < 0)
		return r;
	if (!json_object_object_get_ex(o, "status", &status))
		return err_set(e, -EIO, "VM %s: query-status: no status in the answer", vm->name);
	snprintf(ret, 32, "%s", json_object_get_string(status));
	return 0;
}

unsigned int vm_event_count(const struct vm *vm, enum vm_event event)
{
	return vm->events[event];
}

int vm_wait_event(struct vm *vm, enum vm_event event, unsigned int count, unsigned int timeout_sec,
		  struct err *e)
{
	uint64_t deadline = vm_deadline(timeout_sec);

	while (vm->events[event] < count) {
		if (!vm_running(vm))
			return vm_gone(vm, e);
		int r = vm_serve(vm->host, deadline, e);
		if (r < 0)
			return err_wrap(e, r, "VM %s: wait for %s", vm->name, event_names[event]);
	}
	return 0;
}

int vm_wait_exit(struct vm *vm, unsigned int timeout_sec, int *ret_status, struct err *e)
{
	uint64_t deadline = vm_deadline(timeout_sec);

	while (vm_running(vm)) {
		int r = vm_serve(vm->host, deadline, e);
		if (r < 0)
			return err_wrap(e, r, "VM %s: wait for its end", vm->name);
	}
	if (vm->expired)
		return err_set(e, -ETIME, "VM %s was ended by its limit of %u s", vm->name,
			       vm->limit_sec);
	if (ret_status)
		*ret_status = vm->qemu.status;
	return 0;
}

void vm_kill(struct vm *vm)
{
	struct err ignored;

	if (!vm_running(vm))
		return;
	kill(vm->qemu.pid, SIGKILL);
	/* What it said before is read, so that the log is whole. */
	if (vm_wait_exit(vm, 10, NULL, &ignored) < 0)
		child_kill(&vm->qemu);
}

bool vm_running(const struct vm *vm)
{
	return child_running(&vm->qemu);
}

double vm_age_sec(const struct vm *vm)
{
	return (double)(vm_now_usec() - vm->born_usec) / 1e6;
}

enum vm_accel vm_accel(const struct vm *vm)
{
	return vm->accel;
}
