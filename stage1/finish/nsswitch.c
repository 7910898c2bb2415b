/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * etc/nsswitch.conf: libc-bin's default with what installed libnss packages add to it. An overlay's
 * file is taken as it is.
 */
#include "base/buf.h"
#include "stage1/finish/finish.h"
#include "stage1/finish/text.h"

#define NAME	"nsswitch"
#define PATH	"etc/nsswitch.conf"
#define DEFAULT "usr/share/libc-bin/nsswitch.conf"

enum position { LAST, BEFORE, AFTER };

/* What each package's postinst does: a service for a database, before or after another one. */
static const struct {
	const char *package, *database, *service;
	enum position position;
	const char *other[2];
	const char *action; /* stands behind the service, or NULL */
} additions[] = {
	{ "libnss-systemd", "passwd", "systemd", LAST, { NULL }, NULL },
	{ "libnss-systemd", "group", "systemd", LAST, { NULL }, NULL },
	{ "libnss-systemd", "shadow", "systemd", LAST, { NULL }, NULL },
	{ "libnss-systemd", "gshadow", "systemd", LAST, { NULL }, NULL },
	{ "libnss-resolve", "hosts", "resolve", BEFORE, { "dns" }, "[!UNAVAIL=return]" },
	{ "libnss-mymachines", "hosts", "mymachines", BEFORE, { "resolve", "dns" }, NULL },
	{ "libnss-myhostname", "hosts", "myhostname", AFTER, { "files" }, NULL },
};

static int insert(struct strv *l, size_t at, const char *s)
{
	int r = strv_add(l, s);

	if (r < 0)
		return r;
	char *last = l->v[l->n - 1];
	memmove(l->v + at + 1, l->v + at, (l->n - 1 - at) * sizeof(*l->v));
	l->v[at] = last;
	return 0;
}

/* Where an addition goes; -1: nowhere, as what it is to stand beside is not there. */
static ssize_t find_position(const struct strv *services, size_t addition)
{
	if (additions[addition].position == LAST)
		return (ssize_t)services->n;
	for (size_t i = 0; i < services->n; i++)
		for (size_t k = 0; k < 2 && additions[addition].other[k]; k++)
			if (str_eq(services->v[i], additions[addition].other[k])) {
				size_t at = i + (additions[addition].position == AFTER);
				/* An action in brackets belongs to the service before it. */
				if (additions[addition].position == AFTER && at < services->n &&
				    services->v[at][0] == '[')
					at++;
				return (ssize_t)at;
			}
	return -1;
}

static int add_services(const struct finish_params *p, const char *database, struct strv *services)
{
	for (size_t i = 0; i < ARRAY_SIZE(additions); i++) {
		if (!str_eq(additions[i].database, database) ||
		    !finish_has_package(p, additions[i].package) ||
		    strv_contains(services, additions[i].service))
			continue;
		ssize_t at = find_position(services, i);
		if (at < 0)
			continue;
		int r = insert(services, (size_t)at, additions[i].service);
		if (r == 0 && additions[i].action)
			r = insert(services, (size_t)at + 1, additions[i].action);
		if (r < 0)
			return r;
	}
	return 0;
}

static int print_line(const struct finish_params *p, char *line, struct buf *b)
{
	_cleanup_strv_ struct strv services = STRV_INIT;
	char *colon = strchr(line, ':');

	if (text_is_comment(line) || !colon) {
		buf_printf(b, "%s\n", line);
		return 0;
	}
	int space = (int)strspn(colon + 1, " \t");
	*colon = '\0';
	int r = strv_split(&services, colon + 1, " \t");
	if (r == 0)
		r = add_services(p, line, &services);
	buf_printf(b, "%s:%.*s", line, space, colon + 1);
	for (size_t i = 0; i < services.n; i++)
		buf_printf(b, "%s%s", i ? " " : "", services.v[i]);
	buf_append_str(b, "\n");
	return r;
}

int finish_nsswitch(const struct finish_params *p, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	char *line;

	if (tree_lookup(p->tree, PATH) || !tree_file_blob(p->tree, DEFAULT))
		return 0;
	int r = text_read(p->tree, DEFAULT, &text, e);
	if (r < 0)
		return r;
	char *rest = text;
	while ((line = text_next_line(&rest)))
		if (print_line(p, line, &b) < 0)
			return err_oom(e);
	return buf_failed(&b) ? err_oom(e) : finish_put(p, NAME, PATH, buf_str(&b), e);
}
