/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/root_hash.h"
#include "signing/test/fixture.h"

static struct err e;
static uint8_t hash[SHA256_BYTES];
static char hex[SHA256_HEX];

static void make_hash(void)
{
	sha256_bytes("root", 4, hash);
	hex_encode(hash, sizeof(hash), hex);
	fx_write("hash", hex, strlen(hex));
}

/* Our verification of what openssl made with these further options. */
static int verify_openssls(const char *input, const char *a, const char *b, const char *c)
{
	_cleanup_buf_ struct buf der = BUF_INIT;

	fx_runs(0, NULL, "openssl", "smime", "-sign", "-binary", "-outform", "der", "-in",
		fx_path(input), "-inkey", fx_path("db.key"), "-signer", fx_path("db.crt"), "-out",
		fx_path("theirs"), a, b, c);
	fx_read("theirs", &der);
	return root_hash_verify(fx_db->cert, hash, der.data, der.len, &e);
}

START_TEST(the_same_as_openssl_smime)
{
	_cleanup_buf_ struct buf der = BUF_INIT, theirs = BUF_INIT;

	make_hash();
	ck_ok(root_hash_sign(fx_db, hash, &der, &e));
	ck_assert_int_eq(verify_openssls("hash", "-nocerts", "-noattr", NULL), 0);
	fx_read("theirs", &theirs);
	ck_assert_uint_eq(der.len, theirs.len);
	ck_assert_mem_eq(der.data, theirs.data, der.len);
	_cleanup_free_ char *text = base64_encode(der.data, der.len);
	ck_assert_uint_lt(strlen(text), 600); /* it goes into a command line of 2047 bytes */
}
END_TEST

START_TEST(openssl_verifies_ours)
{
	_cleanup_buf_ struct buf der = BUF_INIT;

	make_hash();
	ck_ok(root_hash_sign(fx_db, hash, &der, &e));
	fx_write("sig", der.data, der.len);
	fx_runs(0, NULL, "openssl", "smime", "-verify", "-binary", "-inform", "der", "-in",
		fx_path("sig"), "-content", fx_path("hash"), "-certfile", fx_path("db.crt"),
		"-nointern", "-noverify");
	fx_runs(0, NULL, "openssl", "cms", "-verify", "-binary", "-inform", "der", "-in",
		fx_path("sig"), "-content", fx_path("hash"), "-certfile", fx_path("db.crt"),
		"-nointern", "-CAfile", fx_path("db.crt"), "-purpose", "any", "-partial_chain");
	fx_write("hash", hex, strlen(hex) - 1);
	fx_runs(4, NULL, "openssl", "smime", "-verify", "-binary", "-inform", "der", "-in",
		fx_path("sig"), "-content", fx_path("hash"), "-certfile", fx_path("db.crt"),
		"-nointern", "-noverify");
}
END_TEST

START_TEST(wrong_key_hash_and_bytes)
{
	_cleanup_buf_ struct buf der = BUF_INIT;

	make_hash();
	ck_ok(root_hash_sign(fx_db, hash, &der, &e));
	ck_ok(root_hash_verify(fx_db->cert, hash, der.data, der.len, &e));
	ck_fails(root_hash_verify(fx_pk->cert, hash, der.data, der.len, &e), -EKEYREJECTED,
		 "not signed by this certificate's key");
	hash[31] ^= 1;
	ck_fails(root_hash_verify(fx_db->cert, hash, der.data, der.len, &e), -EKEYREJECTED,
		 "not signed by this certificate's key");
	hash[31] ^= 1;
	der.data[der.len - 1] ^= 1;
	ck_fails(root_hash_verify(fx_db->cert, hash, der.data, der.len, &e), -EKEYREJECTED,
		 "not signed by this certificate's key");
}
END_TEST

START_TEST(malformed_signatures)
{
	_cleanup_buf_ struct buf der = BUF_INIT;

	make_hash();
	ck_ok(root_hash_sign(fx_db, hash, &der, &e));
	for (size_t len = 0; len < der.len; len++) {
		uint8_t *cut = malloc(len + 1);
		ck_assert_ptr_nonnull(cut);
		memcpy(cut, der.data, len);
		ck_fails(root_hash_verify(fx_db->cert, hash, cut, len, &e), -EBADMSG,
			 "root hash signature: ");
		free(cut);
	}
	buf_append(&der, "", 1);
	ck_fails(root_hash_verify(fx_db->cert, hash, der.data, der.len, &e), -EBADMSG,
		 "bytes after");
	for (size_t i = 0; i < der.len - 1; i++) {
		der.data[i] ^= 0x81;
		ck_assert_int_lt(root_hash_verify(fx_db->cert, hash, der.data, der.len - 1, &e), 0);
		der.data[i] ^= 0x81;
	}
}
END_TEST

START_TEST(other_forms_are_refused)
{
	make_hash();
	ck_assert_int_eq(verify_openssls("hash", "-nocerts", NULL, NULL), -EBADMSG);
	ck_assert_msg(strstr(e.msg, "it has signed attributes"), "%s", e.msg);
	ck_assert_int_eq(verify_openssls("hash", "-noattr", "-nodetach", NULL), -EBADMSG);
	ck_assert_msg(strstr(e.msg, "not a detached signature"), "%s", e.msg);
	ck_assert_int_eq(verify_openssls("hash", "-noattr", "-md", "sha512"), -EKEYREJECTED);
	ck_assert_msg(strstr(e.msg, "not SHA-256"), "%s", e.msg);
	fx_runs(0, NULL, "openssl", "crl2pkcs7", "-nocrl", "-certfile", fx_path("db.crt"),
		"-outform", "der", "-out", fx_path("none"));
	_cleanup_buf_ struct buf der = BUF_INIT;
	fx_read("none", &der);
	ck_fails(root_hash_verify(fx_db->cert, hash, der.data, der.len, &e), -EKEYREJECTED,
		 "0 signers");
}
END_TEST

START_TEST(verity_sig_goes_around)
{
	_cleanup_buf_ struct buf part = BUF_INIT;
	_cleanup_verity_sig_ struct verity_sig vs = VERITY_SIG_INIT;
	uint8_t fp[SHA256_BYTES];
	char fp_hex[SHA256_HEX], *want;

	make_hash();
	ck_ok(verity_sig_build(fx_db->cert, hash, "\x00\x01\x02\xff", 4, &part, &e));
	ck_assert_uint_eq(part.len, 4096);
	ck_ok(certificate_fingerprint(fx_db->cert, fp, &e));
	hex_encode(fp, sizeof(fp), fp_hex);
	want = str_printf("{\"rootHash\":\"%s\",\"certificateFingerprint\":\"%s\","
			  "\"signature\":\"AAEC/w==\"}",
			  hex, fp_hex);
	ck_assert_str_eq((const char *)part.data, want);
	free(want);
	ck_ok(verity_sig_parse(part.data, part.len, &vs, &e));
	ck_assert_mem_eq(vs.root_hash, hash, sizeof(hash));
	ck_assert_mem_eq(vs.fingerprint, fp, sizeof(fp));
	ck_assert_uint_eq(vs.der.len, 4);
	ck_assert_mem_eq(vs.der.data, "\x00\x01\x02\xff", 4);
}
END_TEST

#define H64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

START_TEST(bad_verity_sigs)
{
	static const struct {
		const char *json, *message;
	} cases[] = {
		{ "", "it is empty" },
		{ "x", "not a JSON object" },
		{ "[]", "not a JSON object" },
		{ "{", "not a JSON object" },
		{ "{}", "no string \"rootHash\"" },
		{ "{\"rootHash\":1}", "no string \"rootHash\"" },
		{ "{\"rootHash\":\"12\"}", "\"rootHash\" is not 64 hex digits" },
		{ "{\"rootHash\":\"" H64 "\"}", "no string \"certificateFingerprint\"" },
		{ "{\"rootHash\":\"" H64 "\",\"certificateFingerprint\":\"" H64 "\"}",
		  "no string \"signature\"" },
		{ "{\"rootHash\":\"" H64 "\",\"certificateFingerprint\":\"" H64
		  "\",\"signature\":\"\"}",
		  "\"signature\" is not base64" },
		{ "{\"rootHash\":\"" H64 "\",\"certificateFingerprint\":\"" H64
		  "\",\"signature\":\"AA=A\"}",
		  "\"signature\" is not base64" },
		{ "{\"rootHash\":\"" H64 "\",\"certificateFingerprint\":\"" H64
		  "\",\"signature\":\"AAA\"}",
		  "\"signature\" is not base64" },
		{ "{\"rootHash\":\"" H64 "\",\"certificateFingerprint\":\"" H64
		  "\",\"signature\":\"AA==\"} x",
		  "" },
		{ "[[[[[[]]]]]]", "not a JSON object" },
	};
	struct verity_sig vs;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_fails(verity_sig_parse(cases[i].json, strlen(cases[i].json), &vs, &e), -EBADMSG,
			 cases[i].message);
	ck_fails(verity_sig_parse("{}\0x", 4, &vs, &e), -EBADMSG, "bytes after the NUL at 2");
}
END_TEST

FX_MAIN("root_hash", the_same_as_openssl_smime, openssl_verifies_ours, wrong_key_hash_and_bytes,
	malformed_signatures, other_forms_are_refused, verity_sig_goes_around, bad_verity_sigs)
