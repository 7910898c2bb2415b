/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recipes/podman: containers of root, of a Quadlet unit and of an ordinary user. */
#include "qemu-tests/cases/boot.h"
#include "qemu-tests/cases/container.h"

/* A command of the ordinary user's, in a session of his service manager. */
#define AS_USER(command) \
	"systemd-run --user --machine=podman@ --quiet --collect --pipe --wait -- " command

#define QUADLET "/etc/containers/systemd/case-podman.container"

static int load_image(struct boot *b, const char *command, struct err *e)
{
	_cleanup_buf_ struct buf archive = BUF_INIT;
	int r = container_archive(CONTAINER_IMAGE, "hello", &archive, e);

	return r < 0 ? r : boot_feed(b, command, &archive, command, e);
}

static int run_container(struct boot *b, const char *command, const char *whose, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "%s", command);

	return r < 0 ? r : container_note(b->ctx, whose, boot_said(b), e);
}

static int check_root_container(struct boot *b, struct err *e)
{
	int r = load_image(b, "podman load", e);

	return r < 0 ? r : run_container(b, "podman run --rm " CONTAINER_IMAGE, "root", e);
}

static int check_socket(struct boot *b, struct err *e)
{
	return boot_expect(b, "curl -fsS --unix-socket /run/podman/podman.sock http://podman/_ping",
			   "OK", e);
}

static int check_quadlet(struct boot *b, struct err *e)
{
	static const char unit[] = "[Container]\n"
				   "Image=" CONTAINER_IMAGE "\n"
				   "Pull=never\n"
				   "[Service]\n"
				   "Type=oneshot\n"
				   "RemainAfterExit=yes\n";
	const struct buf input = { .data = (uint8_t *)unit, .len = sizeof(unit) - 1 };
	int r = boot_feed(b, "cat >" QUADLET, &input, "write " QUADLET, e);

	if (r >= 0)
		r = guest_ask(b->vm, &b->out, e,
			      "systemctl daemon-reload && systemctl start case-podman.service");
	if (r < 0)
		return err_wrap(e, r, "start a Quadlet unit");
	return run_container(b, "journalctl -b -o cat -u case-podman.service", "a Quadlet unit", e);
}

static int check_user_container(struct boot *b, struct err *e)
{
	int r = load_image(b, AS_USER("podman load"), e);

	if (r >= 0)
		r = run_container(b, AS_USER("podman run --rm " CONTAINER_IMAGE), "a user", e);
	/* It is the user's, not root's: its ids are those that newuidmap gives. */
	return r < 0 ? r
		     : boot_expect(b, AS_USER("podman unshare cat /proc/self/uid_map"), "100000",
				   e);
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	static const char *const units[] = { "podman.socket", "podman-restart.service",
					     "ssh.service", "user@1000.service", NULL };
	static const boot_step_fn steps[] = { check_root_container, check_socket, check_quadlet,
					      check_user_container, NULL };

	return boot_judge(
		ctx, &(struct boot_params){ .name = "podman", .units = units, .steps = steps }, e);
}

extern const struct vm_case case_podman;
const struct vm_case case_podman = {
	.name = "podman",
	.image = "podman",
	.description =
		"boots with Secure Boot and runs containers: root's, a Quadlet unit's, a user's",
	.machines = 1,
	.typical_sec = 240,
	.run = run,
};
