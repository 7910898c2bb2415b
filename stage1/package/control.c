/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control archive: the control file's fields, conffiles, and everything else as data. */
#include <strings.h>

#include "base/buf.h"
#include "base/deb822.h"
#include "stage1/package/deb_internal.h"
#include "stage1/package/tar.h"

#define MAX_MEMBERS 1000

static int add_member(struct package *p, const char *name, const uint8_t *data, size_t len,
		      struct err *e)
{
	for (size_t i = 0; i < p->n_scripts; i++)
		if (str_eq(p->scripts[i].name, name))
			return err_set(e, -EBADMSG, "%s is there twice", name);
	if (p->n_scripts == MAX_MEMBERS)
		return err_set(e, -EFBIG, "more than %d files", MAX_MEMBERS);
	struct package_script *v = reallocarray(p->scripts, p->n_scripts + 1, sizeof(*v));
	if (!v)
		return err_oom(e);
	p->scripts = v;
	struct package_script *s = &v[p->n_scripts];
	s->name = strdup(name);
	s->content = blob_new(data, len);
	p->n_scripts++;
	return s->name && s->content ? 0 : err_oom(e);
}

static int add_control(struct package *p, const uint8_t *data, size_t len, struct err *e)
{
	if (p->control)
		return err_set(e, -EBADMSG, "control is there twice");
	if (memchr(data, '\0', len))
		return err_set(e, -EBADMSG, "control is not text");
	p->control = strndup((const char *)data, len);
	return p->control ? 0 : err_oom(e);
}

/* "/etc/x" a line; "remove-on-upgrade /etc/x" is about a file that is not in the package any more. */
static int add_conffiles(struct package *p, const uint8_t *data, size_t len, struct err *e)
{
	struct span text = { (const char *)data, len }, line;

	while (span_line(&text, &line)) {
		if (!line.len || line.p[0] != '/')
			continue;
		_cleanup_free_ char *path = span_dup(span_trim(line));
		if (!path)
			return err_oom(e);
		int r = package_path_clean(path, e);
		if (r < 0)
			return err_wrap(e, r, "conffiles");
		r = strv_take(&p->conffiles, TAKE_PTR(path));
		if (r < 0)
			return err_oom(e);
	}
	return 0;
}

static int take_file(struct package *p, const struct tar_entry *n, const uint8_t *data,
		     struct err *e)
{
	if (str_eq(n->path, "control"))
		return add_control(p, data, n->size_bytes, e);
	int r = add_member(p, n->path, data, n->size_bytes, e);
	if (r == 0 && str_eq(n->path, "conffiles"))
		r = add_conffiles(p, data, n->size_bytes, e);
	return r;
}

static int read_members(struct package *p, const void *data, size_t len, struct err *e)
{
	struct tar t = { .data = data, .len = len };

	for (;;) {
		_cleanup_tar_entry_ struct tar_entry n = { 0 };
		int r = tar_next(&t, &n, e);
		if (r <= 0)
			return r;
		r = package_path_clean(n.path, e);
		if (r < 0)
			return r;
		if (n.type == TAR_DIRECTORY)
			continue;
		if (n.type != TAR_FILE)
			return err_set(e, -EBADMSG, "%s is not a regular file", n.path);
		r = take_file(p, &n, t.data + n.offset, e);
		if (r < 0)
			return r;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct package_script *)a)->name,
		      ((const struct package_script *)b)->name);
}

static bool find_field(const struct package *p, const char *field, struct span *ret)
{
	struct span text, stanza;

	if (!p->control)
		return false;
	text = span_of(p->control);
	return deb822_stanza(&text, &stanza) && deb822_get(stanza, field, ret);
}

char *package_field(const struct package *p, const char *field)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct span value, line;

	if (!find_field(p, field, &value))
		return NULL;
	for (bool more = false; span_line(&value, &line); more = true) {
		line = span_trim(line);
		buf_append_str(&b, more ? "\n" : "");
		buf_append(&b, line.p, line.len);
	}
	return b.len || buf_failed(&b) ? buf_take_str(&b) : strdup("");
}

/* A required field of one word, which turns up in paths' and messages' company. */
static int take_word(const struct package *p, const char *field, const char *also, char **ret,
		     struct err *e)
{
	_cleanup_free_ char *v = package_field(p, field);
	struct span there;

	if (!v && find_field(p, field, &there))
		return err_oom(e);
	if (!v || !v[0])
		return err_set(e, -EBADMSG, "control has no field %s", field);
	for (const char *c = v; *c; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') &&
		    !(*c >= '0' && *c <= '9') && !(c > v && strchr(also, *c)))
			return err_set(e, -EBADMSG, "control: %s is malformed", field);
	*ret = TAKE_PTR(v);
	return 0;
}

/* As dpkg has it: one paragraph of fields, and of those that name the package one each. */
static int check_control(const struct package *p, struct err *e)
{
	static const char *const once[] = { "Package", "Version", "Architecture" };
	struct span text = span_of(p->control), stanza, name, value;
	size_t seen[ARRAY_SIZE(once)] = { 0 };
	int r = 0;

	if (!deb822_stanza(&text, &stanza))
		return err_set(e, -EBADMSG, "control is empty");
	while ((r = deb822_field(&stanza, &name, &value)) > 0)
		for (size_t i = 0; i < ARRAY_SIZE(once); i++)
			if (name.len == strlen(once[i]) &&
			    strncasecmp(name.p, once[i], name.len) == 0 && seen[i]++)
				return err_set(e, -EBADMSG, "control has the field %s twice",
					       once[i]);
	if (r < 0)
		return err_set(e, -EBADMSG, "control: a line is neither a field nor more of one");
	if (deb822_stanza(&text, &stanza))
		return err_set(e, -EBADMSG, "control has more than one paragraph");
	return 0;
}

int package_read_control(struct package *p, const void *tar, size_t len, struct err *e)
{
	int r = read_members(p, tar, len, e);
	if (r < 0)
		return r;
	if (p->n_scripts)
		qsort(p->scripts, p->n_scripts, sizeof(*p->scripts), by_name);
	if (!p->control)
		return err_set(e, -EBADMSG, "there is no file control in it");
	r = check_control(p, e);
	if (r == 0)
		r = take_word(p, "Package", "+-._", &p->name, e);
	if (r == 0)
		r = take_word(p, "Version", "+-.:~", &p->version, e);
	if (r == 0)
		r = take_word(p, "Architecture", "-_", &p->arch, e);
	return r;
}
