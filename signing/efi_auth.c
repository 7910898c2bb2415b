/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/efi_auth.h"
#include "signing/pe_format.h"
#include "signing/pkcs7.h"

#include <time.h>

enum {
	GUID_BYTES = 16,
	EFI_TIME_BYTES = 16,
	ESL_HEADER_BYTES = 28,
};

/* GUIDs as they lie in memory: the first three fields are little-endian. */
static const uint8_t guid_global[GUID_BYTES] = /* 8be4df61-93ca-11d2-aa0d-00e098032b8c */
	{ 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
	  0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
static const uint8_t guid_image_security[GUID_BYTES] = /* d719b2cb-3d3a-4596-a3bc-dad00e67656f */
	{ 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
	  0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f };
static const uint8_t guid_cert_x509[GUID_BYTES] = /* a5c059a1-94e4-4aa7-87b5-ab155c2bf072 */
	{ 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
	  0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72 };
static const uint8_t guid_cert_pkcs7[GUID_BYTES] = /* 4aafd29d-68df-49ee-8aa9-347d375665a7 */
	{ 0x9d, 0xd2, 0xaf, 0x4a, 0xdf, 0x68, 0xee, 0x49,
	  0x8a, 0xa9, 0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7 };

const char *efi_variable_name(enum efi_variable v)
{
	static const char *const names[] = { [EFI_VARIABLE_PK] = "PK",
					     [EFI_VARIABLE_KEK] = "KEK",
					     [EFI_VARIABLE_DB] = "db",
					     [EFI_VARIABLE_DBX] = "dbx" };

	return names[v];
}

const uint8_t *efi_variable_vendor(enum efi_variable v)
{
	return v >= EFI_VARIABLE_DB ? guid_image_security : guid_global;
}

/* RFC 9562: version 8, "custom"; the version is in the high byte of a little-endian field. */
int efi_owner_guid(X509 *pk, uint8_t ret[16], struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint8_t digest[SHA256_BYTES];

	buf_append_str(&b, "slipway SignatureOwner");
	int r = buf_append_x509(&b, pk, e);
	if (r < 0)
		return r;
	sha256_bytes(b.data, b.len, digest);
	memcpy(ret, digest, GUID_BYTES);
	ret[7] = (ret[7] & 0x0f) | 0x80;
	ret[8] = (ret[8] & 0x3f) | 0x80;
	return 0;
}

int efi_esl_append(struct buf *b, X509 *cert, const uint8_t owner[16], struct err *e)
{
	_cleanup_buf_ struct buf der = BUF_INIT;
	uint8_t sizes[12];
	int r = buf_append_x509(&der, cert, e);

	if (r < 0)
		return r;
	put_le32(sizes, (uint32_t)(ESL_HEADER_BYTES + GUID_BYTES + der.len)); /* of the list */
	put_le32(sizes + 4, 0);						      /* of a header */
	put_le32(sizes + 8, (uint32_t)(GUID_BYTES + der.len));		      /* of one entry */
	buf_append(b, guid_cert_x509, GUID_BYTES);
	buf_append(b, sizes, sizeof(sizes));
	buf_append(b, owner, GUID_BYTES);
	buf_append(b, der.data, der.len);
	return buf_failed(b) ? err_oom(e) : 0;
}

/* UTC; nanoseconds, time zone and daylight must be 0 here. */
static int efi_time(time_t t, uint8_t ret[EFI_TIME_BYTES], struct err *e)
{
	struct tm tm;

	if (!gmtime_r(&t, &tm) || tm.tm_year + 1900 < 1998 || tm.tm_year + 1900 > 9999)
		return err_set(e, -ERANGE, "the time %lld is not between the years 1998 and 9999",
			       (long long)t);
	memset(ret, 0, EFI_TIME_BYTES);
	put_le16(ret, (uint16_t)(tm.tm_year + 1900));
	ret[2] = (uint8_t)(tm.tm_mon + 1);
	ret[3] = (uint8_t)tm.tm_mday;
	ret[4] = (uint8_t)tm.tm_hour;
	ret[5] = (uint8_t)tm.tm_min;
	ret[6] = (uint8_t)tm.tm_sec;
	return 0;
}

/* Name without NUL in UTF-16, vendor, attributes, time, data. UEFI 2.10, 8.2.2 */
static int signed_content(const struct efi_auth_params *p, const uint8_t time[EFI_TIME_BYTES],
			  struct buf *b, struct err *e)
{
	uint8_t attributes[4];

	for (const char *c = efi_variable_name(p->variable); *c; c++)
		buf_append(b, (const char[]){ *c, 0 }, 2);
	buf_append(b, efi_variable_vendor(p->variable), GUID_BYTES);
	put_le32(attributes, EFI_KEY_ATTRIBUTES | (p->append ? EFI_APPEND_WRITE : 0));
	buf_append(b, attributes, sizeof(attributes));
	buf_append(b, time, EFI_TIME_BYTES);
	buf_append(b, p->esl, p->esl_len);
	return buf_failed(b) ? err_oom(e) : 0;
}

static int sign_content(const struct signer *s, const struct buf *content, struct buf *der,
			struct err *e)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;
	struct pkcs7_params p = { .content = content->data,
				  .len = content->len,
				  .certificate = true };
	int r = pkcs7_sign(s, &p, &p7, e);

	/* Firmware expects SignedData by itself here. */
	return r < 0 ? r : buf_append_pkcs7(der, p7, false, e);
}

static void put_header(uint8_t header[WIN_CERT_HEADER_BYTES], size_t der_len)
{
	put_le32(header, (uint32_t)(WIN_CERT_HEADER_BYTES + GUID_BYTES + der_len));
	put_le16(header + 4, WIN_CERT_REVISION_2_0);
	put_le16(header + 6, WIN_CERT_TYPE_EFI_GUID);
}

int efi_auth_build(const struct efi_auth_params *p, const struct signer *s, struct buf *ret,
		   struct err *e)
{
	_cleanup_buf_ struct buf content = BUF_INIT, der = BUF_INIT;
	uint8_t time[EFI_TIME_BYTES], header[WIN_CERT_HEADER_BYTES];
	int r = efi_time(p->timestamp, time, e);

	if (r == 0)
		r = signed_content(p, time, &content, e);
	if (r == 0)
		r = sign_content(s, &content, &der, e);
	if (r < 0)
		return err_wrap(e, r, "%s.auth", efi_variable_name(p->variable));
	put_header(header, der.len);
	buf_append(ret, time, sizeof(time));
	buf_append(ret, header, sizeof(header));
	buf_append(ret, guid_cert_pkcs7, GUID_BYTES);
	buf_append(ret, der.data, der.len);
	buf_append(ret, p->esl, p->esl_len);
	return buf_failed(ret) ? err_oom(e) : 0;
}

/* EFI_VARIABLE_AUTHENTICATION_2: a time, a signature, and then what the variable holds. */
int efi_auth_content(const void *auth, size_t len, const uint8_t **ret, size_t *ret_len,
		     struct err *e)
{
	const uint8_t *cert = (const uint8_t *)auth + EFI_TIME_BYTES;

	if (len < EFI_TIME_BYTES + WIN_CERT_HEADER_BYTES ||
	    get_le16(cert + 6) != WIN_CERT_TYPE_EFI_GUID)
		return err_set(e, -EBADMSG, "not an .auth file");
	size_t cert_len = get_le32(cert), rest = len - EFI_TIME_BYTES;
	if (cert_len < WIN_CERT_HEADER_BYTES || cert_len >= rest)
		return err_set(e, -EBADMSG, ".auth file: nothing is behind its signature");
	*ret = cert + cert_len;
	*ret_len = rest - cert_len;
	return 0;
}

DEFINE_CLEANUP(PKCS7_SIGNED *, PKCS7_SIGNED_free)

/* SignedData by itself, as the signature of a whole that OpenSSL takes. */
static int parse_signed_data(const uint8_t *der, size_t len, PKCS7 **ret, struct err *e)
{
	_cleanup_(PKCS7_free) PKCS7 *p7 = PKCS7_new();
	const uint8_t *at = der;

	_cleanup_(PKCS7_SIGNED_free) PKCS7_SIGNED *s = d2i_PKCS7_SIGNED(NULL, &at, (long)len);
	if (!s || at != der + len)
		return openssl_err(e, -EBADMSG, ".auth file: not a PKCS#7 signature");
	if (!p7 || !PKCS7_set_type(p7, NID_pkcs7_signed))
		return err_oom(e);
	PKCS7_SIGNED_free(p7->d.sign);
	p7->d.sign = TAKE_PTR(s);
	*ret = TAKE_PTR(p7);
	return 0;
}

/* What efi_auth_build() writes around a SignedData of this length. */
static int check_header(const uint8_t *auth, size_t der_len, struct err *e)
{
	uint8_t header[WIN_CERT_HEADER_BYTES];

	put_header(header, der_len);
	if (memcmp(auth + EFI_TIME_BYTES, header, sizeof(header)) != 0 ||
	    memcmp(auth + EFI_TIME_BYTES + sizeof(header), guid_cert_pkcs7, GUID_BYTES) != 0)
		return err_set(e, -EBADMSG, ".auth file: its header is none of ours");
	return 0;
}

/* @p7: is of these @len bytes */
static int check_signature(PKCS7 *p7, const uint8_t *der, size_t len, X509 *cert,
			   const struct buf *content, struct err *e)
{
	const struct pkcs7_params p = { .content = content->data,
					.len = content->len,
					.certificate = true };
	_cleanup_buf_ struct buf whole = BUF_INIT, inner = BUF_INIT;

	int r = pkcs7_verify(p7, cert, content->data, content->len, e);
	if (r == 0)
		r = buf_append_pkcs7(&whole, p7, true, e);
	if (r == 0)
		r = pkcs7_check_canonical(p7, cert, &p, whole.data, whole.len, e);
	if (r == 0)
		r = buf_append_pkcs7(&inner, p7, false, e);
	if (r == 0 && (inner.len != len || memcmp(inner.data, der, len) != 0))
		r = err_set(e, -EBADMSG, ".auth file: its signature is not DER");
	return r;
}

static int verify(struct efi_auth_params p, const void *auth, size_t len, X509 *cert, struct err *e)
{
	const size_t head = EFI_TIME_BYTES + WIN_CERT_HEADER_BYTES + GUID_BYTES;
	_cleanup_(PKCS7_free) PKCS7 *p7 = NULL;
	_cleanup_buf_ struct buf content = BUF_INIT;
	const uint8_t *esl = NULL, *der = (const uint8_t *)auth + head;
	size_t esl_len = 0;

	int r = efi_auth_content(auth, len, &esl, &esl_len, e);
	if (r < 0)
		return r;
	if (esl < der)
		return err_set(e, -EBADMSG, ".auth file: it has no signature");
	p.esl = esl;
	p.esl_len = esl_len;
	size_t der_len = (size_t)(esl - der);
	r = check_header(auth, der_len, e);
	if (r == 0)
		r = parse_signed_data(der, der_len, &p7, e);
	if (r == 0)
		r = signed_content(&p, auth, &content, e);
	return r < 0 ? r : check_signature(p7, der, der_len, cert, &content, e);
}

int efi_auth_verify(enum efi_variable v, const void *auth, size_t len, X509 *cert, struct err *e)
{
	return verify((struct efi_auth_params){ .variable = v }, auth, len, cert, e);
}

int efi_auth_verify_append(enum efi_variable v, const void *auth, size_t len, X509 *cert,
			   struct err *e)
{
	return verify((struct efi_auth_params){ .variable = v, .append = true }, auth, len, cert,
		      e);
}

int efi_auth_certificates(const void *auth, size_t len,
			  int (*fn)(void *ctx, const uint8_t *der, size_t len, struct err *e),
			  void *ctx, struct err *e)
{
	const uint8_t *p = NULL;
	size_t left = 0, list;
	int r = efi_auth_content(auth, len, &p, &left, e);

	for (; r == 0 && left; p += list, left -= list) {
		list = left >= ESL_HEADER_BYTES ? get_le32(p + GUID_BYTES) : 0;
		/* One entry a list, and nothing between: so efi_esl_append() writes them. */
		if (list <= ESL_HEADER_BYTES + GUID_BYTES || list > left ||
		    memcmp(p, guid_cert_x509, GUID_BYTES) != 0 || get_le32(p + 20) != 0 ||
		    get_le32(p + 24) != list - ESL_HEADER_BYTES)
			return err_set(e, -EBADMSG,
				       ".auth file: it enrols something else than certificates");
		r = fn(ctx, p + ESL_HEADER_BYTES + GUID_BYTES, list - ESL_HEADER_BYTES - GUID_BYTES,
		       e);
	}
	return r;
}
