/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel on the ESP: who signed it, what it is made of, and which slot it starts. */
#include "base/strv.h"
#include "builder/audit/verify_internal.h"
#include "builder/stages/cmdline.h"
#include "signing/pe.h"

struct uki {
	struct pe pe;
	struct verify_slot *slot; /* the one that it starts */
};

/* What a builder puts in, besides the stub's own sections, which are not the stub's to choose. */
static const char *const wanted[] = {
	".linux", ".osrel", ".cmdline", ".initrd", ".uname", ".sbat"
};
static const char *const refused[] = { ".ucode",   ".splash", ".dtb",	 ".dtbauto", ".hwids",
				       ".profile", ".efifw",  ".pcrsig", ".pcrpkey" };

static size_t count(const struct pe *pe, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < pe->n_sections; i++)
		n += str_eq(pe->sections[i].name, name);
	return n;
}

static int check_sections(struct verify *v, const struct pe *pe, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (count(pe, wanted[i]) != 1)
			return verify_fail(v, VERIFY_UKI_SECTIONS, e,
					   "%zu sections are called %s, expected one",
					   count(pe, wanted[i]), wanted[i]);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (count(pe, refused[i]))
			return verify_fail(v, VERIFY_UKI_SECTIONS, e,
					   "%s: no builder of ours makes such a section",
					   refused[i]);
	return verify_ok(v, VERIFY_UKI_SECTIONS, e, "%zu sections", pe->n_sections);
}

/* A section that is text, on the heap; NULL: it is not there, or holds a NUL, or there is no memory */
static char *section_text(const struct pe *pe, const char *name)
{
	const struct pe_section *s = pe_find(pe, name);
	size_t len = 0;
	const uint8_t *data = s ? pe_content(pe, s, &len) : NULL;

	return data && !memchr(data, 0, len) ? strndup((const char *)data, len) : NULL;
}

/* @begun: of those that are labelled empty, not of those in use */
static struct verify_slot *slot_of(struct verify *v, const char *hex, bool begun)
{
	uint8_t root_hash[SHA256_BYTES];

	if (hex_decode(hex, root_hash, sizeof(root_hash)) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(v->slots); i++)
		if ((begun ? v->slots[i].begun : v->slots[i].used) &&
		    memcmp(v->slots[i].root_hash, root_hash, sizeof(root_hash)) == 0)
			return &v->slots[i];
	return NULL;
}

static int check_words(struct verify *v, const char *words, struct err *e)
{
	_cleanup_strv_ struct strv list = STRV_INIT;

	int r = cmdline_check_words(words, e);
	if (r < 0)
		return verify_failed(v, VERIFY_UKI_CMDLINE, r, e);
	if (strv_split(&list, words, " ") < 0)
		return err_oom(e);
	for (size_t i = 0; v->p->policy->has_cmdline && i < list.n; i++)
		if (!policy_matches(&v->p->policy->cmdline, list.v[i]))
			return verify_fail(v, VERIFY_UKI_CMDLINE, e, "%s is not allowed",
					   list.v[i]);
	return verify_ok(v, VERIFY_UKI_CMDLINE, e, "%s", words);
}

/* The line ends in what cmdline_make() puts behind a recipe's words, for one of the slots. */
static int check_cmdline(struct verify *v, struct uki *u, char *line, struct err *e)
{
	char *usrhash = strstr(line, " usrhash="), hex[SHA256_HEX] = "";

	if (usrhash)
		snprintf(hex, sizeof(hex), "%s", usrhash + strlen(" usrhash="));
	u->slot = slot_of(v, hex, false);
	/* Whatever the label says, the initrd finds the partitions by their UUIDs. */
	if (!u->slot && slot_of(v, hex, true))
		return verify_fail(v, VERIFY_UKI_ROOT_HASH, e,
				   "it starts a slot that is labelled empty: usrhash=%s", hex);
	/* Updates leave the kernel of a version whose slot is another one's now. */
	if (!u->slot && usrhash && v->has_root)
		return verify_state(v, VERIFY_UKI_ROOT_HASH, e, "it starts no slot: usrhash=%s",
				    hex);
	if (!u->slot)
		return verify_fail(v, VERIFY_UKI_ROOT_HASH, e,
				   "usrhash=%s is the root hash of no slot that is in use", hex);
	*usrhash = '\0';
	_cleanup_free_ char *base64 =
		base64_encode(u->slot->signature.data, u->slot->signature.len);
	_cleanup_free_ char *again = base64 ? cmdline_make(line, hex, base64) : NULL;
	if (!again)
		return err_oom(e);
	int r = check_words(v, line, e);
	*usrhash = ' ';
	if (r < 0)
		return r;
	if (!str_eq(again, line))
		return verify_differs(v, VERIFY_UKI_ROOT_HASH, usrhash + 1,
				      again + (usrhash + 1 - line), e);
	u->slot->has_uki = true;
	return verify_ok(v, VERIFY_UKI_ROOT_HASH, e, "%s: usrhash=%s", u->slot->name, hex);
}

static int check_osrel(struct verify *v, const struct uki *u, struct err *e)
{
	_cleanup_free_ char *osrel = section_text(&u->pe, ".osrel");

	if (!osrel || !str_eq(osrel, u->slot->os_release))
		return verify_fail(v, VERIFY_UKI_OSREL, e, "it is not /usr/lib/os-release of %s",
				   u->slot->name);
	return verify_ok(v, VERIFY_UKI_OSREL, e, "/usr/lib/os-release of %s", u->slot->name);
}

static int check_uname(struct verify *v, const struct uki *u, struct err *e)
{
	_cleanup_free_ char *uname = section_text(&u->pe, ".uname"), *path = NULL;
	uint64_t ino;

	if (!uname || strchr(uname, '/'))
		return verify_fail(v, VERIFY_UKI_UNAME, e, "it is no kernel's release");
	path = str_printf("lib/modules/%s", uname);
	if (!path)
		return err_oom(e);
	int r = fs_reader_lookup(u->slot->usr, path, &ino, e);
	if (r < 0)
		return verify_failed(v, VERIFY_UKI_UNAME, r, e);
	return verify_ok(v, VERIFY_UKI_UNAME, e, "%s", uname);
}

static int check_initrd(struct verify *v, const struct uki *u, struct err *e)
{
	size_t len;
	const uint8_t *data = pe_content(&u->pe, pe_find(&u->pe, ".initrd"), &len);

	return verify_initrd(v, u->slot ? u->slot->usr : NULL, data, len, e);
}

/* Behind the version of a kernel on a node: "+3", "+2-1", how often it may and did fail to boot. */
static bool is_counter(const char *s)
{
	size_t left = *s == '+' ? strspn(s + 1, "0123456789") : 0;

	if (!left)
		return *s == '\0';
	s += 1 + left;
	return *s == '\0' || (*s == '-' && s[1] && !s[1 + strspn(s + 1, "0123456789")]);
}

/* The file is called after what it starts, so that nothing can pass for another version. */
static int check_name(struct verify *v, const struct uki *u, const char *path, struct err *e)
{
	_cleanup_free_ char *want =
		str_printf("EFI/Linux/%s_%s.efi", u->slot->image_id, u->slot->version);
	_cleanup_free_ char *name = strdup(path);

	if (!want || !name)
		return err_oom(e);
	if (v->has_root && str_has_suffix(name, ".efi")) {
		name[strlen(name) - strlen(".efi")] = '\0';
		char *plus = name + strcspn(name, "+");
		if (is_counter(plus))
			strcpy(plus, ".efi");
	}
	return str_eq(name, want) ? 0 : verify_differs(v, VERIFY_ESP_FILES, path, want, e);
}

static int check_for_slot(struct verify *v, const struct uki *u, const char *path, struct err *e)
{
	int r = check_osrel(v, u, e);

	if (r == 0)
		r = check_uname(v, u, e);
	return r < 0 ? r : check_name(v, u, path, e);
}

static int check_parts(struct verify *v, struct uki *u, const char *path, struct err *e)
{
	_cleanup_free_ char *line = section_text(&u->pe, ".cmdline");

	int r = line ? check_cmdline(v, u, line, e)
		     : verify_fail(v, VERIFY_UKI_CMDLINE, e, "it is not text");
	if (r == 0)
		r = check_initrd(v, u, e);
	/* A slot whose /usr is not what it should be has said so. */
	return r < 0 || !u->slot || !u->slot->version ? r : check_for_slot(v, u, path, e);
}

/* What is compressed in it is searched where it is unpacked. */
static int search_uki(struct verify *v, const char *path, const struct verify_pe *file,
		      struct err *e)
{
	const struct span content = { (const char *)file->data, file->len };
	_cleanup_strv_ struct strv found = STRV_INIT;

	int r = verify_search_file(v, path, content, &found, e);
	return r < 0 ? r : verify_found(v, VERIFY_SECRETS, &found, "none in the kernel's file", e);
}

int verify_uki(struct verify *v, const char *path, const struct verify_pe *file, struct err *e)
{
	_cleanup_free_ struct uki *u = calloc(1, sizeof(*u));

	if (!u)
		return err_oom(e);
	int r = verify_pe(v, file, e);
	if (r == 0)
		r = search_uki(v, path, file, e);
	if (r < 0)
		return r;
	r = pe_parse(&u->pe, file->data, file->len, e);
	if (r < 0)
		return verify_failed(v, VERIFY_UKI_SECTIONS, r, e);
	size_t n_failed = v->report->n_failed;
	r = check_sections(v, &u->pe, e);
	return r == 0 && v->report->n_failed == n_failed ? check_parts(v, u, path, e) : r;
}
