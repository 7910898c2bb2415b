/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read out of files: each a list of names with values, sorted, of which two are compared. */
#include <sys/stat.h>

#include "base/path.h"
#include "base/span.h"
#include "builder/audit/capabilities.h"
#include "builder/audit/changes_internal.h"

#define CONFIG_MAX (4 * MiB)
#define CAPABILITY "security.capability=0x"

struct fact {
	char *name, *value;
};

struct facts {
	struct fact *v;
	size_t n, cap;
};

static void facts_done(struct facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].name);
		free(f->v[i].value);
	}
	free(f->v);
}

/* Both are taken over; NULL: there was no memory for one. */
static int take(struct facts *f, char *name, char *value, struct err *e)
{
	struct fact *v = f->v;

	if (f->n == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 256;
		v = reallocarray(f->v, cap, sizeof(*v));
		if (v) {
			f->v = v;
			f->cap = cap;
		}
	}
	if (!v || !name || !value) {
		free(name);
		free(value);
		return err_oom(e);
	}
	f->v[f->n++] = (struct fact){ name, value };
	return 0;
}

static int cmp_facts(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->value, y->value);
}

static int add(struct change_list *to, const struct fact *a, const struct fact *b, struct err *e)
{
	struct change *x = changes_add(to, a ? a->name : b->name, e);
	int r = x ? 0 : -ENOMEM;

	if (r == 0 && a)
		r = changes_text(&x->a, a->value, e);
	return r == 0 && b ? changes_text(&x->b, b->value, e) : r;
}

static int compare(struct facts f[2], struct change_list *to, struct err *e)
{
	size_t i = 0, k = 0;
	int r = 0;

	for (int w = 0; w < 2; w++)
		if (f[w].n)
			qsort(f[w].v, f[w].n, sizeof(*f[w].v), cmp_facts);
	while (r == 0 && (i < f[0].n || k < f[1].n)) {
		const struct fact *a = i < f[0].n ? &f[0].v[i] : NULL;
		const struct fact *b = k < f[1].n ? &f[1].v[k] : NULL;
		int order = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);
		i += order <= 0;
		k += order >= 0;
		if (order || !str_eq(a->value, b->value))
			r = add(to, order <= 0 ? a : NULL, order >= 0 ? b : NULL, e);
	}
	return r;
}

/* What follows from another /usr is no change of the command line. */
static char *without_hashes(const char *word)
{
	static const char *const values[] = { "usrhash=", "root-hash-signature=base64:" };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		const char *at = strstr(word, values[i]);
		if (!at)
			continue;
		at += strlen(values[i]);
		return str_printf("%.*s...%s", (int)(at - word), word, at + strcspn(at, ","));
	}
	return strdup(word);
}

/* Words may be there several times, and their order is theirs: the number of each is compared. */
static int read_cmdline(const struct summary *s, struct facts *f, struct err *e)
{
	_cleanup_strv_ struct strv words = STRV_INIT;
	int r = 0;

	if (strv_split(&words, s->cmdline ? s->cmdline : "", " ") < 0)
		return err_oom(e);
	strv_sort(&words);
	for (size_t i = 0, n; r == 0 && i < words.n; i += n) {
		for (n = 1; i + n < words.n && str_eq(words.v[i], words.v[i + n]);)
			n++;
		r = take(f, without_hashes(words.v[i]), str_printf("%zu", n), e);
	}
	return r;
}

/* "CONFIG_X=y", and "# CONFIG_X is not set", which is n. */
static int read_option(struct span line, struct facts *f, struct err *e)
{
	static const char not_set[] = " is not set";
	const char *equals = memchr(line.p, '=', line.len);

	if (line.len > 7 && memcmp(line.p, "CONFIG_", 7) == 0 && equals) {
		struct span name = { line.p, (size_t)(equals - line.p) };
		struct span value = { equals + 1, line.len - name.len - 1 };
		return take(f, span_dup(name), span_dup(value), e);
	}
	if (line.len >= sizeof(not_set) + 9 && memcmp(line.p, "# CONFIG_", 9) == 0) {
		struct span name = { line.p + 2, line.len - 2 - (sizeof(not_set) - 1) };
		if (memcmp(name.p + name.len, not_set, sizeof(not_set) - 1) == 0)
			return take(f, span_dup(name), strdup("n"), e);
	}
	return 0;
}

static int read_config(const struct summary *s, struct facts *f, struct err *e)
{
	_cleanup_buf_ struct buf text = BUF_INIT;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->usr.n; i++) {
		const char *path = s->usr.v[i].path;
		if (!str_has_prefix(path, "lib/modules/") || !str_has_suffix(path, "/config") ||
		    strchr(path + strlen("lib/modules/"), '/') !=
			    path + strlen(path) - strlen("/config") ||
		    !S_ISREG(s->usr.v[i].st.mode))
			continue;
		r = fs_read_path(s->usr.reader, path, CONFIG_MAX, &text, e);
	}
	struct span all = { (const char *)text.data, text.len }, line;
	while (r == 0 && span_line(&all, &line))
		r = read_option(line, f, e);
	return r;
}

static int target_of(const struct summary *s, const struct listed *x, char out[256], struct err *e)
{
	struct fs_reader *r = s->usr.reader;
	size_t len = 0;

	int n = r->ops->read(r, x->st.ino, 0, out, 255, &len, e);
	out[len] = '\0';
	return n < 0 ? err_wrap(e, n, "/%s", x->path) : 0;
}

/* Links in these have units started with another. Spec: systemd.unit(5) */
static bool is_dependency_dir(const char *name, size_t len)
{
	static const char *const suffixes[] = { ".wants", ".requires", ".upholds" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t n = strlen(suffixes[i]);
		if (len > n && memcmp(name + len - n, suffixes[i], n) == 0)
			return true;
	}
	return false;
}

/* The name of a unit that is none: masked, or another's by that name, which may be how that is enabled. */
static int read_unit_file(const struct summary *s, const struct listed *x, char *name,
			  struct facts *f, struct err *e)
{
	char target[256] = "";

	int r = S_ISLNK(x->st.mode) ? target_of(s, x, target, e) : 0;
	if (r < 0) {
		free(name);
		return r;
	}
	return take(f, name,
		    !*target || str_eq(target, "/dev/null")
			    ? strdup("masked")
			    : str_printf("alias of %s", path_last(target)),
		    e);
}

/* @path: below a directory of units: "UNIT" or "TARGET.wants/UNIT" */
static int read_unit(const struct summary *s, const struct listed *x, const char *prefix,
		     const char *path, struct facts *f, struct err *e)
{
	const char *slash = strchr(path, '/');
	bool is_link = S_ISLNK(x->st.mode);

	if (!slash)
		return is_link || (S_ISREG(x->st.mode) && x->st.size_bytes == 0)
			       ? read_unit_file(s, x, str_printf("%s%s", prefix, path), f, e)
			       : 0;
	size_t len = (size_t)(slash - path);
	return is_link && is_dependency_dir(path, len)
		       ? take(f, str_printf("%s%s in %.*s", prefix, slash + 1, (int)len, path),
			      strdup("enabled"), e)
		       : 0;
}

static int read_units(const struct summary *s, struct facts *f, struct err *e)
{
	static const struct {
		const char *path, *prefix;
	} dirs[] = { { "lib/systemd/system/", "" },
		     { "share/factory/etc/systemd/system/", "" },
		     { "lib/systemd/user/", "user/" },
		     { "share/factory/etc/systemd/user/", "user/" } };
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->usr.n; i++) {
		const struct listed *x = &s->usr.v[i];
		for (size_t k = 0; r == 0 && k < ARRAY_SIZE(dirs); k++)
			if (str_has_prefix(x->path, dirs[k].path))
				r = read_unit(s, x, dirs[k].prefix, x->path + strlen(dirs[k].path),
					      f, e);
	}
	return r;
}

static int put_capabilities(const char *hex, struct buf *text, struct err *e)
{
	size_t len = strlen(hex) / 2;
	_cleanup_free_ uint8_t *value = malloc(len + 1);

	if (!value)
		return err_oom(e);
	if (hex_decode(hex, value, len) < 0)
		return err_set(e, -EBADMSG, "%s are no bytes of an attribute", hex);
	buf_printf(text, "%scapabilities ", text->len ? ", " : "");
	capabilities_describe(value, len, text);
	return 0;
}

static int read_privilege(const struct summary *s, const struct listed *x, struct facts *f,
			  struct err *e)
{
	_cleanup_strv_ struct strv xattrs = STRV_INIT;
	_cleanup_buf_ struct buf text = BUF_INIT;

	int r = listing_xattrs(&s->usr, x, &xattrs, e);
	if (r < 0)
		return r;
	if (x->st.mode & (S_ISUID | S_ISGID))
		buf_printf(&text, "%04o %u:%u", x->st.mode & 07777, x->st.uid, x->st.gid);
	for (size_t i = 0; r == 0 && i < xattrs.n; i++)
		if (str_has_prefix(xattrs.v[i], CAPABILITY))
			r = put_capabilities(xattrs.v[i] + strlen(CAPABILITY), &text, e);
	if (r < 0)
		return r;
	if (!text.len && !text.failed)
		return 0;
	return take(f, str_printf(CHANGES_PREFIX "%s", x->path), buf_take_str(&text), e);
}

static int read_privileges(const struct summary *s, struct facts *f, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->usr.n; i++)
		if (S_ISREG(s->usr.v[i].st.mode))
			r = read_privilege(s, &s->usr.v[i], f, e);
	return r;
}

/* Of two filesystems, or one and a disk, the command line that is not there is not known: it is not another. */
static bool is_known(const struct changes *c, enum change_section section)
{
	return section != CHANGES_CMDLINE || (c->s[0]->files->uki_name && c->s[1]->files->uki_name);
}

int changes_facts(struct changes *c, struct err *e)
{
	static const struct {
		enum change_section section;
		int (*read)(const struct summary *s, struct facts *f, struct err *e);
	} kinds[] = { { CHANGES_CMDLINE, read_cmdline },
		      { CHANGES_CONFIG, read_config },
		      { CHANGES_UNITS, read_units },
		      { CHANGES_PRIVILEGES, read_privileges } };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++) {
		struct facts f[2] = { { 0 }, { 0 } };
		bool known = is_known(c, kinds[i].section);
		for (int w = 0; known && r == 0 && w < 2; w++)
			r = kinds[i].read(c->s[w], &f[w], e);
		if (r == 0)
			r = compare(f, &c->sections[kinds[i].section], e);
		facts_done(&f[0]);
		facts_done(&f[1]);
	}
	return r;
}
