/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that OpenSSL makes, in every form in which it writes them, somewhere in other bytes. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/test/support.h"
#include "builder/audit/secrets.h"

static struct err e;

#define BEFORE 1000

struct seen {
	unsigned int keys, words;
	size_t at;
	char what[64], id[17];
};

static int see(void *ctx, const struct secret *s, unused_ struct err *err)
{
	struct seen *seen = ctx;

	bool first = seen->keys + seen->words == 0;

	seen->keys += s->is_key;
	seen->words += !s->is_key;
	if (!first) /* there is PKCS#1 in PKCS#8 */
		return 0;
	seen->at = s->at;
	snprintf(seen->what, sizeof(seen->what), "%s", s->what);
	memcpy(seen->id, s->id, sizeof(seen->id));
	return 0;
}

static struct seen look(const void *data, size_t len, const struct strv *words)
{
	struct seen seen = { 0 };

	ck_ok(secrets_find(data, len, words, see, &seen, &e));
	return seen;
}

/* What a file holds, with bytes before and after it. */
static struct seen look_into(FILE *f)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint8_t *room;
	size_t n;

	buf_append_zero(&b, BEFORE);
	rewind(f);
	while ((room = buf_grow(&b, 4096)) && (n = fread(room, 1, 4096, f)))
		b.len += n;
	fclose(f);
	buf_append_zero(&b, BEFORE);
	ck_assert(!buf_failed(&b) && b.len > 2 * BEFORE);
	return look(b.data, b.len, NULL);
}

static void must_be_found(FILE *f, const char *what)
{
	struct seen s = look_into(f);

	ck_assert_msg(s.keys >= 1 && strstr(s.what, what) && s.at >= BEFORE && s.at < BEFORE + 8 &&
			      strlen(s.id) == 16,
		      "%s: %u keys, '%s' at %zu", what, s.keys, s.what, s.at);
}

static void write_traditional(FILE *f, EVP_PKEY *key, const EVP_CIPHER *cipher)
{
	BIO *bio = BIO_new_fp(f, BIO_NOCLOSE);
	const uint8_t secret[] = "secret";

	ck_assert_int_eq(PEM_write_bio_PrivateKey_traditional(bio, key, cipher,
							      cipher ? secret : NULL,
							      cipher ? 6 : 0, NULL, NULL),
			 1);
	BIO_free(bio);
}

static void check_key(EVP_PKEY *key, const char *traditional, const char *pkcs8)
{
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(key);
	ck_assert_int_eq(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	must_be_found(f, "PEM");
	f = tmpfile();
	ck_assert_int_eq(i2d_PKCS8PrivateKeyInfo_fp(f, key), 1);
	must_be_found(f, pkcs8);
	if (traditional) {
		f = tmpfile();
		write_traditional(f, key, NULL);
		must_be_found(f, "PEM");
		f = tmpfile();
		ck_assert_int_eq(i2d_PrivateKey_fp(f, key), 1);
		must_be_found(f, traditional);
	}
	/* Encrypted it is a key all the same. */
	f = tmpfile();
	write_traditional(f, key, EVP_aes_128_cbc());
	must_be_found(f, "PEM");
	f = tmpfile();
	ck_assert_int_eq(PEM_write_PUBKEY(f, key), 1);
	ck_assert_uint_eq(look_into(f).keys, 0);
	f = tmpfile();
	ck_assert_int_eq(i2d_PUBKEY_fp(f, key), 1);
	ck_assert_uint_eq(look_into(f).keys, 0);
	EVP_PKEY_free(key);
}

START_TEST(keys_are_found_and_public_ones_are_not)
{
	check_key(EVP_RSA_gen(2048), "PKCS#1", "PKCS#8");
	check_key(EVP_RSA_gen(3072), "PKCS#1", "PKCS#8");
	check_key(EVP_RSA_gen(4096), "PKCS#1", "PKCS#8");
	check_key(EVP_EC_gen("P-256"), "SEC 1", "PKCS#8");
	check_key(EVP_EC_gen("P-384"), "SEC 1", "PKCS#8");
	FILE *f = tmpfile();
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	ck_assert_int_eq(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	must_be_found(f, "PEM");
	f = tmpfile();
	ck_assert_int_eq(i2d_PKCS8PrivateKeyInfo_fp(f, key), 1);
	must_be_found(f, "Ed25519");
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(the_words_of_programs_are_no_keys)
{
	static const char words[] =
		"-----BEGIN RSA PRIVATE KEY-----\0-----END RSA PRIVATE KEY-----\n"
		"-----BEGIN OPENSSH PRIVATE KEY-----\n\0%s\n"
		"-----BEGIN PRIVATE KEY-----";
	static const char body[] =
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	_cleanup_buf_ struct buf b = BUF_INIT;

	ck_assert_uint_eq(look(words, sizeof(words), NULL).keys, 0);
	/* The same with a body; and at the very end of the bytes. */
	buf_printf(&b, "-----BEGIN OPENSSH PRIVATE KEY-----\r\n%s", body);
	ck_assert_uint_eq(look(b.data, b.len, NULL).keys, 1);
	for (size_t len = 0; len < b.len - 30; len++)
		ck_assert_uint_eq(look(b.data, len, NULL).keys, 0);
	ck_assert_uint_eq(look("", 0, NULL).keys, 0);
}
END_TEST

START_TEST(bytes_like_those_in_keys_are_no_keys)
{
	uint8_t rsa[64] = {
		0x30, 0x82, 0x04, 0xbe, 0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a,
		0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x04, 0x82
	};
	uint8_t ec[64] = { 0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20, [39] = 0xa0 };

	ck_assert_uint_eq(look(rsa, sizeof(rsa), NULL).keys, 1);
	rsa[0] = 0x31; /* no sequence */
	ck_assert_uint_eq(look(rsa, sizeof(rsa), NULL).keys, 0);
	ck_assert_uint_eq(look(ec, sizeof(ec), NULL).keys, 1);
	ck_assert_uint_eq(look(ec, 39, NULL).keys, 0);
	ec[39] = 0xa1; /* no curve behind the secret */
	ck_assert_uint_eq(look(ec, sizeof(ec), NULL).keys, 0);
}
END_TEST

START_TEST(an_id_is_of_one_key)
{
	static const char two[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
		"-----BEGIN PRIVATE KEY-----\n"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
	const size_t half = sizeof(two) / 2;
	struct seen a = look(two, half, NULL), b = look(two + half, half, NULL);

	ck_assert_uint_eq(look(two, sizeof(two), NULL).keys, 2);
	ck_assert_uint_eq(a.keys, 1);
	ck_assert_uint_eq(b.keys, 1);
	ck_assert_str_ne(a.id, b.id);
}
END_TEST

START_TEST(words_are_found_as_bytes)
{
	char *list[] = { (char *)(uintptr_t) "/home/builder",
			 (char *)(uintptr_t) "host-1.example" };
	const struct strv words = { list, 2, 2 };
	static const char text[] = "a\0/home/builder/x\0/home/builder\0host-1";

	struct seen s = look(text, sizeof(text), &words);
	ck_assert_uint_eq(s.words, 1);
	ck_assert_uint_eq(s.keys, 0);
	ck_assert_uint_eq(s.at, 2);
	ck_assert_str_eq(s.what, "/home/builder");
}
END_TEST

TEST_MAIN("secrets", keys_are_found_and_public_ones_are_not, the_words_of_programs_are_no_keys,
	  bytes_like_those_in_keys_are_no_keys, an_id_is_of_one_key, words_are_found_as_bytes)
