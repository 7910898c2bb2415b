/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/run.h"
#include "base/deb822.h"
#include "builder/repo/release.h"

/* What the status lines of one gpgv run said. */
struct verdict {
	struct strv good;    /* primary keys of good signatures */
	struct strv unknown; /* key ids */
	bool bad, expired, revoked, weak, no_data;
	unsigned int n_plain;
	uint64_t at; /* as in the parameters */
	/* Of the signature that the lines are about. */
	enum { SIG_REFUSED, SIG_GOOD, SIG_EXPIRED } sig;
	uint64_t keys_until; /* when the first of its keys expired */
};

#define MAX_SIGNATURES 32

/* RFC 9580: 1 MD5, 2 SHA-1, 3 RIPEMD-160. */
static bool is_weak(struct span hash)
{
	return span_eq(hash, "1") || span_eq(hash, "2") || span_eq(hash, "3");
}

/* Or the short id of a key. */
static bool is_fingerprint(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'A' && s.p[i] <= 'F'))
			return false;
	return s.len >= 16 && s.len <= 64;
}

/* Expired by now, but not then? @sig_until: "0" is never. */
static bool was_good(const struct verdict *v, struct span sig_until)
{
	uint64_t until;

	if (v->sig != SIG_EXPIRED || !v->at || span_u64(sig_until, &until) < 0)
		return false;
	return v->keys_until >= v->at && (until == 0 || until >= v->at);
}

/* <fingerprint> <date> <time> <expires> <version> <reserved> <key algo> <hash algo> <class> <primary> */
static int take_valid(struct verdict *v, struct span args)
{
	struct span f[10];
	size_t n = 0;

	while (n < ARRAY_SIZE(f) && span_word(&args, &f[n]))
		n++;
	bool counts = v->sig == SIG_GOOD || (n > 3 && was_good(v, f[3]));
	v->expired = v->expired || (v->sig == SIG_EXPIRED && !counts);
	v->sig = SIG_REFUSED;
	if (!counts)
		return 0;
	if (n < 9 || is_weak(f[7])) {
		v->weak = true;
		return 0;
	}
	struct span primary = n == 10 ? f[9] : f[0];
	if (!is_fingerprint(primary) || v->good.n >= MAX_SIGNATURES)
		return 0;
	return strv_take(&v->good, span_dup(primary));
}

static void key_expired(struct verdict *v, struct span when)
{
	uint64_t until;

	v->keys_until = MIN(v->keys_until, span_u64(when, &until) < 0 ? 0 : until);
}

static int take_status(struct verdict *v, struct span line)
{
	struct span tag, word, key;

	if (!span_word(&line, &tag) || !span_eq(tag, "[GNUPG:]") || !span_word(&line, &word))
		return 0;
	if (span_eq(word, "VALIDSIG"))
		return take_valid(v, line);
	if (span_eq(word, "NEWSIG"))
		v->sig = SIG_REFUSED, v->keys_until = UINT64_MAX;
	else if (span_eq(word, "GOODSIG"))
		v->sig = SIG_GOOD;
	else if (span_eq(word, "KEYEXPIRED"))
		key_expired(v, span_word(&line, &key) ? key : (struct span){ "", 0 });
	else if (span_eq(word, "BADSIG"))
		v->bad = true;
	else if (span_eq(word, "EXPSIG") || span_eq(word, "EXPKEYSIG"))
		v->sig = SIG_EXPIRED;
	else if (span_eq(word, "REVKEYSIG"))
		v->sig = SIG_REFUSED, v->revoked = true;
	else if (span_eq(word, "NODATA"))
		v->no_data = true;
	else if (span_eq(word, "PLAINTEXT"))
		v->n_plain++;
	else if (span_eq(word, "NO_PUBKEY") && span_word(&line, &key) && is_fingerprint(key) &&
		 v->unknown.n < MAX_SIGNATURES)
		return strv_take(&v->unknown, span_dup(key));
	return 0;
}

static int refuse(const struct verdict *v, const char *keyring, const struct buf *diag,
		  struct err *e)
{
	if (v->bad)
		return err_set(e, -EBADMSG,
			       "the signature is bad: the index was changed after it was signed; "
			       "take another mirror");
	if (v->expired)
		return err_set(e, -EBADMSG,
			       "the signature or the key that made it has expired: is %s up to "
			       "date? If this is an index that was archived, see slipway lock --at",
			       keyring);
	if (v->revoked)
		return err_set(e, -EBADMSG,
			       "the key that signed the index has been revoked: is %s up to date?",
			       keyring);
	if (v->weak)
		return err_set(e, -EBADMSG,
			       "the signature uses a digest that is no longer safe: the mirror has "
			       "to sign with SHA-256 or better");
	if (v->unknown.n)
		return err_set(e, -EBADMSG,
			       "the index is signed by a key that is not in %s: %s; name the "
			       "keyring that has it in the recipe, if you trust it",
			       keyring, v->unknown.v[0]);
	if (v->no_data || !diag->len)
		return err_set(
			e, -EBADMSG,
			"the index is not signed: nothing in it can be trusted; take another "
			"mirror");
	return err_set(e, -EBADMSG, "gpgv finds no good signature: %.300s", buf_str(diag));
}

static int run_gpgv(const struct buf *in, const char *keyring, struct buf *out, struct buf *status,
		    struct err *e)
{
	/* A keyring without a slash would be looked for in the home directory. */
	_cleanup_free_ char *ring = str_printf("%s%s", strchr(keyring, '/') ? "" : "./", keyring);
	const char *const argv[] = { "gpgv",	 "--keyring", ring, "--status-fd", "2",
				     "--output", "-",	      "-",  NULL };
	int code;

	if (!ring)
		return err_oom(e);
	int rc = run_program(&(struct run_params){ .argv = argv,
						   .input = in->data,
						   .input_len = in->len,
						   .out = out,
						   .diag = status },
			     &code, e);
	if (rc == -ENOENT)
		return err_set(e, rc,
			       "gpgv is not installed: install it, it checks the signature of the "
			       "index");
	return rc;
}

int release_verify(const struct release_verify_params *p, struct buf *ret_text,
		   struct strv *ret_signers, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT, status = BUF_INIT;
	struct verdict v = { .at = p->at, .keys_until = UINT64_MAX };

	if (access(p->keyring, R_OK) < 0)
		return err_sys(e, -errno, "keyring %s (Debian's comes with debian-archive-keyring)",
			       p->keyring);
	int rc = run_gpgv(p->inrelease, p->keyring, &out, &status, e);
	struct span text = { buf_str(&status), status.len }, line;
	while (rc == 0 && span_line(&text, &line))
		rc = take_status(&v, line) < 0 ? err_oom(e) : 0;
	if (rc == 0 && (v.bad || !v.good.n || v.n_plain != 1))
		rc = refuse(&v, p->keyring, &status, e);
	if (rc == 0) {
		strv_sort(&v.good);
		strv_uniq(&v.good);
		*ret_signers = v.good;
		v.good = (struct strv)STRV_INIT;
		*ret_text = out;
		out = (struct buf)BUF_INIT;
	}
	strv_done(&v.good);
	strv_done(&v.unknown);
	return rc;
}
