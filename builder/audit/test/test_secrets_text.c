/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that gpg writes, in every form in which it keeps them, and those of other programs that are text. */
#include <glob.h>

#include "base/source.h"
#include "builder/audit/secrets.h"
#include "builder/repo/test/fixture.h"

#define BODY "lFgEawIZcBYJKwYBBAHaRw8BAQdAGxBKsvOTCF0ZVx+PlrfvPqFX4VP05D19S4vD\n"
#define PGP  "-----BEGIN PGP PRIVATE KEY BLOCK-----\n"
#define PEM  "-----BEGIN PRIVATE KEY-----"
#define AGE  "AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQ5TR0PAQPZ"
#define R40  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define CNT  "untrusted comment: key\n"
#define ADDR "machine registry\n{\"auths\": {\"r.example\": {\"email\": \"x\", \"auth\" : "

static struct err e;

struct seen {
	unsigned int n;
	size_t at;
	char what[64], id[17];
};

static int see(void *ctx, const struct secret *s, unused_ struct err *err)
{
	struct seen *seen = ctx;

	ck_assert(s->is_key);
	if (seen->n++)
		return 0;
	seen->at = s->at;
	snprintf(seen->what, sizeof(seen->what), "%s", s->what);
	memcpy(seen->id, s->id, sizeof(seen->id));
	return 0;
}

static struct seen look(const void *data, size_t len)
{
	struct seen seen = { 0 };

	ck_ok(secrets_find(data, len, NULL, see, &seen, &e));
	return seen;
}

static void must_be_one(const char *form, const struct buf *b, bool secret)
{
	struct seen s = look(b->data, b->len);

	ck_assert_msg(b->len > 40 && s.n == secret && (!secret || strstr(s.what, "OpenPGP")),
		      "%s: %u keys, '%s'", form, s.n, s.what);
}

/* Cut anywhere, it is a key or none; and nothing is read behind its end. */
static void cut(const struct buf *b)
{
	for (size_t len = 0; len < MIN(b->len, (size_t)400); len++) {
		_cleanup_free_ uint8_t *copy = malloc(len + 1);
		memcpy(copy, b->data, len);
		ck_assert_uint_le(look(copy, len).n, 1);
	}
}

static void look_at_home(const char *home)
{
	_cleanup_free_ char *pattern = str_printf("%s/private-keys-v1.d/*.key", home);
	glob_t files;

	ck_assert_int_eq(glob(pattern, 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		_cleanup_source_ struct source file = SOURCE_INIT;
		ck_ok(source_open(&file, files.gl_pathv[i], &e));
		const struct buf b = { .data = (uint8_t *)(uintptr_t)file.bytes,
				       .len = file.size_bytes };
		must_be_one(files.gl_pathv[i], &b, true);
		cut(&b);
	}
	globfree(&files);
}

static const struct {
	const char *algorithm, *passphrase;
} gpg_keys[] = { { "ed25519", "" }, { "rsa2048", "secret" }, { "nistp384", "secret" } };

/* One agent serves them all: to start one takes a second. */
static void make_gpg_key(const char *home, const char *name, const char *passphrase)
{
	_cleanup_buf_ struct buf armour = BUF_INIT, packets = BUF_INIT;
	_cleanup_buf_ struct buf public_armour = BUF_INIT, public = BUF_INIT;

	GPG(home, NULL, NULL, "--passphrase", passphrase, "--quick-gen-key", name, name, "sign",
	    "never");
	GPG(home, NULL, &armour, "--passphrase", passphrase, "--armor", "--export-secret-keys",
	    name);
	must_be_one(name, &armour, true);
	GPG(home, NULL, &packets, "--passphrase", passphrase, "--export-secret-keys", name);
	must_be_one(name, &packets, true);
	cut(&packets);
	GPG(home, NULL, &public_armour, "--armor", "--export", name);
	must_be_one(name, &public_armour, false);
	GPG(home, NULL, &public, "--export", name);
	must_be_one(name, &public, false);
}

START_TEST(what_gpg_writes)
{
	char *dir = test_dir();
	_cleanup_free_ char *home = str_printf("%s/home", dir);

	if (have_gpg()) {
		ck_assert_int_eq(mkdir(home, 0700), 0);
		put_text(home, "gpg-agent.conf", "s2k-count 65536\n"); /* as few as it takes */
		for (size_t i = 0; i < ARRAY_SIZE(gpg_keys); i++)
			make_gpg_key(home, gpg_keys[i].algorithm, gpg_keys[i].passphrase);
		look_at_home(home);
		key_stop(dir, "home");
	}
	test_dir_remove(dir);
	if (!test_has_program("gpg"))
		test_skip("no gpg");
}
END_TEST

/* What it is; NULL: no key. */
static const struct {
	const char *text, *what;
} texts[] = {
	{ PGP "\n" BODY, "OpenPGP" },
	{ PGP "Version: GnuPG v2\r\nComment: of x\r\n\r\n" BODY, "OpenPGP" },
	{ PGP "Version: GnuPG v2\n\n", NULL },
	{ PGP "This is how such a key begins, and the next line is a digest\n" BODY, NULL },
	{ "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" BODY, NULL },
	{ "-----BEGIN PGP PRIVATE KEY BLOCK-\n\n" BODY, NULL },
	{ PEM "\n" BODY, "PEM" },
	{ "  " PEM "  \n  " BODY, "PEM" },
	{ "{\"private_key\": \"" PEM "\\n" BODY, "PEM" },
	{ PEM "\\r\\n" BODY, "PEM" },
	{ PEM "n" BODY, NULL },
	{ PEM "\\t" BODY, NULL },
	{ "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
	  "DEK-Info: AES-128-CBC,00\n\n" BODY,
	  "PEM" },
	/* PEM of a key, and of a certificate, in base64 */
	{ "client-key-data: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCkFBRUNBd1FGQmdjSUNRb0xEQTBP"
	  "RHhBUkVoTVVGUllYR0JrYUd4d2QK",
	  "PEM in base64" },
	{ "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCg==", NULL },
	{ "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBRUNBd1FGQmdjSUNRb0xEQTBP"
	  "RHhBUkVoTVVGUllYR0JrYUd4d2QK",
	  NULL },
	{ "(11:private-key(3:rsa(1:n5:12345)", "OpenPGP" },
	{ "(21:protected-private-key(3:ecc(5:curve7:Ed25519)", "OpenPGP" },
	{ "(20:shadowed-private-key(3:rsa(1:n5:12345)", NULL },
	{ "(11:private-key(3:rsa(1:n%m)", NULL },
	{ "(11:private-key(9:rsa", NULL },
	{ "(11:private-key(99999:", NULL },
	{ "(10:public-key(3:rsa(1:n5:12345)", NULL },
	{ "(private-key (rsa (n #00E0CE96F90B6C9E02F3922BEADA93FE50A875EAC6#)", NULL },
	{ "Created: 1\nKey: (private-key (rsa (n #00\n", "OpenPGP" },
	{ "Key: (protected-private-key (ecc\n", "OpenPGP" },
	{ "Key: (shadowed-private-key (rsa\n", NULL },
	{ "A Key: (private-key (rsa\n", NULL },
	{ AGE "\n", "age" },
	{ AGE "Q", NULL },
	{ "AGE-SECRET-KEY-1\n", NULL },
	{ CNT "RWRTY0Iy" R40 R40 R40 R40 R40 "AAE=\n", "minisign" },
	{ CNT "RWQAAEIy" R40 R40 R40 R40 R40 "AAE=\n", "minisign" },
	{ CNT "RWRCSwAA" R40 R40 R40 "AAECAwQFBgc=\n", "signify" },
	{ CNT "RWRCSwAA" R40 R40 "AAECAwQFBgc=\n", NULL },
	{ CNT "RWQAAEJy" R40 R40 R40 R40 R40 "\n", NULL },
	{ CNT "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n", NULL },
	{ "untrusted comment:", NULL },
	{ "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "PuTTY" },
	{ "PuTTY-User-Key-File-2: ecdsa-sha2-nistp256\r\n", "PuTTY" },
	{ "PuTTY-User-Key-File-%u: %s\n", NULL },
	{ " PuTTY-User-Key-File-3: ssh-ed25519\n", NULL },
	{ ADDR "\"dXNlcjpwYXNzd29yZA==\"}}}", "registry" },
	{ ADDR "\"dXNlcm5hbWU=\"}}}", NULL }, /* no colon in it */
	{ ADDR "\"\"}}}", NULL },
	{ ADDR "{}}}}", NULL },
	{ "{\"auth\": \"dXNlcjpwYXNzd29yZA==\"}", NULL },
};

START_TEST(keys_in_text)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct buf b = { .data = (uint8_t *)(uintptr_t)texts[i].text,
				       .len = strlen(texts[i].text) };
		struct seen s = look(b.data, b.len);
		ck_assert_msg(s.n == (texts[i].what != NULL) &&
				      (!s.n || strstr(s.what, texts[i].what)),
			      "%u keys, '%s' in: %s", s.n, s.what, texts[i].text);
		cut(&b);
	}
}
END_TEST

/* Heads of some forms are longer than the id of others. */
START_TEST(an_id_is_of_one_key)
{
	static const char openssh[] =
		"-----BEGIN OPENSSH PRIVATE KEY-----\n"
		"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
		"QyNTUxOQAAACD";
	char a[300], b[300];

	snprintf(a, sizeof(a), "%sA%s-----END", openssh, BODY);
	snprintf(b, sizeof(b), "%sB%s-----END", openssh, BODY);
	struct seen one = look(a, strlen(a)), other = look(b, strlen(b));
	ck_assert_uint_eq(one.n, 1);
	ck_assert_str_ne(one.id, other.id);
	/* What follows a key is none of it. */
	strcat(b, " and more");
	ck_assert_str_eq(look(b, strlen(b)).id, other.id);
}
END_TEST

TEST_MAIN("secrets_text", what_gpg_writes, keys_in_text, an_id_is_of_one_key)
