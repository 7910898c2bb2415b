/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/tamper/uki_edit.h"

#include "signing/authenticode.h"
#include "signing/root_hash.h"

#define ROOT_HASH "usrhash="
#define SIGNATURE "root-hash-signature=base64:"

int tamper_uki_open(const struct tamper *t, struct tamper_uki *ret, struct err *e)
{
	const uint8_t *cmdline;
	size_t len;
	int r = tamper_esp_open(t, &ret->esp, e);

	if (r < 0)
		return r;
	ret->old = tree_file_blob(ret->esp.tree, ret->esp.uki);
	r = tamper_pe_section(ret->old->data, ret->old->len, ".cmdline", &cmdline, &len, e);
	if (r < 0)
		return err_wrap(e, r, "%s", ret->esp.uki);
	buf_append(&ret->cmdline, cmdline, len);
	return buf_failed(&ret->cmdline) ? err_oom(e) : 0;
}

void tamper_uki_done(struct tamper_uki *u)
{
	tamper_esp_done(&u->esp);
	buf_done(&u->cmdline);
}

/* Put other text in the place of @len bytes. */
static int replace(struct buf *b, size_t at, size_t len, const char *with, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;

	buf_append(&out, b->data, at);
	buf_append_str(&out, with);
	buf_append(&out, b->data + at + len, b->len - at - len);
	if (buf_failed(&out))
		return err_oom(e);
	buf_done(b);
	*b = out;
	out = (struct buf)BUF_INIT;
	return 0;
}

static char *find_root_hash(const struct tamper_uki *u, struct err *e)
{
	char *at = strstr(buf_str(&u->cmdline), ROOT_HASH);

	if (!at || strspn(at + strlen(ROOT_HASH), "0123456789abcdef") != 64) {
		(void)err_set(e, -EBADMSG, "%s: its command line has no " ROOT_HASH, u->esp.uki);
		return NULL;
	}
	return at + strlen(ROOT_HASH);
}

int tamper_uki_root_hash(const struct tamper_uki *u, uint8_t ret[SHA256_BYTES], struct err *e)
{
	char hex[SHA256_HEX] = "";
	const char *at = find_root_hash(u, e);

	if (!at)
		return e->code;
	memcpy(hex, at, SHA256_HEX - 1);
	return hex_decode(hex, ret, SHA256_BYTES);
}

static char *signature_option(const struct signer *by, const uint8_t root_hash[SHA256_BYTES],
			      struct err *e)
{
	_cleanup_buf_ struct buf der = BUF_INIT;

	if (root_hash_sign(by, root_hash, &der, e) < 0)
		return NULL;
	_cleanup_free_ char *base64 = base64_encode(der.data, der.len);
	char *option = base64 ? str_printf(SIGNATURE "%s", base64) : NULL;
	if (!option)
		(void)err_oom(e);
	return option;
}

int tamper_uki_sign_root_hash(struct tamper_uki *u, const struct signer *by,
			      const uint8_t root_hash[SHA256_BYTES], struct err *e)
{
	_cleanup_free_ char *option = by ? signature_option(by, root_hash, e) : strdup("");
	char hex[SHA256_HEX], *at = find_root_hash(u, e);

	if (!option || !at)
		return e->code;
	hex_encode(root_hash, SHA256_BYTES, hex);
	memcpy(at, hex, SHA256_HEX - 1);
	const char *text = buf_str(&u->cmdline), *old = strstr(text, SIGNATURE);
	if (!old)
		return err_set(e, -ENOTSUP, "%s: its command line has no " SIGNATURE, u->esp.uki);
	size_t len = strcspn(old, ", ");
	/* Nothing is left of an option that goes, or the list of options would hold an empty one. */
	len += !by && old[len] == ',';
	return replace(&u->cmdline, (size_t)(old - text), len, option, e);
}

int tamper_sign(const struct tamper *t, bool owner, struct buf *pe, struct err *e)
{
	if (owner && !t->p.owner)
		return err_set(e, -ENOKEY, "this takes the key that the image was signed with");
	return authenticode_sign(owner ? t->p.owner : t->p.stranger, pe, e);
}

int tamper_uki_build(const struct tamper *t, const struct tamper_uki *u,
		     enum tamper_uki_signature how, struct buf *ret, struct err *e)
{
	struct pe_new_section all[8] = { { ".cmdline", u->cmdline.data, u->cmdline.len, false } };
	size_t n = MIN(u->n_sections, ARRAY_SIZE(all) - 1);

	if (n)
		memcpy(all + 1, u->sections, n * sizeof(*all));
	int r = tamper_pe_rebuild(u->old->data, u->old->len, all, n + 1, ret, e);
	if (r == 0 && how == UKI_SIGNATURE_KEPT)
		r = tamper_pe_keep_signature(u->old->data, u->old->len, ret, e);
	else if (r == 0 && how != UKI_UNSIGNED)
		r = tamper_sign(t, how == UKI_SIGNED_BY_OWNER, ret, e);
	return r < 0 ? err_wrap(e, r, "%s", u->esp.uki) : 0;
}

int tamper_uki_save(struct tamper *t, struct tamper_uki *u, enum tamper_uki_signature how,
		    struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT;
	int r = tamper_uki_build(t, u, how, &out, e);

	if (r == 0)
		r = tamper_esp_put(&u->esp, u->esp.uki, out.data, out.len, e);
	u->old = NULL; /* the tree has dropped it */
	return r < 0 ? r : tamper_esp_save(t, &u->esp, e);
}
