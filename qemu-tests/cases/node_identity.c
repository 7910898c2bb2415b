/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/node_identity.h"

void node_identity_done(struct node_identity *i)
{
	free(i->machine_id);
	free(i->host_key);
	free(i->seeds);
}

static int ask(struct boot *b, const char *command, char **ret, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "%s", command);

	if (r < 0)
		return r;
	*ret = strdup(boot_said(b));
	return *ret ? 0 : err_oom(e);
}

int node_identity_ask(struct boot *b, struct node_identity *ret, struct err *e)
{
	int r = ask(b, "cat /etc/machine-id", &ret->machine_id, e);

	if (r >= 0)
		r = ask(b, "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub", &ret->host_key, e);
	if (r >= 0)
		r = ask(b, "sha256sum /var/lib/systemd/random-seed /boot/loader/random-seed",
			&ret->seeds, e);
	return r < 0 ? err_wrap(e, r, "the node's identity") : 0;
}

/* Lines "<digest>  <path>": no digest of one may be in the other. */
static bool share_a_seed(const char *a, const char *b)
{
	while (*a) {
		_cleanup_free_ char *digest = strndup(a, strcspn(a, " "));
		if (!digest || strstr(b, digest))
			return true;
		a += strcspn(a, "\n");
		a += *a == '\n';
	}
	return false;
}

static int complain(const char *what, const char *value, struct err *e)
{
	return err_set(e, -EBADMSG, "%s: %s", what, value);
}

int node_identity_kept(const struct node_identity *before, const struct node_identity *after,
		       struct err *e)
{
	if (!str_eq(before->machine_id, after->machine_id))
		return complain("a restart changed the machine-id to", after->machine_id, e);
	if (!str_eq(before->host_key, after->host_key))
		return complain("a restart changed the SSH host key to", after->host_key, e);
	if (share_a_seed(before->seeds, after->seeds))
		return complain("a restart used a random seed again", after->seeds, e);
	return 0;
}

int node_identity_others(const struct node_identity *one, const struct node_identity *other,
			 struct err *e)
{
	if (str_eq(one->machine_id, other->machine_id))
		return complain("two nodes have the same machine-id", one->machine_id, e);
	if (str_eq(one->host_key, other->host_key))
		return complain("two nodes have the same SSH host key", one->host_key, e);
	if (share_a_seed(one->seeds, other->seeds))
		return complain("two nodes have the same random seed", one->seeds, e);
	return 0;
}
