/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/dsse.h"

#include <openssl/err.h>

#include "signing/json.h"
#include "signing/openssl.h"

#define DEPTH_MAX      8
#define SIGNATURES_MAX 16

/* What is signed: lengths in front of everything, so that nothing can be moved from one to the other. */
static int encode(const char *type, const void *payload, size_t len, struct buf *ret, struct err *e)
{
	buf_printf(ret, "DSSEv1 %zu %s %zu ", strlen(type), type, len);
	buf_append(ret, payload, len);
	return buf_failed(ret) ? err_oom(e) : 0;
}

static int sign(const struct signer *s, const struct buf *what, struct buf *ret, struct err *e)
{
	_cleanup_(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = 0;

	if (!ctx)
		return err_oom(e);
	if (EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, s->key, NULL) != 1 ||
	    EVP_DigestSign(ctx, NULL, &len, what->data, what->len) != 1)
		return openssl_err(e, -EIO, "the key does not sign");
	uint8_t *p = buf_grow(ret, len);
	if (!p)
		return err_oom(e);
	if (EVP_DigestSign(ctx, p, &len, what->data, what->len) != 1)
		return openssl_err(e, -EIO, "the key does not sign");
	ret->len += len;
	return 0;
}

/* The envelope of one signature, in the one way in which it is written here. */
static int put_envelope(const char *type, const char *payload64, const char *sig64, X509 *cert,
			struct buf *ret, struct err *e)
{
	uint8_t fingerprint[SHA256_BYTES];
	char keyid[SHA256_HEX];

	int r = certificate_fingerprint(cert, fingerprint, e);
	if (r < 0)
		return r;
	hex_encode(fingerprint, sizeof(fingerprint), keyid);
	buf_printf(ret,
		   "{\"payloadType\":\"%s\",\"payload\":\"%s\","
		   "\"signatures\":[{\"keyid\":\"%s\",\"sig\":\"%s\"}]}\n",
		   type, payload64, keyid, sig64);
	return buf_failed(ret) ? err_oom(e) : 0;
}

int dsse_sign(const struct signer *s, const char *type, const void *payload, size_t len,
	      struct buf *ret, struct err *e)
{
	_cleanup_buf_ struct buf what = BUF_INIT, sig = BUF_INIT;

	int r = encode(type, payload, len, &what, e);
	if (r == 0)
		r = sign(s, &what, &sig, e);
	if (r < 0)
		return r;
	_cleanup_free_ char *payload64 = base64_encode(payload, len);
	_cleanup_free_ char *sig64 = base64_encode(sig.data, sig.len);
	if (!payload64 || !sig64)
		return err_oom(e);
	return put_envelope(type, payload64, sig64, s->cert, ret, e);
}

/* Return: 1 the signature is this key's; 0 it is not; -ENOMEM */
static int is_signed(X509 *cert, const struct buf *what, const struct buf *sig)
{
	_cleanup_(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx)
		return -ENOMEM;
	return EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, X509_get0_pubkey(cert),
				       NULL) == 1 &&
	       EVP_DigestVerify(ctx, sig->data, sig->len, what->data, what->len) == 1;
}

/* While it is opened. */
struct envelope {
	const void *data;
	size_t len;
	const char *type;
	X509 *const *certs;
	size_t n_certs;
	struct json_object *o;
	struct buf payload, what; /* what is signed */
	struct buf sig;		  /* that is good */
	size_t cert;
};

static void envelope_done(struct envelope *v)
{
	json_object_put(v->o);
	buf_done(&v->payload);
	buf_done(&v->what);
	buf_done(&v->sig);
}

/* Return: 1 one of the certificates' keys has signed; 0 none; -ENOMEM */
static int try_certs(struct envelope *v)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->n_certs; i++) {
		r = is_signed(v->certs[i], &v->what, &v->sig);
		v->cert = i;
	}
	return r;
}

/* Of each signature, in order, each certificate. */
static int find_signer(struct envelope *v, struct err *e)
{
	struct json_object *list;
	size_t n = json_find_list(v->o, "signatures", &list);

	if (!n || n > SIGNATURES_MAX)
		return err_set(e, -EBADMSG, "it has %zu signatures: 1 to %d are read", n,
			       SIGNATURES_MAX);
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_array_get_idx(list, i);
		if (!json_object_is_type(o, json_type_object))
			return err_set(e, -EBADMSG, "signature %zu is no object", i + 1);
		v->sig.len = 0;
		int r = json_read_base64(o, "sig", &v->sig, e);
		if (r < 0)
			return r;
		r = try_certs(v);
		if (r != 0)
			return r < 0 ? err_oom(e) : 0;
	}
	ERR_clear_error();
	return err_set(e, -EKEYREJECTED, "not signed by a key that is trusted");
}

static int check_type(struct json_object *o, const char *want, struct err *e)
{
	const char *type;

	int r = json_read_string(o, "payloadType", &type, e);
	if (r == 0 && !str_eq(type, want))
		return err_set(e, -EBADMSG, "its payload is not of type %s", want);
	return r;
}

static int open_envelope(struct envelope *v, struct err *e)
{
	int r = json_read_line(v->data, v->len, DEPTH_MAX, &v->o, e);

	if (r == 0)
		r = check_type(v->o, v->type, e);
	if (r == 0)
		r = json_read_base64(v->o, "payload", &v->payload, e);
	if (r == 0)
		r = encode(v->type, v->payload.data, v->payload.len, &v->what, e);
	return r < 0 ? r : find_signer(v, e);
}

/* Encoded again: the last digit has bits that nobody decodes. */
static int check_form(const struct envelope *v, bool *ret, struct err *e)
{
	_cleanup_free_ char *payload64 = base64_encode(v->payload.data, v->payload.len);
	_cleanup_free_ char *sig64 = base64_encode(v->sig.data, v->sig.len);
	_cleanup_buf_ struct buf again = BUF_INIT;

	if (!payload64 || !sig64)
		return err_oom(e);
	int r = put_envelope(v->type, payload64, sig64, v->certs[v->cert], &again, e);
	if (r == 0)
		*ret = again.len == v->len && memcmp(again.data, v->data, v->len) == 0;
	return r;
}

int dsse_open(const void *data, size_t len, const char *type, X509 *const *certs, size_t n_certs,
	      struct dsse *ret, struct err *e)
{
	struct envelope v = {
		.data = data, .len = len, .type = type, .certs = certs, .n_certs = n_certs
	};
	bool our_form = false;

	int r = open_envelope(&v, e);
	if (r == 0)
		r = check_form(&v, &our_form, e);
	if (r == 0) {
		*ret = (struct dsse){ v.payload, v.cert, our_form };
		v.payload = (struct buf)BUF_INIT;
	}
	envelope_done(&v);
	return r;
}

void dsse_done(struct dsse *d)
{
	buf_done(&d->payload);
}
