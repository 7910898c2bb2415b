/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/uki.h"
#include "signing/pe.h"
#include "signing/pe_format.h"

#include <ctype.h>

#define STUB_MAGIC "#### LoaderInfo: systemd-stub "

static const char sbat_header[] =
	"sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n";

/* Firmware and kernel alike are told what the stub is by the text in its section .sdmagic. */
static int check_stub(const struct pe *stub, struct err *e)
{
	const struct pe_section *s = pe_find(stub, ".sdmagic");
	char text[96] = "";
	size_t len;

	if (s) {
		const uint8_t *magic = pe_content(stub, s, &len);
		memcpy(text, magic, MIN(len, sizeof(text) - 1));
	}
	if (!str_has_prefix(text, STUB_MAGIC))
		return err_set(e, -EINVAL,
			       "it is not a systemd-stub: no \"%s\" in its section .sdmagic",
			       STUB_MAGIC);
	const char *version = text + strlen(STUB_MAGIC);
	if (strtoul(version, NULL, 10) < UKI_STUB_VERSION_MIN)
		return err_set(e, -EINVAL, "it is of systemd %.*s, needed is %d or later",
			       (int)strcspn(version, " "), version, UKI_STUB_VERSION_MIN);
	static const char *const ours[] = { ".osrel", ".cmdline", ".uname", ".linux", ".initrd" };
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (pe_find(stub, ours[i]))
			return err_set(e, -EINVAL, "it has a section %s: it is an image already",
				       ours[i]);
	return 0;
}

/* What the stub would change (it turns control characters into spaces and trims) would not be what was
 * signed, as far as a reader can see. */
static int check_cmdline(const struct uki_part *c, struct err *e)
{
	const uint8_t *s = c->data;

	if (c->len > UKI_CMDLINE_BYTES_MAX)
		return err_set(e, -E2BIG,
			       "kernel command line: %zu bytes, the kernel takes no more than %d",
			       c->len, UKI_CMDLINE_BYTES_MAX);
	for (size_t i = 0; i < c->len; i++)
		if (s[i] < ' ' || s[i] > '~')
			return err_set(
				e, -EINVAL,
				"kernel command line: byte 0x%02x at %zu, expected printable ASCII",
				s[i], i);
	if (c->len && (s[0] == ' ' || s[c->len - 1] == ' '))
		return err_set(e, -EINVAL, "kernel command line: space at its start or end");
	return 0;
}

static int check_uname(const struct uki_part *u, struct err *e)
{
	const uint8_t *s = u->data;

	for (size_t i = 0; i < u->len; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return err_set(e, -EINVAL, "kernel release: byte 0x%02x at %zu", s[i], i);
	return 0;
}

static int check_present(const struct uki_params *p, struct err *e)
{
	const struct {
		const struct uki_part *part;
		const char *what;
	} needed[] = { { &p->stub, "stub" },
		       { &p->linux_, "kernel" },
		       { &p->osrel, "os-release" },
		       { &p->uname, "kernel release" } };

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (needed[i].part->len == 0)
			return err_set(e, -EINVAL, "the %s is empty", needed[i].what);
	return 0;
}

static const char *machine_name(uint16_t machine)
{
	return machine == PE_MACHINE_X86_64  ? "x86-64"
	       : machine == PE_MACHINE_ARM64 ? "arm64"
					     : "an unknown machine";
}

static int wrap_part(struct err *e, int r, const char *what, const char *name)
{
	return name ? err_wrap(e, r, "%s %s", what, name) : err_wrap(e, r, "%s", what);
}

static int parse_parts(const struct uki_params *p, struct pe *stub, struct pe *kernel,
		       struct err *e)
{
	int r = pe_parse(stub, p->stub.data, p->stub.len, e);

	if (r == 0)
		r = check_stub(stub, e);
	if (r < 0)
		return wrap_part(e, r, "stub", p->stub_name);
	r = pe_parse(kernel, p->linux_.data, p->linux_.len, e);
	if (r < 0)
		return wrap_part(e, r, "kernel", p->kernel_name);
	if (stub->machine != kernel->machine)
		return err_set(e, -EINVAL, "the stub is for %s (%#x), the kernel for %s (%#x)",
			       machine_name(stub->machine), stub->machine,
			       machine_name(kernel->machine), kernel->machine);
	return 0;
}

static int check_parts(const struct uki_params *p, struct pe *stub, struct pe *kernel,
		       struct err *e)
{
	int r = check_present(p, e);

	if (r == 0)
		r = check_cmdline(&p->cmdline, e);
	if (r == 0)
		r = check_uname(&p->uname, e);
	return r < 0 ? r : parse_parts(p, stub, kernel, e);
}

int uki_check(const struct uki_params *p, struct err *e)
{
	_cleanup_free_ struct pe *pes = calloc(2, sizeof(*pes));
	int r = pes ? check_parts(p, &pes[0], &pes[1], e) : err_oom(e);

	return r < 0 ? err_wrap(e, r, "UKI") : 0;
}

/* Lines without the header line, which stands on top once. */
static void append_sbat_lines(struct buf *b, const uint8_t *text, size_t len)
{
	size_t n = strnlen((const char *)text, len), line;

	for (size_t at = 0; at < n; at += line + 1) {
		const uint8_t *end = memchr(text + at, '\n', n - at);
		line = end ? (size_t)(end - (text + at)) : n - at;
		if (line == 0 || (line >= 5 && memcmp(text + at, "sbat,", 5) == 0))
			continue;
		buf_append(b, text + at, line);
		buf_append_str(b, "\n");
	}
}

static void append_sbat_section(struct buf *b, const struct pe *pe)
{
	const struct pe_section *s = pe_find(pe, ".sbat");
	size_t len;

	if (!s)
		return;
	const uint8_t *text = pe_content(pe, s, &len);
	append_sbat_lines(b, text, len);
}

static int build(const struct uki_params *p, const struct pe *stub, const struct pe *kernel,
		 struct buf *ret, struct err *e)
{
	_cleanup_buf_ struct buf sbat = BUF_INIT;

	buf_append_str(&sbat, sbat_header);
	append_sbat_section(&sbat, stub);
	append_sbat_section(&sbat, kernel);
	if (p->sbat.len)
		append_sbat_lines(&sbat, p->sbat.data, p->sbat.len);
	if (buf_failed(&sbat))
		return err_oom(e);
	const struct pe_new_section add[] = {
		{ ".osrel", p->osrel.data, p->osrel.len, false },
		{ ".cmdline", p->cmdline.data, p->cmdline.len, false },
		{ ".uname", p->uname.data, p->uname.len, false },
		{ ".linux", p->linux_.data, p->linux_.len, true },
		{ ".initrd", p->initrd.data, p->initrd.len, false },
		{ ".sbat", sbat.data, sbat.len, false },
	};
	/* A kernel that may write to what it executes must not be loaded by a stub that promises not to. */
	uint16_t dll =
		get_le16(kernel->data + kernel->optional_header + PE_OPT_DLL_CHARACTERISTICS);
	return pe_add_sections(stub, add, ARRAY_SIZE(add),
			       dll & PE_DLL_NX_COMPAT ? 0 : PE_DLL_NX_COMPAT, ret, e);
}

int uki_build(const struct uki_params *p, struct buf *ret, struct err *e)
{
	_cleanup_free_ struct pe *pes = calloc(2, sizeof(*pes));
	int r = pes ? check_parts(p, &pes[0], &pes[1], e) : err_oom(e);

	if (r == 0 && (p->initrd.len == 0 || p->cmdline.len == 0))
		r = err_set(e, -EINVAL, "the %s is empty",
			    p->initrd.len ? "kernel command line" : "initrd");
	if (r == 0)
		r = build(p, &pes[0], &pes[1], ret, e);
	return r < 0 ? err_wrap(e, r, "UKI") : 0;
}
