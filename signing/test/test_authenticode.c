/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signing/authenticode.h"
#include "signing/test/fixture.h"

static struct err e;

/* A file whose length is no multiple of 8, which firmware wants padded. */
static void make(struct buf *b, size_t trailing)
{
	static const char text[] = "some code", data[] = "some data";
	const struct fx_section s[] = { { ".text", text, sizeof(text), FX_CODE },
					{ ".data", data, sizeof(data), FX_DATA } };

	fx_make_pe(b, PE_MACHINE_X86_64, s, ARRAY_SIZE(s));
	buf_append(b, "trailing", trailing);
}

START_TEST(signs_and_verifies)
{
	for (size_t trailing = 0; trailing <= 8; trailing++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		struct pe pe;
		make(&b, trailing);
		ck_fails(authenticode_verify(b.data, b.len, fx_db->cert, &e), -ENODATA,
			 "there is none");
		ck_ok(authenticode_sign(fx_db, &b, &e));
		ck_ok(pe_parse(&pe, b.data, b.len, &e));
		ck_assert_uint_eq(b.len % 8, 0);
		ck_ok(authenticode_verify(b.data, b.len, fx_db->cert, &e));
		ck_fails(authenticode_verify(b.data, b.len, fx_pk->cert, &e), -EKEYREJECTED,
			 "not signed by this certificate's key");
	}
}
END_TEST

START_TEST(sbverify_accepts)
{
	if (!fx_has("sbverify"))
		test_skip("no sbverify");
	for (size_t trailing = 0; trailing <= 8; trailing += 4) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		make(&b, trailing);
		ck_ok(authenticode_sign(fx_db, &b, &e));
		fx_write("signed.efi", b.data, b.len);
		fx_runs(0, NULL, "sbverify", "--cert", fx_path("db.crt"), fx_path("signed.efi"));
		fx_runs(1, NULL, "sbverify", "--cert", fx_path("PK.crt"), fx_path("signed.efi"));
		b.data[FX_HEADERS] ^= 1;
		fx_write("signed.efi", b.data, b.len);
		fx_runs(1, NULL, "sbverify", "--cert", fx_path("db.crt"), fx_path("signed.efi"));
	}
}
END_TEST

START_TEST(sbsigns_are_accepted)
{
	_cleanup_buf_ struct buf b = BUF_INIT, theirs = BUF_INIT;

	if (!fx_has("sbsign"))
		test_skip("no sbsign");
	make(&b, 0);
	fx_write("plain.efi", b.data, b.len);
	fx_runs(0, NULL, "sbsign", "--key", fx_path("db.key"), "--cert", fx_path("db.crt"),
		"--output", fx_path("sbsigned.efi"), fx_path("plain.efi"));
	fx_read("sbsigned.efi", &theirs);
	ck_ok(authenticode_verify(theirs.data, theirs.len, fx_db->cert, &e));
	ck_fails(authenticode_verify(theirs.data, theirs.len, fx_pk->cert, &e), -EKEYREJECTED, "");
	/* Over the same bytes, the same checksum. */
	struct pe pe;
	ck_ok(pe_parse(&pe, theirs.data, theirs.len, &e));
	uint32_t checksum = get_le32(theirs.data + pe.checksum);
	pe_update_checksum(&pe, theirs.data, theirs.len);
	ck_assert_uint_eq(get_le32(theirs.data + pe.checksum), checksum);
	/* A second signature beside it: both count. */
	ck_ok(authenticode_sign(fx_pk, &theirs, &e));
	ck_ok(authenticode_verify(theirs.data, theirs.len, fx_pk->cert, &e));
	ck_ok(authenticode_verify(theirs.data, theirs.len, fx_db->cert, &e));
	fx_write("both.efi", theirs.data, theirs.len);
	fx_runs(0, NULL, "sbverify", "--cert", fx_path("db.crt"), fx_path("both.efi"));
	fx_runs(0, NULL, "sbverify", "--cert", fx_path("PK.crt"), fx_path("both.efi"));
}
END_TEST

START_TEST(is_deterministic_and_has_no_time)
{
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT, text = BUF_INIT;
	struct pe pe;

	make(&a, 3);
	make(&b, 3);
	ck_ok(authenticode_sign(fx_db, &a, &e));
	ck_ok(authenticode_sign(fx_db, &b, &e));
	ck_assert_uint_eq(a.len, b.len);
	ck_assert_mem_eq(a.data, b.data, a.len);
	ck_ok(pe_parse(&pe, a.data, a.len, &e));
	fx_write("p7", a.data + pe.cert_offset + 8, pe.cert_bytes - 8);
	fx_runs(0, &text, "openssl", "pkcs7", "-inform", "der", "-in", fx_path("p7"), "-print",
		"-noout");
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "messageDigest"));
	ck_assert_ptr_null(strstr(buf_str(&text), "signingTime"));
	ck_assert_mem_eq(a.data + pe.cert_offset + 8 +
				 32, /* where edk2 looks for the digest's name */
			 "\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9);
}
END_TEST

START_TEST(every_byte_counts)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct pe pe;

	make(&b, 5);
	ck_ok(authenticode_sign(fx_db, &b, &e));
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	for (size_t i = 0; i < pe.cert_offset; i += i < 520 ? 1 : 13) {
		if (i >= pe.checksum && i < pe.checksum + 4)
			continue;
		b.data[i] ^= 0x40;
		int r = authenticode_verify(b.data, b.len, fx_db->cert, &e);
		ck_assert_msg(r == -EBADMSG || r == -EKEYREJECTED || r == -ENODATA, "byte %zu: %d",
			      i, r);
		b.data[i] ^= 0x40;
	}
}
END_TEST

/* Signatures of any malformed kind end in an error, without a byte read outside. */
/* Also those that the signature does not cover: there is one way to write them. */
START_TEST(canonical_to_the_last_byte)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	make(&b, 0);
	ck_fails(authenticode_check_canonical(b.data, b.len, fx_db->cert, &e), -EBADMSG,
		 "no signature");
	ck_ok(authenticode_sign(fx_db, &b, &e));
	ck_ok(authenticode_check_canonical(b.data, b.len, fx_db->cert, &e));
	ck_assert_int_lt(authenticode_check_canonical(b.data, b.len, fx_pk->cert, &e), 0);
	for (size_t i = 0; i < b.len; i += TEST_SANITIZED ? 7 : 1) {
		b.data[i] ^= 0x20;
		ck_assert_msg(authenticode_verify(b.data, b.len, fx_db->cert, &e) < 0 ||
				      authenticode_check_canonical(b.data, b.len, fx_db->cert, &e) <
					      0,
			      "byte %zu", i);
		b.data[i] ^= 0x20;
	}
	ck_ok(authenticode_sign(fx_db, &b, &e));
	ck_fails(authenticode_check_canonical(b.data, b.len, fx_db->cert, &e), -EBADMSG,
		 "more than one signature");
}
END_TEST

START_TEST(malformed_signatures)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t refused = 0;
	struct pe pe;

	make(&b, 0);
	ck_ok(authenticode_sign(fx_db, &b, &e));
	ck_ok(pe_parse(&pe, b.data, b.len, &e));
	uint8_t *exact = malloc(b.len);
	ck_assert_ptr_nonnull(exact);
	for (size_t i = pe.cert_offset; i < b.len; i++) {
		memcpy(exact, b.data, b.len);
		exact[i] = (uint8_t)~exact[i];
		int r = authenticode_verify(exact, b.len, fx_db->cert, &e);
		ck_assert_msg(r == 0 || r == -EBADMSG || r == -EKEYREJECTED, "byte %zu: %d", i, r);
		refused += r < 0;
	}
	/* What is not signed, above all the certificate, may change. */
	ck_assert_uint_gt(refused, 256 + 100);
	free(exact);
	for (size_t cut = 8; cut < pe.cert_bytes; cut += 8) {
		exact = malloc(b.len - cut);
		ck_assert_ptr_nonnull(exact);
		memcpy(exact, b.data, b.len - cut);
		put_le32(exact + pe.cert_directory + 4, (uint32_t)(pe.cert_bytes - cut));
		ck_fails(authenticode_verify(exact, b.len - cut, fx_db->cert, &e), -EBADMSG, "");
		free(exact);
	}
	put_le16(b.data + pe.cert_offset + 6, 0x0ef1);
	ck_fails(authenticode_verify(b.data, b.len, fx_db->cert, &e), -EBADMSG, "type 0xef1");
	put_le32(b.data + pe.cert_offset, 7);
	ck_fails(authenticode_verify(b.data, b.len, fx_db->cert, &e), -EBADMSG,
		 "a certificate of 7 bytes");
}
END_TEST

/* Signed by the right key, but something else than this file. */
START_TEST(transplanted_signatures)
{
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;
	struct pe pa, pb;

	make(&a, 0);
	make(&b, 8);
	ck_ok(authenticode_sign(fx_db, &a, &e));
	ck_ok(authenticode_sign(fx_db, &b, &e));
	ck_ok(pe_parse(&pa, a.data, a.len, &e));
	ck_ok(pe_parse(&pb, b.data, b.len, &e));
	ck_assert_uint_eq(pa.cert_bytes, pb.cert_bytes);
	memcpy(a.data + pa.cert_offset, b.data + pb.cert_offset, pa.cert_bytes);
	ck_fails(authenticode_verify(a.data, a.len, fx_db->cert, &e), -EKEYREJECTED,
		 "the content is not what was signed");
}
END_TEST

START_TEST(what_cannot_be_signed)
{
	_cleanup_buf_ struct buf b = BUF_INIT, gap = BUF_INIT;

	buf_append_str(&b, "MZ");
	ck_fails(authenticode_sign(fx_db, &b, &e), -EBADMSG, "Secure Boot signature: not a PE");
	ck_assert_uint_eq(b.len, 2);
	make(&gap, 5);
	size_t len = gap.len;
	put_le32(gap.data + FX_TABLE + PE_SECTION_RAW_BYTES, 256);
	ck_fails(authenticode_sign(fx_db, &gap, &e), -EBADMSG, "covered by no signature");
	ck_assert_uint_eq(gap.len, len);
}
END_TEST

FX_MAIN("authenticode", signs_and_verifies, canonical_to_the_last_byte, sbverify_accepts,
	sbsigns_are_accepted, is_deterministic_and_has_no_time, every_byte_counts,
	malformed_signatures, transplanted_signatures, what_cannot_be_signed)
