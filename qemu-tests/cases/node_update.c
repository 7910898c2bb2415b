/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/node_update.h"

#include <sys/stat.h>

/* A case has this many boots at most, each as long as other cases' one. */
#define MAX_BOOTS 6

/* Emulated, a version of 160 MiB takes a minute or two to get and to check. */
#define TAKE_TIMEOUT_SEC 900

#define STATUS                                                                         \
	". /run/slipway/status && echo $IMAGE_VERSION $TRIAL $HEALTHY $UPDATE_RESULT " \
	"${PENDING_VERSION:--} $REBOOT_REQUIRED ${FAILED_VERSIONS:--}"

/* The time of day at which a node looks for updates is no part of a test. */
static int stop_timer(struct boot *b, struct err *e)
{
	return guest_ask(b->vm, &b->out, e, "systemctl stop slipway-update.timer");
}

int node_wait_up(struct boot *b, struct err *e)
{
	int r = boot_wait_up(b, e);

	return r < 0 ? r : stop_timer(b, e);
}

int node_start(struct boot *b, struct err *e)
{
	struct vm_params p = { .name = "console",
			       .image = b->ctx->image,
			       .snapshot = true,
			       .online = true,
			       .ssh = true,
			       .log_dir = b->ctx->log_dir,
			       .limit_sec = MAX_BOOTS * b->ctx->limit_sec };
	struct stat st;

	if (stat(p.image, &st) < 0)
		return err_sys(e, -errno, "%s", p.image);
	p.disk_bytes = align_up((uint64_t)st.st_size, MiB) + BOOT_ROOT_BYTES;
	return vm_start(b->ctx->host, &p, &b->vm, e);
}

void node_done(struct boot *b)
{
	vm_free(b->vm);
	buf_done(&b->out);
}

static int choose_channel(struct boot *b, const char *channel, struct err *e)
{
	if (!channel)
		return guest_ask(b->vm, &b->out, e, "rm -f /etc/slipway/update.env");
	return guest_ask(b->vm, &b->out, e,
			 "mkdir -p /etc/slipway && echo CHANNEL=%s >/etc/slipway/update.env",
			 channel);
}

int node_take(struct boot *b, const char *channel, const char *result, const char *says,
	      struct err *e)
{
	_cleanup_buf_ struct buf journal = BUF_INIT;
	int status = 0;
	int r = choose_channel(b, channel, e);

	if (r >= 0)
		r = vm_run(b->vm,
			   &(struct vm_run_params){
				   .command = "systemctl start slipway-update.service",
				   .timeout_sec = TAKE_TIMEOUT_SEC },
			   &status, e);
	if (r >= 0)
		r = guest_ask(b->vm, &journal, e,
			      "journalctl -o cat _SYSTEMD_INVOCATION_ID=$(systemctl show -P "
			      "InvocationID slipway-update.service)");
	if (r >= 0)
		r = guest_ask(b->vm, &b->out, e, ". /run/slipway/status && echo $UPDATE_RESULT");
	if (r < 0)
		return r;
	if (!str_eq(boot_said(b), result) || !strstr(buf_str(&journal), says))
		return err_set(e, -EBADMSG,
			       "the update is '%s', not '%s', or nothing says '%s': %s",
			       boot_said(b), result, says, buf_str(&journal));
	if (!status != !str_eq(result, "failed"))
		return err_set(e, -EBADMSG, "the update is '%s', and the unit's exit status %d",
			       result, status);
	return 0;
}

int node_restart(struct boot *b, struct err *e)
{
	int r = boot_again(b, e);

	return r < 0 ? r : stop_timer(b, e);
}

int node_expect(struct boot *b, const char *status, const char *entries, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, STATUS);

	if (r >= 0 && !str_eq(boot_said(b), status))
		r = err_set(e, -EBADMSG, "the node says '%s', not '%s'", boot_said(b), status);
	if (r >= 0)
		r = guest_ask(b->vm, &b->out, e, "cd /boot/EFI/Linux && echo *");
	if (r >= 0 && !str_eq(boot_said(b), entries))
		r = err_set(e, -EBADMSG, "on the ESP is '%s', not '%s'", boot_said(b), entries);
	return r;
}
