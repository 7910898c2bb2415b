/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/credentials.h"

#include "base/path.h"

/* Databases of users, in an etc/; "-" is the backup that tools leave. Spec: passwd(5), shadow(5), gshadow(5) */
static const struct database {
	const char *name;
	int password; /* fields before it */
} databases[] = {
	{ "etc/passwd", 1 },  { "etc/passwd-", 1 },  { "etc/group", 1 },
	{ "etc/group-", 1 },  { "etc/shadow", 1 },   { "etc/shadow-", 1 },
	{ "etc/gshadow", 1 }, { "etc/gshadow-", 1 }, { "etc/security/opasswd", 3 },
};

/* Does @path end in that, as a whole? */
static bool ends_in(const char *path, const char *end)
{
	size_t n = strlen(path), k = strlen(end);

	return str_has_suffix(path, end) && (n == k || path[n - k - 1] == '/');
}

/* Is there anything in the field but what says that there is no password: "*", "!", "x"? */
static bool has_hash(struct span line, int before)
{
	for (; before; before--) {
		const char *colon = memchr(line.p, ':', line.len);
		if (!colon)
			return false;
		line.len -= (size_t)(colon + 1 - line.p);
		line.p = colon + 1;
	}
	for (size_t i = 0; i < line.len && line.p[i] != ':'; i++)
		if (!memchr("*!x", line.p[i], 3))
			return true;
	return false;
}

/* Also of a user who is locked out. */
static bool has_password(struct span content, const struct database *db)
{
	struct span line;

	while (span_line(&content, &line))
		if (has_hash(line, db->password))
			return true;
	return false;
}

/* Where systemd and others look for them. Spec: systemd.exec(5), systemd-creds(1), nss-systemd(8), netrc(5) */
static bool is_credential(const char *path)
{
	static const char *const dirs[] = { "etc/credstore/", "etc/credstore.encrypted/",
					    "lib/credstore/", "lib/credstore.encrypted/" };
	static const char *const names[] = { ".netrc", ".pgpass", ".git-credentials" };
	static const char *const ends[] = { ".cred", ".user-privileged", ".group-privileged" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (strstr(path, dirs[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(path_last(path), names[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (str_has_suffix(path, ends[i]))
			return true;
	return strstr(path, "ssh_host_") != NULL;
}

const char *credential_in_file(const char *path, struct span content)
{
	if (is_credential(path))
		return "a credential";
	for (size_t i = 0; i < ARRAY_SIZE(databases); i++)
		if (ends_in(path, databases[i].name) && has_password(content, &databases[i]))
			return "a password's hash";
	return NULL;
}
