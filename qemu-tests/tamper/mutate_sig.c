/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verity-sig partition, which no boot reads: its JSON, and the signature in there. */
#include <openssl/asn1.h>

#include "qemu-tests/tamper/families.h"
#include "signing/openssl.h"
#include "signing/root_hash.h"

#define FINGERPRINT "\"certificateFingerprint\":\""

struct sig_part {
	const struct image_partition *part;
	struct buf text; /* of the JSON */
	struct verity_sig sig;
};

static int sig_open(const struct tamper *t, struct sig_part *s, struct err *e)
{
	char text[4097] = "";
	int r = tamper_partition(t, "usr-verity-sig-a", &s->part, e);

	if (r == 0)
		r = source_pread(&s->part->src, 0, text,
				 (size_t)MIN(s->part->src.size_bytes, sizeof(text) - 1), e);
	if (r == 0)
		r = verity_sig_parse(text, strlen(text), &s->sig, e);
	if (r < 0)
		return r;
	buf_append_str(&s->text, text);
	return buf_failed(&s->text) ? err_oom(e) : 0;
}

static void sig_done(struct sig_part *s)
{
	verity_sig_done(&s->sig);
	buf_done(&s->text);
}
#define _cleanup_sig_ __attribute__((cleanup(sig_done)))

static int sig_put(struct tamper *t, const struct sig_part *s, const struct buf *json,
		   const char *what, struct err *e)
{
	_cleanup_free_ char *room = calloc(1, 8192);

	if (!room || buf_failed(json))
		return err_oom(e);
	if (json->len > 8192)
		return err_set(e, -ENOTSUP, "too long");
	memcpy(room, json->data, json->len);
	int r = tamper_write(t, s->part, 0, room, MAX((size_t)4096, json->len), e);
	return r < 0 ? r : tamper_note(t, e, "%s: %s", s->part->name, what);
}

/* ---- the same said in other words, or something else ----------------------------------------- */

static void space(struct tamper *t, const struct sig_part *s, struct buf *out)
{
	static const char *const spaces[] = { " ", "\n", "\t", "\r\n" };
	const char *text = buf_str(&s->text), *places[3];

	places[0] = text;
	places[1] = strchr(text, ':') + 1;
	places[2] = text + s->text.len;
	const char *at = tamper_pick(t, places);
	buf_append(out, text, (size_t)(at - text));
	buf_append_str(out, tamper_pick(t, spaces));
	buf_append_str(out, at);
}

static void add_key(struct tamper *t, const struct sig_part *s, struct buf *out)
{
	static const char *const keys[] = { "\"x\":1", "\"rootHash\":\"00\"",
					    "\"signature\":\"AAAA\"",
					    "\"certificateFingerprint\":null",
					    "\"roothash\":\"\"" };

	buf_append_str(out, "{");
	buf_append_str(out, tamper_pick(t, keys));
	buf_append_str(out, ",");
	buf_append_str(out, buf_str(&s->text) + 1);
}

static void capitals(struct tamper *t unused_, const struct sig_part *s, struct buf *out)
{
	buf_append(out, s->text.data, s->text.len);
	char *at = strstr((char *)out->data, "rootHash\":\"");
	for (at += 11; *at && *at != '"'; at++)
		if (*at >= 'a')
			*at -= 'a' - 'A';
}

static void escape(struct tamper *t unused_, const struct sig_part *s, struct buf *out)
{
	const char *at = strstr(buf_str(&s->text), "signature");

	buf_append(out, s->text.data, (size_t)(at - buf_str(&s->text)));
	buf_append_str(out, "\\u0073");
	buf_append_str(out, at + 1);
}

static void reorder(struct tamper *t unused_, const struct sig_part *s, struct buf *out)
{
	const char *text = buf_str(&s->text), *comma = strchr(text, ',');

	buf_append_str(out, "{");
	buf_append(out, comma + 1, strlen(comma + 1) - 1);
	buf_append_str(out, ",");
	buf_append(out, text + 1, (size_t)(comma - text - 1));
	buf_append_str(out, "}");
}

static void fingerprint(struct tamper *t, const struct sig_part *s, struct buf *out)
{
	char *at;

	buf_append(out, s->text.data, s->text.len);
	at = buf_failed(out) ? NULL : strstr((char *)out->data, FINGERPRINT);
	if (at)
		at[strlen(FINGERPRINT) + tamper_random(t, 64)] ^= 1;
}

static void cut(struct tamper *t, const struct sig_part *s, struct buf *out)
{
	buf_append(out, s->text.data, 1 + tamper_random(t, s->text.len - 1));
}

static void append(struct tamper *t, const struct sig_part *s, struct buf *out)
{
	static const char *const texts[] = { "{}", "x", "\0{", " ", "//" };

	buf_append(out, s->text.data, s->text.len);
	buf_append(out, tamper_pick(t, texts), 2);
}

static int alter_json(struct tamper *t, struct err *e)
{
	static const struct {
		const char *what;
		void (*make)(struct tamper *t, const struct sig_part *s, struct buf *out);
	} ways[] = {
		{ "white space", space },
		{ "one more key", add_key },
		{ "digits in capitals", capitals },
		{ "a letter escaped", escape },
		{ "keys in another order", reorder },
		{ "another fingerprint", fingerprint },
		{ "JSON cut short", cut },
		{ "more behind the JSON", append },
	};
	_cleanup_sig_ struct sig_part s = { .text = BUF_INIT, .sig = VERITY_SIG_INIT };
	_cleanup_buf_ struct buf out = BUF_INIT;
	size_t i = (size_t)tamper_random(t, ARRAY_SIZE(ways));
	int r = sig_open(t, &s, e);

	if (r < 0)
		return r;
	ways[i].make(t, &s, &out);
	return sig_put(t, &s, &out, ways[i].what, e);
}

/* ---- the signature ------------------------------------------------------------------------ */

/* Where any element of a DER structure begins, by a walk into all that is constructed. */
static size_t pick_element(struct tamper *t, const uint8_t *der, size_t len)
{
	size_t at[256], n = 0, end = len;
	const uint8_t *p = der;

	while (p < der + end && n < ARRAY_SIZE(at)) {
		const uint8_t *start = p;
		long inner;
		int tag, class, flags = ASN1_get_object(&p, &inner, &tag, &class, der + end - p);
		if (flags & 0x80)
			break;
		at[n++] = (size_t)(start - der);
		if (!(flags & V_ASN1_CONSTRUCTED))
			p += inner;
	}
	return n ? at[tamper_random(t, n)] : 0;
}

/* Tag, length, or the first bytes of an element. */
static void edit_der(struct tamper *t, struct buf *der)
{
	size_t at = pick_element(t, der->data, der->len) + tamper_random(t, 4);

	if (at < der->len)
		der->data[at] ^= (uint8_t)(1 << tamper_random(t, 8));
}

static int edit_signature(struct tamper *t, struct sig_part *s, const char **ret_what,
			  struct err *e)
{
	uint8_t other[SHA256_BYTES], byte;

	switch (tamper_random(t, t->p.owner ? 6 : 4)) {
	case 0:
		*ret_what = "an element of the signature";
		edit_der(t, &s->sig.der);
		return 0;
	case 1:
		*ret_what = "bytes behind the signature";
		byte = (uint8_t)tamper_random(t, 256);
		buf_append(&s->sig.der, &byte, 1);
		return 0;
	case 2:
		*ret_what = "the signature's value";
		s->sig.der.data[s->sig.der.len - 1 - tamper_random(t, 200)] ^= 1;
		return 0;
	case 3:
		*ret_what = "a stranger's signature under the owner's name";
		s->sig.der.len = 0;
		return root_hash_sign(t->p.stranger, s->sig.root_hash, &s->sig.der, e);
	case 4:
		*ret_what = "the owner's signature of another root hash";
		tamper_random_bytes(t, other, sizeof(other));
		s->sig.der.len = 0;
		return root_hash_sign(t->p.owner, other, &s->sig.der, e);
	default:
		*ret_what = "another root hash, which the owner signed";
		tamper_random_bytes(t, s->sig.root_hash, sizeof(s->sig.root_hash));
		s->sig.der.len = 0;
		return root_hash_sign(t->p.owner, s->sig.root_hash, &s->sig.der, e);
	}
}

static int alter_cms(struct tamper *t, struct err *e)
{
	_cleanup_sig_ struct sig_part s = { .text = BUF_INIT, .sig = VERITY_SIG_INIT };
	char root_hash[SHA256_HEX], fingerprint_hex[SHA256_HEX];
	_cleanup_buf_ struct buf out = BUF_INIT;
	const char *what = "";
	int r = sig_open(t, &s, e);

	if (r == 0)
		r = edit_signature(t, &s, &what, e);
	if (r < 0)
		return r;
	_cleanup_free_ char *base64 = base64_encode(s.sig.der.data, s.sig.der.len);
	if (!base64)
		return err_oom(e);
	hex_encode(s.sig.root_hash, sizeof(s.sig.root_hash), root_hash);
	hex_encode(s.sig.fingerprint, sizeof(s.sig.fingerprint), fingerprint_hex);
	buf_printf(&out, "{\"rootHash\":\"%s\"," FINGERPRINT "%s\",\"signature\":\"%s\"}",
		   root_hash, fingerprint_hex, base64);
	return sig_put(t, &s, &out, what, e);
}

const struct tamper_kind tamper_m_json = { "json", "the JSON of the verity-sig partition",
					   alter_json };
const struct tamper_kind tamper_m_cms = { "cms", "the signature in the verity-sig partition",
					  alter_cms };
