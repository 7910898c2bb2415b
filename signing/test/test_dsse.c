/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/dsse.h"

#include "signing/json.h"
#include "signing/test/fixture.h"

#define TYPE	"application/vnd.test+json"
#define PAYLOAD "{\"a\":1}\n"

static struct err e;

static int open_text(const char *text, X509 *cert, struct dsse *ret)
{
	return dsse_open(text, strlen(text), TYPE, &cert, 1, ret, &e);
}

START_TEST(signs_and_opens)
{
	X509 *const certs[] = { fx_pk->cert, fx_db->cert };
	_cleanup_dsse_ struct dsse d = DSSE_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT;

	ck_ok(dsse_sign(fx_db, TYPE, PAYLOAD, strlen(PAYLOAD), &b, &e));
	ck_fails(dsse_open(b.data, b.len, TYPE, certs, 1, &d, &e), -EKEYREJECTED,
		 "not signed by a key that is trusted");
	ck_fails(dsse_open(b.data, b.len, TYPE, certs, 0, &d, &e), -EKEYREJECTED, "");
	ck_fails(dsse_open(b.data, b.len, "text/plain", certs, 2, &d, &e), -EBADMSG,
		 "not of type text/plain");
	ck_assert_ptr_null(d.payload.data);
	ck_ok(dsse_open(b.data, b.len, TYPE, certs, 2, &d, &e));
	ck_assert_str_eq(buf_str(&d.payload), PAYLOAD);
	ck_assert_uint_eq(d.cert, 1);
	ck_assert(d.our_form);
}
END_TEST

/* What is signed is as the specification has it: OpenSSL's own program agrees. */
START_TEST(openssl_agrees)
{
	static const char pae[] = "DSSEv1 25 " TYPE " 8 " PAYLOAD;
	_cleanup_(json_object_put) struct json_object *o = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT, sig = BUF_INIT, out = BUF_INIT;
	struct json_object *list;

	ck_ok(dsse_sign(fx_db, TYPE, PAYLOAD, strlen(PAYLOAD), &b, &e));
	ck_ok(json_read_object((char *)b.data, b.len - 1, 8, &o, &e));
	ck_assert(json_object_object_get_ex(o, "signatures", &list));
	ck_ok(json_read_base64(json_object_array_get_idx(list, 0), "sig", &sig, &e));
	fx_write("pae", pae, strlen(pae));
	fx_write("sig", sig.data, sig.len);
	fx_runs(0, &out, "openssl", "x509", "-in", fx_path("db.crt"), "-noout", "-pubkey");
	fx_write("db.pub", out.data, out.len);
	fx_runs(0, NULL, "openssl", "dgst", "-sha256", "-verify", fx_path("db.pub"), "-signature",
		fx_path("sig"), fx_path("pae"));
}
END_TEST

/* Each byte of the payload, the type and the signature counts. */
START_TEST(changed)
{
	static const char *const parts[] = { "payload\":\"", "vnd.test", "sig\":\"" };
	_cleanup_buf_ struct buf good = BUF_INIT;

	ck_ok(dsse_sign(fx_db, TYPE, PAYLOAD, strlen(PAYLOAD), &good, &e));
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_cleanup_dsse_ struct dsse d = DSSE_INIT;
		_cleanup_free_ char *text = strdup(buf_str(&good));
		char *at = strstr(text, parts[i]) + strlen(parts[i]);
		*at = *at == 'A' ? 'B' : 'A';
		ck_assert_int_lt(open_text(text, fx_db->cert, &d), 0);
		ck_assert_ptr_null(d.payload.data);
	}
}
END_TEST

/* What a signature does not cover has one form all the same. */
START_TEST(one_form)
{
	_cleanup_buf_ struct buf good = BUF_INIT;

	ck_ok(dsse_sign(fx_db, TYPE, PAYLOAD, strlen(PAYLOAD), &good, &e));
	/* The key's id; white space; bits of the last digit of the signature that nobody decodes. */
	static const struct {
		const char *before;
		int at;
		char from, to;
	} changes[] = { { "keyid\":\"", 0, 0, 'x' },
			{ "==\"}", -1, 'g', 'h' },
			{ "\n", 0, '\n', ' ' },
			{ "\n", 0, '\n', '\0' } };
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		_cleanup_dsse_ struct dsse d = DSSE_INIT;
		_cleanup_free_ char *text = strdup(buf_str(&good));
		char *at = strstr(text, changes[i].before);
		at += changes[i].at ? changes[i].at
				    : (int)strlen(changes[i].before) - (changes[i].from == '\n');
		*at = *at == changes[i].from || !changes[i].from ? changes[i].to : (char)(*at + 1);
		ck_ok(open_text(text, fx_db->cert, &d));
		ck_assert_msg(!d.our_form, "%s", text);
	}
}
END_TEST

START_TEST(no_envelopes)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "not a JSON object" },
		{ "[]", "not a JSON object" },
		{ "{} {}", "not a JSON object" },
		{ "{}", "no string \"payloadType\"" },
		{ "{\"payloadType\":\"" TYPE "\"}", "no string \"payload\"" },
		{ "{\"payloadType\":\"" TYPE "\",\"payload\":\"!\"}", "not base64" },
		{ "{\"payloadType\":\"" TYPE "\",\"payload\":\"AAAA\"}", "it has 0 signatures" },
		{ "{\"payloadType\":\"" TYPE "\",\"payload\":\"AAAA\",\"signatures\":[]}",
		  "it has 0 signatures" },
		{ "{\"payloadType\":\"" TYPE "\",\"payload\":\"AAAA\",\"signatures\":[1]}",
		  "signature 1 is no object" },
		{ "{\"payloadType\":\"" TYPE "\",\"payload\":\"AAAA\",\"signatures\":[{}]}",
		  "no string \"sig\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_dsse_ struct dsse d = DSSE_INIT;
		ck_fails(open_text(cases[i].text, fx_db->cert, &d), -EBADMSG, cases[i].message);
	}
}
END_TEST

FX_MAIN("dsse", signs_and_opens, openssl_agrees, changed, one_form, no_envelopes)
