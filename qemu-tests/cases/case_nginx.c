/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recipes/nginx: the page of the image is served, again after a restart, and logged to the journal. */
#include "qemu-tests/cases/boot.h"

#define PAGE "verified, read-only image"

static int check_page(struct boot *b, struct err *e)
{
	int r = boot_expect(b, "curl -fsS http://127.0.0.1/", PAGE, e);

	if (r >= 0)
		r = boot_expect(b, "curl -fsS 'http://[::1]/'", PAGE, e);
	if (r >= 0)
		r = boot_expect(b, "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/none",
				"404", e);
	return r < 0 ? r : boot_expect(b, "journalctl -b -o cat -t nginx", "GET /none", e);
}

static int check_configuration(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "nginx -t");

	if (r >= 0)
		r = boot_expect(b, "stat -c '%U:%G %a' /var/log/nginx", "root:adm 755", e);
	if (r >= 0)
		r = boot_expect(b, "ps -o user= -C nginx", "www-data", e);
	return r;
}

/* From a network beside, which has the guest's 192.0.2.1 as its neighbour. */
#define NEIGHBOUR                                                                         \
	"ip netns add case && ip link add case0 type veth peer name case1 netns case && " \
	"ip addr add 192.0.2.1/24 dev case0 && ip link set case0 up && "                  \
	"ip -n case addr add 192.0.2.2/24 dev case1 && ip -n case link set case1 up"
#define FROM_NEIGHBOUR "ip netns exec case "

/* What is closed does not answer, so that curl gives up (28); without a firewall it is refused (7). */
static int check_firewall(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "%s", NEIGHBOUR);

	if (r < 0)
		return err_wrap(e, r, "a network beside the guest");
	r = boot_expect(b, FROM_NEIGHBOUR "curl -fsS http://192.0.2.1/", PAGE, e);
	if (r >= 0)
		r = boot_expect(b,
				FROM_NEIGHBOUR "curl -s --connect-timeout 3 http://192.0.2.1:81/ "
					       "|| echo status $?",
				"status 28", e);
	return r;
}

static int check_restart(struct boot *b, struct err *e)
{
	static const char show[] = "systemctl show --property=MainPID --value nginx.service";
	int r = guest_ask(b->vm, &b->out, e, "%s", show);

	if (r < 0)
		return r;
	_cleanup_free_ char *before = buf_take_str(&b->out);
	if (!before)
		return err_oom(e);
	r = guest_ask(b->vm, &b->out, e, "systemctl restart nginx.service && %s", show);
	if (r < 0)
		return err_wrap(e, r, "restart nginx");
	if (str_eq(before, boot_said(b)))
		return err_set(e, -EBADMSG, "nginx did not restart: it is process %s as before",
			       before);
	return check_page(b, e);
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	static const char *const units[] = { "nginx.service", "nftables.service", "ssh.service",
					     NULL };
	static const boot_step_fn steps[] = { check_page, check_configuration, check_firewall,
					      check_restart, NULL };

	return boot_judge(
		ctx, &(struct boot_params){ .name = "nginx", .units = units, .steps = steps }, e);
}

extern const struct vm_case case_nginx;
const struct vm_case case_nginx = {
	.name = "nginx",
	.image = "nginx",
	.description = "boots with Secure Boot and serves the page of the image behind a firewall",
	.machines = 1,
	.typical_sec = 150,
	.run = run,
};
