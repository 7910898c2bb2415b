/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UEFI programs with other content, and with a signature that was not made for it. */
#include "qemu-tests/tamper/parts.h"
#include "signing/pe_format.h"

static void set_certificates(const struct pe *pe, uint8_t *data, size_t offset, size_t len)
{
	put_le32(data + pe->cert_directory, (uint32_t)offset);
	put_le32(data + pe->cert_directory + 4, (uint32_t)len);
}

int tamper_pe_unsigned(const void *data, size_t len, struct buf *ret, struct err *e)
{
	struct pe pe;
	int r = pe_parse(&pe, data, len, e);

	if (r < 0)
		return r;
	buf_append(ret, data, pe.cert_offset ? pe.cert_offset : len);
	if (buf_failed(ret))
		return err_oom(e);
	set_certificates(&pe, ret->data, 0, 0);
	pe_update_checksum(&pe, ret->data, ret->len);
	return 0;
}

int tamper_pe_rebuild(const void *data, size_t len, const struct pe_new_section *sections, size_t n,
		      struct buf *ret, struct err *e)
{
	_cleanup_buf_ struct buf plain = BUF_INIT;
	struct pe pe;
	int r = tamper_pe_unsigned(data, len, &plain, e);

	if (r == 0)
		r = pe_parse(&pe, plain.data, plain.len, e);
	return r < 0 ? r : pe_add_sections(&pe, sections, n, 0, ret, e);
}

int tamper_pe_keep_signature(const void *from, size_t len, struct buf *out, struct err *e)
{
	struct pe pe;
	int r = pe_parse(&pe, from, len, e);

	if (r < 0)
		return r;
	if (!pe.cert_offset)
		return err_set(e, -ENOENT, "it has no signature to be kept");
	buf_pad(out, 8);
	size_t at = out->len;
	buf_append(out, (const uint8_t *)from + pe.cert_offset, pe.cert_bytes);
	if (buf_failed(out))
		return err_oom(e);
	set_certificates(&pe, out->data, at, pe.cert_bytes);
	pe_update_checksum(&pe, out->data, out->len);
	return 0;
}

int tamper_pe_section(const void *data, size_t len, const char *name, const uint8_t **ret,
		      size_t *ret_len, struct err *e)
{
	struct pe pe;
	int r = pe_parse(&pe, data, len, e);

	if (r < 0)
		return r;
	const struct pe_section *s = pe_find(&pe, name);
	if (!s)
		return err_set(e, -ENOENT, "there is no section %s", name);
	*ret = (const uint8_t *)data + s->raw_offset;
	*ret_len = MIN(s->virtual_bytes, s->raw_bytes);
	return 0;
}
