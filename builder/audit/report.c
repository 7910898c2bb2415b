/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/audit/report.h"

#include "base/buf.h"

#define WHERE_CHARS_MAX 1024
#define VALUE_CHARS_MAX 240

static const struct {
	const char *name, *why;
} kinds[DIFF_N_KINDS] = {
	[DIFF_MISSING] = { "missing",
			   "a package, overlay file, unit or finisher that the other build did not have, or "
			   "something added or removed since" },
	[DIFF_CONTENT] = { "content",
			   "another version of its package, another overlay file, another recipe or "
			   "version, a date (SOURCE_DATE_EPOCH), or a finisher of another builder" },
	[DIFF_TIME] = { "time",
			"a file of another package, or of another time of the build: SOURCE_DATE_EPOCH, "
			"or the newest package" },
	[DIFF_MODE] = { "mode",
			"an overlay file that is executable in one checkout and not in the other, or "
			"another package" },
	[DIFF_OWNER] = { "owner", "another package, or users and groups numbered otherwise" },
	[DIFF_XATTR] = { "xattr", "another package, or another list of file capabilities" },
	[DIFF_LINKS] = { "links", "files that are hard links in one and copies in the other" },
	[DIFF_CMDLINE] = { "command-line", "the recipe's kernel: cmdline:, or another builder" },
	[DIFF_DERIVED] = { "derived",
			   "it is derived from the recipe's name and version and the digests of all "
			   "packages: one of these differs" },
	[DIFF_IMAGE_TIME] = { "image-time",
			      "another SOURCE_DATE_EPOCH, or another newest package" },
	[DIFF_LABEL] = { "label", "the recipe's name or version" },
	[DIFF_PARTITION] = { "partition", "another layout, or another builder" },
	[DIFF_FORMAT] = { "format",
			  "another builder, another version of a library that it writes with, or "
			  "another tool's output" },
	[DIFF_PLACEMENT] = { "placement",
			     "the same content lies elsewhere: another builder or library, or work "
			     "done in an order that nothing determines" },
	[DIFF_COMPRESSION] = { "compression",
			       "the same content, compressed otherwise: another libzstd or level" },
	[DIFF_KEY] = { "key", "signed with another key or certificate" },
	[DIFF_SIGNATURE] = { "signature",
			     "the same content signed by the same key: a signature that is random by "
			     "nature (EC), or a damaged one" },
	[DIFF_SIGNING_TIME] = { "signing-time",
				"a signer that writes the clock into its signatures" },
	[DIFF_MOUNTED] = { "mounted", "the filesystem was mounted or repaired after it was built" },
	[DIFF_SLACK] = { "slack",
			 "bytes that belong to nothing: left behind by a writer, or put there since" },
	[DIFF_DAMAGE] = { "damage",
			  "one of the two is not what a builder writes: changed or cut short since" },
	[DIFF_FROM_USR] = { "from-usr", "it was taken from /usr, where the same file differs" },
	[DIFF_OTHER_TIME] = { "other-time",
			      "times that are written along with the mtime, which differs" },
	[DIFF_SIZE] = { "size", "lengths and places that follow from contents that differ" },
	[DIFF_CHECKSUM] = { "checksum", "a checksum of what differs" },
	[DIFF_HASH_TREE] = { "hash-tree", "hashes of data, or with a salt, that differ" },
	[DIFF_ROOT_HASH] = { "root-hash",
			     "the root hash, a half of it or what is derived from it: hash trees differ" },
	[DIFF_SIGNED] = { "signed", "a signature of content, or by a key, that differs" },
	[DIFF_COPY] = { "copy", "a copy of something that was compared already" },
	[DIFF_LISTED] = { "listed", "an SBOM or provenance that lists what differs" },
};

const char *diff_kind_name(enum diff_kind k)
{
	return kinds[k].name;
}

const char *diff_kind_why(enum diff_kind k)
{
	return kinds[k].why;
}

/* Printable ASCII, others as \xNN, cut with "..." at about @max characters. */
static int copy_text(const char *s, size_t max, char **ret, struct err *e)
{
	struct buf b = BUF_INIT;

	if (!s)
		return 0;
	buf_append_str(&b, "");
	for (; *s && b.len < max; s++) {
		if (*s == '\\')
			buf_append_str(&b, "\\\\");
		else if (*s >= ' ' && *s <= '~')
			buf_append(&b, s, 1);
		else
			buf_printf(&b, "\\x%02x", (uint8_t)*s);
	}
	buf_append_str(&b, *s ? "..." : "");
	*ret = buf_take_str(&b);
	return *ret ? 0 : err_oom(e);
}

static void item_done(struct diff_item *i)
{
	free(i->where);
	free(i->field);
	free(i->a);
	free(i->b);
}

static int grow(struct diff_report *r, struct err *e)
{
	size_t cap = r->cap ? 2 * r->cap : 64;
	struct diff_item *v = r->n < r->cap ? r->v : reallocarray(r->v, cap, sizeof(*v));

	if (!v)
		return err_oom(e);
	r->cap = r->n < r->cap ? r->cap : cap;
	r->v = v;
	return 0;
}

int diff_report_add(struct diff_report *r, const struct diff_item *item, struct err *e)
{
	struct diff_item copy = { .kind = item->kind };

	if (r->counts[item->kind]++ >= r->limit && r->limit)
		return 0;
	int rc = grow(r, e);
	if (rc == 0)
		rc = copy_text(item->where, WHERE_CHARS_MAX, &copy.where, e);
	if (rc == 0)
		rc = copy_text(item->field, VALUE_CHARS_MAX, &copy.field, e);
	if (rc == 0)
		rc = copy_text(item->a, VALUE_CHARS_MAX, &copy.a, e);
	if (rc == 0)
		rc = copy_text(item->b, VALUE_CHARS_MAX, &copy.b, e);
	if (rc == 0)
		r->v[r->n++] = copy;
	else
		item_done(&copy);
	return rc;
}

void diff_report_settle(struct diff_report *r)
{
	if (diff_report_count(r, true))
		return;
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].kind == DIFF_LISTED)
			r->v[i].kind = DIFF_CONTENT;
	r->counts[DIFF_CONTENT] = r->counts[DIFF_LISTED];
	r->counts[DIFF_LISTED] = 0;
}

size_t diff_report_count(const struct diff_report *r, bool causes)
{
	size_t n = 0;

	for (enum diff_kind k = 0; k < DIFF_N_KINDS; k++)
		if (diff_kind_is_cause(k) == causes)
			n += r->counts[k];
	return n;
}

size_t diff_report_total(const struct diff_report *r)
{
	return diff_report_count(r, true) + diff_report_count(r, false);
}

void diff_report_done(struct diff_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		item_done(&r->v[i]);
	free(r->v);
	*r = (struct diff_report){ 0 };
}
