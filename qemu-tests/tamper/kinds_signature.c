/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signatures of the root hash. The kernel is given the one of the command line, which the UKI's own
 * signature covers: only the owner of the key could err there. The partition is for everybody else.
 */
#include "qemu-tests/tamper/kinds.h"
#include "qemu-tests/tamper/uki_edit.h"
#include "signing/root_hash.h"

static int read_signature(const struct tamper *t, const struct image_partition **ret_part,
			  struct buf *ret, struct verity_sig *ret_sig, struct err *e)
{
	int r = tamper_partition(t, "usr-verity-sig-a", ret_part, e);

	if (r < 0)
		return r;
	size_t len = (size_t)(*ret_part)->src.size_bytes;
	uint8_t *room = buf_grow(ret, len);
	if (!room)
		return err_oom(e);
	r = source_pread(&(*ret_part)->src, 0, room, len, e);
	if (r < 0)
		return r;
	ret->len += len;
	buf_append(ret, "", 0); /* its NUL */
	if (buf_failed(ret))
		return err_oom(e);
	return verity_sig_parse(ret->data, ret->len, ret_sig, e);
}

/* One digit: all else stays as it was signed. */
static int alter_root_hash(struct tamper *t, struct err *e)
{
	_cleanup_verity_sig_ struct verity_sig sig = VERITY_SIG_INIT;
	_cleanup_buf_ struct buf content = BUF_INIT;
	const struct image_partition *p;
	char hex[SHA256_HEX];
	int r = read_signature(t, &p, &content, &sig, e);

	if (r < 0)
		return r;
	hex_encode(sig.root_hash, sizeof(sig.root_hash), hex);
	char *at = strstr((char *)content.data, hex);
	if (!at)
		return err_set(e, -EBADMSG, "%s: its root hash is not written as digits", p->name);
	at += tamper_random(t, 2 * SHA256_BYTES);
	const char byte = *at == '0' ? '1' : '0';
	r = tamper_write(t, p, (uint64_t)(at - (char *)content.data), &byte, 1, e);
	return r < 0 ? r
		     : tamper_note(t, e, "%s: another root hash, the signature is kept", p->name);
}

static int alter_other_key(struct tamper *t, struct err *e)
{
	_cleanup_verity_sig_ struct verity_sig sig = VERITY_SIG_INIT;
	_cleanup_buf_ struct buf content = BUF_INIT, der = BUF_INIT, built = BUF_INIT;
	const struct image_partition *p;
	int r = read_signature(t, &p, &content, &sig, e);

	if (r == 0)
		r = root_hash_sign(t->p.stranger, sig.root_hash, &der, e);
	if (r == 0)
		r = verity_sig_build(t->p.stranger->cert, sig.root_hash, der.data, der.len, &built,
				     e);
	if (r == 0)
		r = tamper_write(t, p, 0, built.data, built.len, e);
	return r < 0 ? r : tamper_note(t, e, "%s: signed by another key", p->name);
}

static int alter_none(struct tamper *t, struct err *e)
{
	static const uint8_t zeros[4096];
	const struct image_partition *p;
	int r = tamper_partition(t, "usr-verity-sig-a", &p, e);

	if (r == 0)
		r = tamper_write(t, p, 0, zeros, sizeof(zeros), e);
	return r < 0 ? r : tamper_note(t, e, "%s: empty", p->name);
}

/* The owner's own mistake: a UKI that he signed, with a root hash that he did not. */
static int alter_command_line(struct tamper *t, const struct signer *by, struct err *e)
{
	_cleanup_tamper_uki_ struct tamper_uki u = TAMPER_UKI_INIT;
	uint8_t root_hash[SHA256_BYTES];
	int r = tamper_uki_open(t, &u, e);

	if (r == 0)
		r = tamper_uki_root_hash(&u, root_hash, e);
	if (r == 0)
		r = tamper_uki_sign_root_hash(&u, by, root_hash, e);
	if (r == 0)
		r = tamper_uki_save(t, &u, UKI_SIGNED_BY_OWNER, e);
	return r < 0 ? r
		     : tamper_note(t, e, "%s: signed by its owner, its root hash %s", u.esp.uki,
				   by ? "by another key" : "by nobody");
}

static int alter_command_line_key(struct tamper *t, struct err *e)
{
	return alter_command_line(t, t->p.stranger, e);
}

static int alter_command_line_none(struct tamper *t, struct err *e)
{
	return alter_command_line(t, NULL, e);
}

const struct tamper_kind tamper_sig_root_hash = {
	"sig-root-hash", "another root hash in the JSON of the verity-sig partition",
	alter_root_hash
};
const struct tamper_kind tamper_sig_other_key = {
	"sig-other-key", "a signature by another key in the verity-sig partition", alter_other_key
};
const struct tamper_kind tamper_sig_none = { "sig-none", "an empty verity-sig partition",
					     alter_none };
const struct tamper_kind tamper_root_hash_other_key = {
	"root-hash-other-key", "a root hash signed by another key, in a UKI by the right one",
	alter_command_line_key
};
const struct tamper_kind tamper_root_hash_unsigned = {
	"root-hash-unsigned", "a root hash without a signature, in a UKI by the right key",
	alter_command_line_none
};
