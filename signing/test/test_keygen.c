/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <sys/stat.h>

#include "signing/efi_auth.h"
#include "signing/root_hash.h"
#include "signing/test/fixture.h"

static struct err e;
static const char *const names[] = { "PK", "KEK", "db" };

START_TEST(files_and_modes)
{
	static const struct {
		const char *suffix;
		mode_t mode;
	} want[] = { { "key", 0600 }, { "crt", 0644 }, { "der", 0644 }, { "auth", 0644 } };

	for (size_t i = 0; i < 12; i++) {
		char name[16];
		struct stat st;
		snprintf(name, sizeof(name), "%s.%s", names[i / 4], want[i % 4].suffix);
		ck_assert_int_eq(stat(fx_path(name), &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, want[i % 4].mode);
	}
}
END_TEST

START_TEST(certificates_are_marked)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_buf_ struct buf text = BUF_INIT;
		char name[16];
		snprintf(name, sizeof(name), "%s.crt", names[i]);
		fx_runs(0, &text, "openssl", "x509", "-in", fx_path(name), "-noout", "-subject",
			"-dates", "-ext", "keyUsage,basicConstraints");
		ck_assert_msg(strstr(buf_str(&text), "slipway DEVELOPMENT key - do not ship") &&
				      strstr(buf_str(&text), names[i]) &&
				      strstr(buf_str(&text), "notBefore=Nov 14 22:13:20 2023") &&
				      strstr(buf_str(&text), "notAfter=Nov 11 22:13:20 2033") &&
				      strstr(buf_str(&text), "Digital Signature") &&
				      strstr(buf_str(&text), "CA:FALSE"),
			      "%s", buf_str(&text));
		fx_runs(0, NULL, "openssl", "verify", "-CAfile", fx_path(name), "-partial_chain",
			"-no_check_time", fx_path(name));
	}
}
END_TEST

START_TEST(keys_differ_and_serials_too)
{
	_cleanup_(signer_free) struct signer *kek = fx_signer("KEK");

	ck_assert_int_ne(EVP_PKEY_eq(kek->key, fx_db->key), 1);
	ck_assert_int_ne(ASN1_INTEGER_cmp(X509_get0_serialNumber(kek->cert),
					  X509_get0_serialNumber(fx_db->cert)),
			 0);
	ck_assert_int_eq(ASN1_STRING_length(X509_get0_serialNumber(kek->cert)), 16);
}
END_TEST

START_TEST(nothing_is_overwritten)
{
	_cleanup_buf_ struct buf before = BUF_INIT, after = BUF_INIT;
	struct keygen_params p = { .dir = fx_path(""), .now = FX_NOW, .valid_days = 1 };

	fx_read("PK.key", &before);
	ck_fails(keygen(&p, &e), -EEXIST, "PK.key exists: keys are never overwritten");
	p.dir = fx_path("other");
	ck_assert_int_eq(mkdir(p.dir, 0755), 0);
	ck_assert_int_eq(symlink("nowhere", fx_path("other/db.auth")), 0);
	ck_fails(keygen(&p, &e), -EEXIST, "db.auth exists");
	ck_assert_int_ne(access(fx_path("other/PK.key"), F_OK), 0);
	fx_read("PK.key", &after);
	ck_assert_str_eq(buf_str(&before), buf_str(&after));
}
END_TEST

START_TEST(bad_parameters)
{
	struct keygen_params p = { .dir = fx_path("bad"), .now = FX_NOW };

	ck_fails(keygen(&p, &e), -EINVAL, "valid for 0 days");
	p.valid_days = 1;
	p.now = 0;
	ck_fails(keygen(&p, &e), -ERANGE, "1998");
	ck_assert_int_ne(access(fx_path("bad/PK.key"), F_OK), 0);
	p.dir = fx_path("none/none");
	ck_fails(keygen(&p, &e), -ENOENT, "none/none");
}
END_TEST

START_TEST(sbsiglist_makes_the_same_list)
{
	_cleanup_buf_ struct buf esl = BUF_INIT, theirs = BUF_INIT;
	/* 11223344-5566-7788-99aa-bbccddeeff00 */
	static const uint8_t owner[16] = { 0x44, 0x33, 0x22, 0x11, 0x66, 0x55, 0x88, 0x77,
					   0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00 };

	if (!fx_has("sbsiglist"))
		test_skip("no sbsiglist");
	ck_ok(efi_esl_append(&esl, fx_db->cert, owner, &e));
	fx_runs(0, NULL, "sbsiglist", "--owner", "11223344-5566-7788-99aa-bbccddeeff00", "--type",
		"x509", "--output", fx_path("db.esl"), fx_path("db.der"));
	fx_read("db.esl", &theirs);
	ck_assert_uint_eq(esl.len, theirs.len);
	ck_assert_mem_eq(esl.data, theirs.data, esl.len);
}
END_TEST

/* The signed bytes of UEFI 2.10, 8.2.2, put together here once more and by other means. */
static size_t signed_bytes(const char *name16, size_t name_len, const char *guid,
			   const uint8_t *auth, const uint8_t *esl, size_t esl_len, bool append,
			   uint8_t *out)
{
	size_t n = 0;

	memcpy(out, name16, name_len);
	n += name_len;
	ck_assert_int_eq(hex_decode(guid, out + n, 16), 0);
	n += 16;
	memcpy(out + n, append ? "\x67\0\0\0" : "\x27\0\0\0", 4);
	memcpy(out + n + 4, auth, 16); /* the time */
	n += 20;
	memcpy(out + n, esl, esl_len);
	return n + esl_len;
}

/* The SignedData of an .auth file within a ContentInfo, as openssl reads it. */
static void write_p7(const uint8_t *signed_data, size_t len)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint8_t outer[] = { 0x30, 0x82, 0, 0, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
			    0xf7, 0x0d, 1, 7, 2,    0xa0, 0x82, 0,    0 };

	outer[2] = (uint8_t)((len + 15) >> 8);
	outer[3] = (uint8_t)(len + 15);
	outer[17] = (uint8_t)(len >> 8);
	outer[18] = (uint8_t)len;
	buf_append(&b, outer, sizeof(outer));
	buf_append(&b, signed_data, len);
	fx_write("auth.p7", b.data, b.len);
}

static void check_auth(const char *file, const char *signer, const char *name16, size_t name_len,
		       const char *guid)
{
	_cleanup_buf_ struct buf auth = BUF_INIT;
	uint8_t tbs[8192];

	fx_read(file, &auth);
	ck_assert_mem_eq(auth.data, "\xe7\x07\x0b\x0e\x16\x0d\x14\0\0\0\0\0\0\0\0\0", 16);
	uint32_t len = get_le32(auth.data + 16);
	ck_assert_mem_eq(auth.data + 20, "\x00\x02\xf1\x0e", 4);
	ck_assert_uint_lt(16 + len, auth.len);
	const uint8_t *p7 = auth.data + 40, *esl = auth.data + 16 + len;
	size_t esl_len = auth.len - 16 - len;
	ck_assert_uint_eq(get_le32(esl + 16), esl_len);
	/* where edk2 looks for the name of the digest in SignedData */
	ck_assert_mem_eq(p7 + 13, "\x60\x86\x48\x01\x65\x03\x04\x02\x01", 9);
	write_p7(p7, len - 24);
	fx_write("auth.tbs", tbs,
		 signed_bytes(name16, name_len, guid, auth.data, esl, esl_len,
			      strchr(file, '.') != strrchr(file, '.'), tbs));
	fx_runs(0, NULL, "openssl", "smime", "-verify", "-binary", "-inform", "der", "-in",
		fx_path("auth.p7"), "-content", fx_path("auth.tbs"), "-certfile", fx_path(signer),
		"-nointern", "-noverify");
}

START_TEST(auth_files_are_signed_as_the_specification_says)
{
	const char *global = "61dfe48bca93d211aa0d00e098032b8c";

	check_auth("PK.auth", "PK.crt", "P\0K", 4, global);
	check_auth("KEK.auth", "PK.crt", "K\0E\0K", 6, global);
	check_auth("db.auth", "KEK.crt", "d\0b", 4, "cbb219d73a3d9645a3bcdad00e67656f");
}
END_TEST

START_TEST(next_key_is_appended_and_revoked)
{
	const struct keygen_params p = { .dir = fx_dir, .now = FX_NOW, .valid_days = 10 };
	const char *vendor = "cbb219d73a3d9645a3bcdad00e67656f";
	_cleanup_(signer_free) struct signer *s = NULL;
	_cleanup_(X509_free) X509 *kek = NULL;
	_cleanup_buf_ struct buf auth = BUF_INIT;

	ck_ok(keygen_next(&p, "db2", &e));
	check_auth("db2.trust.auth", "KEK.crt", "d\0b", 4, vendor);
	check_auth("db2.revoke.auth", "KEK.crt", "d\0b\0x", 6, vendor);
	check_auth("db.revoke.auth", "KEK.crt", "d\0b\0x", 6, vendor);
	s = fx_signer("db2");
	ck_assert_int_ne(X509_cmp(s->cert, fx_db->cert), 0);
	ck_ok(certificate_load(fx_path("KEK.crt"), &kek, &e));
	fx_read("db2.trust.auth", &auth);
	ck_ok(efi_auth_verify_append(EFI_VARIABLE_DB, auth.data, auth.len, kek, &e));
	ck_fails(efi_auth_verify(EFI_VARIABLE_DB, auth.data, auth.len, kek, &e), -EKEYREJECTED, "");
	ck_fails(efi_auth_verify_append(EFI_VARIABLE_DBX, auth.data, auth.len, kek, &e),
		 -EKEYREJECTED, "");
	ck_fails(efi_auth_verify_append(EFI_VARIABLE_DB, auth.data, auth.len, fx_db->cert, &e),
		 -EKEYREJECTED, "");
	ck_fails(keygen_next(&p, "db2", &e), -EEXIST, "db2.key exists");
	ck_fails(keygen_next(&p, "db", &e), -EEXIST, "db.key exists");
	ck_fails(keygen_next(&p, "../x", &e), -EINVAL, "letters, digits");
}
END_TEST

START_TEST(auth_of_existing_certificates)
{
	_cleanup_buf_ struct buf esl = BUF_INIT, a = BUF_INIT, theirs = BUF_INIT;
	uint8_t owner[16];

	ck_ok(efi_owner_guid(fx_pk->cert, owner, &e));
	ck_assert_uint_eq(owner[7] >> 4, 8);
	ck_assert_uint_eq(owner[8] >> 6, 2);
	ck_ok(efi_esl_append(&esl, fx_pk->cert, owner, &e));
	struct efi_auth_params p = { EFI_VARIABLE_PK, FX_NOW, esl.data, esl.len, false };
	ck_ok(efi_auth_build(&p, fx_pk, &a, &e));
	fx_read("PK.auth", &theirs);
	ck_assert_uint_eq(a.len, theirs.len);
	ck_assert_mem_eq(a.data, theirs.data, a.len);
	p.timestamp = 883612799; /* 1997-12-31 23:59:59 */
	ck_fails(efi_auth_build(&p, fx_pk, &a, &e), -ERANGE, "PK.auth: the time 883612799");
	p.timestamp++;
	ck_ok(efi_auth_build(&p, fx_pk, &a, &e));
}
END_TEST

START_TEST(auth_files_hold_signature_lists)
{
	_cleanup_buf_ struct buf esl = BUF_INIT, auth = BUF_INIT;
	uint8_t owner[16];
	const uint8_t *lists;
	size_t len;

	ck_ok(efi_owner_guid(fx_pk->cert, owner, &e));
	ck_ok(efi_esl_append(&esl, fx_db->cert, owner, &e));
	fx_read("db.auth", &auth);
	ck_ok(efi_auth_content(auth.data, auth.len, &lists, &len, &e));
	ck_assert_uint_eq(len, esl.len);
	ck_assert_mem_eq(lists, esl.data, len);
	for (size_t cut = 0; cut <= auth.len - len; cut++)
		ck_assert_int_eq(efi_auth_content(auth.data, cut, &lists, &len, &e), -EBADMSG);
	put_le32(auth.data + 16, 7);
	ck_fails(efi_auth_content(auth.data, auth.len, &lists, &len, &e), -EBADMSG, "nothing is");
	put_le16(auth.data + 22, 2);
	ck_fails(efi_auth_content(auth.data, auth.len, &lists, &len, &e), -EBADMSG, "not an .auth");
}
END_TEST

static int one_certificate(void *ctx, const uint8_t *der, size_t len, struct err *err unused_)
{
	uint8_t want[SHA256_BYTES], is[SHA256_BYTES];

	ck_ok(certificate_fingerprint(fx_db->cert, want, &e));
	sha256_bytes(der, len, is);
	ck_assert_mem_eq(is, want, sizeof(is));
	++*(int *)ctx;
	return 0;
}

/* There is one way to write an .auth file: no other byte anywhere, no other variable, no other signer. */
START_TEST(every_byte_of_an_auth_file_counts)
{
	struct signer *kek = fx_signer("KEK");
	_cleanup_buf_ struct buf auth = BUF_INIT;
	int n = 0;

	fx_read("db.auth", &auth);
	ck_ok(efi_auth_verify(EFI_VARIABLE_DB, auth.data, auth.len, kek->cert, &e));
	ck_ok(efi_auth_certificates(auth.data, auth.len, one_certificate, &n, &e));
	ck_assert_int_eq(n, 1);
	ck_assert_int_lt(efi_auth_verify(EFI_VARIABLE_KEK, auth.data, auth.len, kek->cert, &e), 0);
	ck_assert_int_lt(efi_auth_verify(EFI_VARIABLE_DB, auth.data, auth.len, fx_pk->cert, &e), 0);
	for (size_t i = 0; i < auth.len; i += TEST_SANITIZED ? 7 : 1) {
		auth.data[i] ^= 0x20;
		ck_assert_msg(efi_auth_verify(EFI_VARIABLE_DB, auth.data, auth.len, kek->cert, &e) <
				      0,
			      "byte %zu", i);
		auth.data[i] ^= 0x20;
	}
	for (size_t len = 0; len < auth.len; len += 13)
		ck_assert_int_lt(efi_auth_verify(EFI_VARIABLE_DB, auth.data, len, kek->cert, &e),
				 0);
	auth.data[16 + get_le32(auth.data + 16)] ^= 1; /* the lists' type */
	ck_assert_int_eq(efi_auth_certificates(auth.data, auth.len, one_certificate, &n, &e),
			 -EBADMSG);
	signer_free(kek);
}
END_TEST

/* The keys of the recipe's example do what they are made for. */
START_TEST(db_signs_root_hashes)
{
	_cleanup_buf_ struct buf der = BUF_INIT;
	static const uint8_t hash[SHA256_BYTES] = { 1, 2, 3 };

	ck_ok(root_hash_sign(fx_db, hash, &der, &e));
	ck_ok(root_hash_verify(fx_db->cert, hash, der.data, der.len, &e));
}
END_TEST

FX_MAIN("keygen", files_and_modes, certificates_are_marked, keys_differ_and_serials_too,
	nothing_is_overwritten, bad_parameters, sbsiglist_makes_the_same_list,
	auth_files_are_signed_as_the_specification_says, next_key_is_appended_and_revoked,
	auth_of_existing_certificates, auth_files_hold_signature_lists,
	every_byte_of_an_auth_file_counts, db_signs_root_hashes)
