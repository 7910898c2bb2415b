/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/node_users.h"

#define KEPT "/var/lib/case-users"

/* Ids that the node allots are far from those of images. */
static int make_own_users(struct boot *b, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "a node as it comes has nothing to do",
		  "! test -e /var/lib/etc-overlay/upper/passwd && "
		  "test \"$(systemctl show -P ConditionResult slipway-users.service)\" = no" },
		{ "version 1 has no appd", "! getent passwd appd && ! getent group appd" },
		{ "add a person", "useradd -m -u 1000 -G adm -s /bin/bash alice" },
		{ "set a password", "echo alice:secret | chpasswd" },
		{ "useradd -r", "useradd -r agent && test $(id -u agent) -eq 999" },
		{ "groupadd -r",
		  "groupadd -r crew && test $(getent group crew | cut -d: -f3) -eq 998" },
		{ "systemd-sysusers",
		  "mkdir -p /etc/sysusers.d && echo 'u local -' >/etc/sysusers.d/local.conf && "
		  "systemd-sysusers && test $(id -u local) -ge 500 && test $(id -u local) -le 999" },
		{ "change a user of the image", "usermod -s /bin/bash www-data" },
		{ "change /etc in each way",
		  "cd /etc && echo case >>issue && rm issue.net && echo case >case-added" },
	};

	return boot_do(b, v, ARRAY_SIZE(v), e);
}

/* What the second version must find as it was. */
static int keep_records(struct boot *b, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "files of users",
		  "mkdir " KEPT " && cd " KEPT " && for u in alice agent local messagebus "
		  "systemd-network; do touch $u && chown $u $u; done && touch crew && chgrp crew "
		  "crew" },
		{ "records",
		  "cd " KEPT
		  " && sort /etc/passwd >passwd && cut -d: -f1-3 /etc/group | sort >group && "
		  "grep ^alice: /etc/shadow >shadow && stat -c '%u %g %n' [a-z]* | sort >owners" },
		{ "the changes are the node's",
		  "test -f /var/lib/etc-overlay/upper/passwd && sync" },
	};

	return boot_do(b, v, ARRAY_SIZE(v), e);
}

int node_users_check_kept(struct boot *b, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "users are as they were",
		  "cd " KEPT " && test -z \"$(sort /etc/passwd | comm -23 passwd -)\"" },
		{ "groups are as they were",
		  "cd " KEPT
		  " && test -z \"$(cut -d: -f1-3 /etc/group | sort | comm -23 group -)\"" },
		{ "a password is as it was", "grep -xFf " KEPT "/shadow /etc/shadow" },
		{ "changes in /etc are as they were",
		  "slipway-etc-diff >/run/etc-diff && for l in 'A case-added' 'A machine-id' "
		  "'M issue' 'M passwd' 'D issue.net'; do grep -qx \"$l\" /run/etc-diff || "
		  "{ cat /run/etc-diff; exit 1; }; done && cd /etc && "
		  "test \"$(tail -n 1 issue)\" = case && test ! -e issue.net && grep -qx case case-added" },
		{ "memberships are as they were", "id -nG alice | grep -w adm" },
		{ "owners have their names",
		  "cd " KEPT " && for u in alice agent local messagebus systemd-network; do "
		  "test $(stat -c %U $u) = $u; done && test $(stat -c %G crew) = crew" },
		{ "no number is another",
		  "cd " KEPT
		  " && test -z \"$(stat -c '%u %g %n' [a-z]* | sort | comm -23 owners -)\"" },
	};

	return boot_do(b, v, ARRAY_SIZE(v), e);
}

/* The id is that of the image, whose lock the script compares with the note. */
static int check_new(struct boot *b, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "it was added",
		  "systemctl is-active slipway-users.service && "
		  "journalctl -b -o cat -t systemd-sysusers | grep \"Creating user 'appd'\"" },
		{ "the line is that of the image",
		  "grep ^appd: /etc/passwd | grep -xF \"$(grep ^appd: /usr/share/factory/etc/passwd)\"" },
		{ "its group",
		  "grep ^appd: /etc/group | grep -xF \"$(grep ^appd: /usr/share/factory/etc/group)\"" },
		{ "shadow and gshadow", "grep ^appd: /etc/shadow && grep ^appd: /etc/gshadow" },
		{ "it is a member", "id -nG appd | grep -w adm" },
		{ "its directory", "test $(stat -c %U:%G /var/lib/appd) = appd:appd" },
		{ "what its service wrote",
		  "test $(stat -c %u:%g /var/lib/appd/started) = $(id -u appd):$(id -g appd)" },
		{ "once only", "test $(grep -c ^appd: /etc/passwd) -eq 1" },
	};
	int r = boot_do(b, v, ARRAY_SIZE(v), e);

	if (r >= 0)
		r = guest_ask(b->vm, &b->out, e, "id -u appd");
	return r < 0 ? r : guest_note(b->ctx, e, "appd: %s", boot_said(b));
}

/* The node has a user of the name itself, with another id: the unit fails and says why. */
static int check_conflict(struct boot *b, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "another appd", "systemctl stop appd.service && id -u appd >/run/appd && "
				  "userdel appd && useradd -r -u 777 appd" },
		{ "it is not taken for the image's", "! systemctl restart slipway-users.service" },
		{ "the journal says so",
		  "journalctl -b -p err -o cat -u slipway-users.service | grep -F \"user appd of the image has "
		  "id $(cat /run/appd); on this node it has id 777\"" },
		{ "the node's own stays", "test $(id -u appd) -eq 777" },
		{ "without it all is well again",
		  "userdel appd && systemctl restart slipway-users.service && test $(id -u appd) -eq "
		  "$(cat /run/appd) && systemctl start appd.service" },
	};

	return boot_do(b, v, ARRAY_SIZE(v), e);
}

/* Only one of the four files is the node's, from before appd: the unit's commands, on an /etc like that. */
static int check_partly(struct boot *b, struct err *e)
{
	static const char *const files[] = { "passwd", "group", "shadow", "gshadow" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int r = guest_ask(
			b->vm, &b->out, e,
			"set -e; d=/run/partly/%1$s; mkdir -p $d/upper $d/work; "
			"grep -v appd /usr/share/factory/etc/%1$s >$d/upper/%1$s; "
			"sed -n 's/^ExecStart=-\\?//p' /usr/lib/systemd/system/slipway-users.service "
			">$d/commands; export d; unshare -m sh -ec '"
			"mount -t overlay overlay -o "
			"lowerdir=/usr/share/factory/etc,upperdir=$d/upper,workdir=$d/work /etc; "
			". $d/commands; for f in passwd group shadow gshadow; do "
			"test $(grep -c ^appd: /etc/$f) -eq 1; done; id -nG appd | grep -w adm'",
			files[i]);
		if (r < 0)
			return err_wrap(e, r, "only %s is the node's", files[i]);
	}
	return 0;
}

int node_users_change(struct boot *b, struct err *e)
{
	int r = make_own_users(b, e);

	return r < 0 ? r : keep_records(b, e);
}

int node_users_check_new(struct boot *b, struct err *e)
{
	int r = check_new(b, e);

	if (r >= 0)
		r = check_partly(b, e);
	return r < 0 ? r : check_conflict(b, e);
}
