/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>

#include "base/path.h"
#include "builder/audit/verify_internal.h"

static const struct {
	const char *name, *what;
} checks[] = {
	[VERIFY_CONTAINER] = { "container", "every byte of the file that holds the disk" },
	[VERIFY_OUTPUTS] = { "outputs", "the files of a build, with each other" },
	[VERIFY_PROVENANCE] = { "provenance", "what was built, with what is there" },
	[VERIFY_ROOT_HASH] = { "root-hash", "the root hash that was asked for, with those that "
					    "are there" },
	[VERIFY_GPT_PRIMARY] = { "gpt.primary", "the partition table and its checksums" },
	[VERIFY_GPT_BACKUP] = { "gpt.backup", "its copy at the end of the disk" },
	[VERIFY_GPT_LAYOUT] = { "gpt.layout", "types, order and sizes, with the rules of layouts" },
	[VERIFY_GPT_PLACES] = { "gpt.places", "where partitions lie: one after another" },
	[VERIFY_GPT_FORM] = { "gpt.form", "both tables and all around them, with what our writer "
					  "makes of the same partitions" },
	[VERIFY_DISK_STATE] = { "disk.state", "whether the disk is as it was built" },
	[VERIFY_SLOT_LABELS] = { "slot.labels", "the labels of a slot's partitions" },
	[VERIFY_SLOT_EMPTY] = { "slot.empty", "an empty slot, with zeros" },
	[VERIFY_SLOT_SUPERBLOCK] = { "slot.superblock", "the superblock of the hash tree" },
	[VERIFY_SLOT_TREE] = { "slot.tree", "every hash of /usr and of its tree, up to the root "
					    "hash that the partitions' UUIDs are" },
	[VERIFY_SLOT_SECOND] = { "slot.tree-again", "the same once more, by libcryptsetup, which "
						    "shares no code with the first look" },
	[VERIFY_SLOT_SIGNATURE] = { "slot.signature", "the signature of the root hash" },
	[VERIFY_SLOT_SIGNATURE_FORM] = { "slot.signature-form", "the partition of the signature, "
								"with what our writer makes" },
	[VERIFY_SLOT_UNUSED] = { "slot.unused", "what follows /usr, tree and signature, with "
						"zeros" },
	[VERIFY_SLOT_UKI] = { "slot.uki", "that a kernel on the ESP starts this slot" },
	[VERIFY_USR_FILESYSTEM] = { "usr.filesystem", "the filesystem: it can be read, and fills "
						      "what is hashed" },
	[VERIFY_USR_VERSION] = { "usr.version", "name and version in os-release, with the label" },
	[VERIFY_USR_PACKAGES] = { "usr.packages", "the list of packages, with the policy" },
	[VERIFY_USR_LOCK] = { "usr.lock", "the list of packages, with the lock" },
	[VERIFY_USR_PATHS] = { "usr.paths", "the names of all files, with the policy" },
	[VERIFY_USR_SBOM] = { "usr.sbom", "every file, with both SBOMs that lie in /usr" },
	[VERIFY_PE_SIGNATURE] = { "pe.signature", "the Secure Boot signature" },
	[VERIFY_PE_FORM] = { "pe.form", "what that signature does not cover, with what our "
					"writer makes" },
	[VERIFY_UKI_SECTIONS] = { "uki.sections", "the sections of the kernel's file" },
	[VERIFY_UKI_OSREL] = { "uki.osrel", "os-release, with that of /usr" },
	[VERIFY_UKI_UNAME] = { "uki.uname", "the kernel's release, with the modules of /usr" },
	[VERIFY_UKI_CMDLINE] = { "uki.cmdline", "the words of the command line" },
	[VERIFY_UKI_ROOT_HASH] = { "uki.root-hash", "root hash and signature of the command line, "
						    "with those of a slot" },
	[VERIFY_UKI_INITRD] = { "uki.initrd", "the initrd: the archive, with what our writer makes "
					      "of the same files" },
	[VERIFY_UKI_INITRD_FILES] = { "uki.initrd-files", "each file of the initrd, with the one "
							  "of /usr that has its path" },
	[VERIFY_ESP_FILES] = { "esp.files", "the names on the ESP, with those that are known" },
	[VERIFY_ESP_FORM] = { "esp.form", "the ESP to its last byte, with what our writer makes of "
					  "the same files" },
	[VERIFY_ESP_STATE] = { "esp.state", "what a running node writes on the ESP" },
	[VERIFY_ESP_LOADER] = { "esp.loader", "the boot loader" },
	[VERIFY_ESP_CONFIG] = { "esp.config", "a file with one content that is right" },
	[VERIFY_ESP_ENROLMENT] = { "esp.enrolment", "keys to be enrolled, with the trusted ones" },
	[VERIFY_CERT_TIME] = { "certificate.time", "its dates" },
	[VERIFY_CERT_KEY] = { "certificate.key", "its key and algorithm" },
	[VERIFY_SECRETS] = { "secrets",
			     "every file, with the forms of private keys and the places of credentials" },
};

const char *verify_id_name(enum verify_id id)
{
	return checks[id].name;
}

const char *verify_id_what(enum verify_id id)
{
	return checks[id].what;
}

const char *verify_verdict_name(enum verify_verdict v)
{
	return v == VERIFY_OK ? "ok" : v == VERIFY_FAIL ? "FAIL" : "state";
}

static void check_done(struct verify_check *c)
{
	free(c->where);
	free(c->found);
	free(c->expected);
}

void verify_report_done(struct verify_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		check_done(&r->v[i]);
	free(r->v);
	*r = (struct verify_report){ 0 };
}

static int grow(struct verify_report *r, struct err *e)
{
	if (r->n < r->cap)
		return 0;
	size_t cap = r->cap ? 2 * r->cap : 64;
	struct verify_check *v = reallocarray(r->v, cap, sizeof(*v));
	if (!v)
		return err_oom(e);
	r->v = v;
	r->cap = cap;
	return 0;
}

/* More than any value of ours has. Files of the ESP can be of a GiB. */
#define TEXT_CHARS_MAX (16 * KiB)

static char *shown(const char *text)
{
	_cleanup_free_ char *cut = strndup(text, TEXT_CHARS_MAX);
	char *quoted = cut ? path_quote(cut) : NULL;

	if (!quoted || !text[strlen(cut)])
		return quoted;
	_cleanup_free_ char *start = quoted;
	return str_printf("%s (and more)", start);
}

/* @c: its texts are of the image, and are copied */
static int add(struct verify *v, const struct verify_check *c, struct err *e)
{
	struct verify_report *r = v->report;
	struct verify_check copy = { .id = c->id, .verdict = c->verdict };

	int rc = grow(r, e);
	if (rc < 0)
		return rc;
	copy.where = path_quote(v->where);
	copy.found = shown(c->found);
	copy.expected = c->expected ? shown(c->expected) : NULL;
	if (!copy.where || !copy.found || (c->expected && !copy.expected)) {
		check_done(&copy);
		return err_oom(e);
	}
	r->v[r->n++] = copy;
	r->n_failed += c->verdict == VERIFY_FAIL;
	return 0;
}

void verify_at(struct verify *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->where, sizeof(v->where), fmt, ap);
	va_end(ap);
}

/* Long enough for what errors say. */
#define FOUND_CHARS sizeof(((struct err *)0)->msg)

#define END_CHECK(name, its_verdict)                                                       \
	int name(struct verify *v, enum verify_id id, struct err *e, const char *fmt, ...) \
	{                                                                                  \
		char found[FOUND_CHARS];                                                   \
		va_list ap;                                                                \
                                                                                           \
		va_start(ap, fmt);                                                         \
		vsnprintf(found, sizeof(found), fmt, ap);                                  \
		va_end(ap);                                                                \
		return add(v,                                                              \
			   &(struct verify_check){                                         \
				   .id = id, .verdict = (its_verdict), .found = found },   \
			   e);                                                             \
	}

END_CHECK(verify_ok, VERIFY_OK)
END_CHECK(verify_fail, VERIFY_FAIL)
END_CHECK(verify_state, VERIFY_STATE)

int verify_differs(struct verify *v, enum verify_id id, const char *found, const char *expected,
		   struct err *e)
{
	return add(v,
		   &(struct verify_check){ .id = id,
					   .verdict = VERIFY_FAIL,
					   .found = (char *)(uintptr_t)found,
					   .expected = (char *)(uintptr_t)expected },
		   e);
}

bool verify_is_fatal(int r)
{
	return r == -ENOMEM || r == -ECANCELED || r == -EIO;
}

int verify_failed(struct verify *v, enum verify_id id, int r, struct err *e)
{
	struct err why;

	if (verify_is_fatal(r))
		return r;
	why = *e;
	return verify_fail(v, id, e, "%s", why.msg);
}
