/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/capabilities.h"

#include <linux/capability.h>

/* By their numbers, which never change. */
static const char *const names[] = {
	"chown",
	"dac_override",
	"dac_read_search",
	"fowner",
	"fsetid",
	"kill",
	"setgid",
	"setuid",
	"setpcap",
	"linux_immutable",
	"net_bind_service",
	"net_broadcast",
	"net_admin",
	"net_raw",
	"ipc_lock",
	"ipc_owner",
	"sys_module",
	"sys_rawio",
	"sys_chroot",
	"sys_ptrace",
	"sys_pacct",
	"sys_admin",
	"sys_boot",
	"sys_nice",
	"sys_resource",
	"sys_time",
	"sys_tty_config",
	"mknod",
	"lease",
	"audit_write",
	"audit_control",
	"setfcap",
	"mac_override",
	"mac_admin",
	"syslog",
	"wake_alarm",
	"block_suspend",
	"audit_read",
	"perfmon",
	"bpf",
	"checkpoint_restore",
};

struct file_caps {
	uint64_t permitted, inheritable;
	bool effective;
	uint32_t root_id;
};

static uint64_t two_words(const uint8_t *low, size_t step)
{
	return get_le32(low) | (uint64_t)get_le32(low + step) << 32;
}

static bool parse(const uint8_t *d, size_t len, struct file_caps *c)
{
	uint32_t magic = len >= 4 ? get_le32(d) : 0, revision = magic & VFS_CAP_REVISION_MASK;

	*c = (struct file_caps){ .effective = magic & VFS_CAP_FLAGS_EFFECTIVE };
	if ((magic & VFS_CAP_FLAGS_MASK & ~(uint32_t)VFS_CAP_FLAGS_EFFECTIVE) != 0)
		return false;
	if (revision == VFS_CAP_REVISION_1 && len == XATTR_CAPS_SZ_1) {
		c->permitted = get_le32(d + 4);
		c->inheritable = get_le32(d + 8);
		return true;
	}
	if ((revision != VFS_CAP_REVISION_2 || len != XATTR_CAPS_SZ_2) &&
	    (revision != VFS_CAP_REVISION_3 || len != XATTR_CAPS_SZ_3))
		return false;
	c->permitted = two_words(d + 4, 8);
	c->inheritable = two_words(d + 8, 8);
	c->root_id = revision == VFS_CAP_REVISION_3 ? get_le32(d + 20) : 0;
	return true;
}

/* Those that are in these sets and in no other: "cap_chown,cap_kill=ep". */
static void put_group(uint64_t set, const char *flags, struct buf *ret, bool *any)
{
	const char *before = *any ? " " : "";

	for (size_t i = 0; i < 64; i++) {
		if (!(set >> i & 1))
			continue;
		buf_append_str(ret, before);
		if (i < ARRAY_SIZE(names))
			buf_printf(ret, "cap_%s", names[i]);
		else
			buf_printf(ret, "%zu", i);
		before = ",";
	}
	if (set)
		buf_printf(ret, "=%s", flags);
	*any = *any || set;
}

static void put_hex(const uint8_t *d, size_t len, struct buf *ret)
{
	for (size_t i = 0; i < len; i++)
		buf_printf(ret, "%02x", d[i]);
}

void capabilities_describe(const void *data, size_t len, struct buf *ret)
{
	struct file_caps c;
	bool any = false;

	if (!parse(data, len, &c)) {
		put_hex(data, len, ret);
		return;
	}
	put_group(c.permitted & ~c.inheritable, c.effective ? "ep" : "p", ret, &any);
	put_group(c.permitted & c.inheritable, c.effective ? "eip" : "ip", ret, &any);
	put_group(c.inheritable & ~c.permitted, c.effective ? "ei" : "i", ret, &any);
	if (!any)
		buf_append_str(ret, "=");
	if (c.root_id)
		buf_printf(ret, " [rootid=%u]", c.root_id);
}
