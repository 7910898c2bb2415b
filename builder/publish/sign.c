/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "builder/publish/sign.h"

#include <fcntl.h>

#include "base/run.h"
#include "base/sink.h"
#include "base/span.h"

#define N_VALIDSIG 10 /* words of that status line; the last one is the primary key's fingerprint */

static int run(const struct publish_signer *s, const char *const *argv, struct buf *out,
	       struct err *e)
{
	return run_program(&(struct run_params){ .argv = argv, .env = s->env, .out = out }, NULL,
			   e);
}

static int write_temporary(const char *tmp_dir, const struct buf *content, char **ret_path,
			   struct err *e)
{
	_cleanup_free_ char *path = str_printf("%s/slipway-keyring-XXXXXX", tmp_dir);
	_cleanup_close_ int fd = path ? mkostemp(path, O_CLOEXEC) : -1;
	struct sink sink;

	if (!path)
		return err_oom(e);
	if (fd < 0)
		return err_sys(e, -errno, "a file in %s", tmp_dir);
	sink_init_fd(&sink, fd);
	int r = sink_pwrite(&sink, 0, content->data, content->len, e);
	if (r < 0) {
		unlink(path);
		return err_wrap(e, r, "%s", path);
	}
	*ret_path = TAKE_PTR(path);
	return 0;
}

int publish_keyring_open(const char *path, struct publish_keyring *ret, struct err *e)
{
	if (access(path, R_OK) < 0)
		return err_sys(e, -errno, "keyring %s", path);
	/* One without a slash would be looked for in the home directory. */
	ret->path = str_printf("%s%s", strchr(path, '/') ? "" : "./", path);
	ret->name = strdup(path);
	return ret->path && ret->name ? 0 : err_oom(e);
}

int publish_keyring_export(const struct publish_signer *s, const char *tmp_dir,
			   struct publish_keyring *ret, struct err *e)
{
	const char *const argv[] = { "gpg", "--batch", "--export", "--", s->gpg_key, NULL };
	_cleanup_buf_ struct buf keys = BUF_INIT;

	int r = run(s, argv, &keys, e);
	if (r < 0)
		return r;
	if (!keys.len)
		return err_set(e, -ENOKEY, "gpg has no key \"%s\" (gpg --list-secret-keys)",
			       s->gpg_key);
	ret->name = str_printf("gpg's key \"%s\"", s->gpg_key);
	if (!ret->name)
		return err_oom(e);
	r = write_temporary(tmp_dir, &keys, &ret->path, e);
	ret->temporary = r == 0;
	return r;
}

void publish_keyring_done(struct publish_keyring *k)
{
	if (k->temporary)
		unlink(k->path);
	free(k->path);
	free(k->name);
	*k = (struct publish_keyring){ NULL, NULL, false };
}

int publish_sign(const struct publish_signer *s, const char *path, struct buf *ret, struct err *e)
{
	const char *const gpg[] = { "gpg",
				    "--batch",
				    "--local-user",
				    s->gpg_key,
				    "--detach-sign",
				    "--no-armor",
				    "--output",
				    "-",
				    "--",
				    path,
				    NULL };
	const char *const command[] = { s->command, path, NULL };

	int r = run(s, s->gpg_key ? gpg : command, ret, e);
	if (r == 0 && !ret->len)
		r = err_set(e, -EIO, "%s wrote no signature", s->gpg_key ? "gpg" : s->command);
	return r;
}

/* The last word of "[GNUPG:] VALIDSIG …", or nothing. */
static struct span valid_key(struct span line)
{
	struct span word = { "", 0 };
	size_t n = 0;

	if (!span_word(&line, &word) || !span_eq(word, "[GNUPG:]") || !span_word(&line, &word) ||
	    !span_eq(word, "VALIDSIG"))
		return (struct span){ "", 0 };
	while (span_word(&line, &word))
		n++;
	return n == N_VALIDSIG ? word : (struct span){ "", 0 };
}

/* Both lines, since one by a key that has expired is valid too, but not good. */
static int read_status(const struct buf *status, char **ret_key, struct err *e)
{
	struct span text = { buf_str(status), status->len }, line, key = { "", 0 };
	bool good = false;

	while (span_line(&text, &line)) {
		struct span found = valid_key(line);
		good = good || memmem(line.p, line.len, " GOODSIG ", strlen(" GOODSIG "));
		key = found.len ? found : key;
	}
	if (!good || !key.len)
		return -EKEYREJECTED;
	*ret_key = span_dup(key);
	return *ret_key ? 0 : err_oom(e);
}

/* What gpgv said, in one line. */
static const char *in_one_line(struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] == '\n')
			b->data[i] = i + 1 < b->len ? ';' : '\0';
	return buf_str(b);
}

int publish_verify(const struct publish_keyring *keyring, const char *path,
		   const char *signature_path, char **ret_key, struct err *e)
{
	const char *const argv[] = { "gpgv", "--keyring",    keyring->path, "--status-fd", "1",
				     "--",   signature_path, path,	    NULL };
	_cleanup_buf_ struct buf status = BUF_INIT, diag = BUF_INIT;
	int code = 0;

	int r = run_program(&(struct run_params){ .argv = argv, .out = &status, .diag = &diag },
			    &code, e);
	if (r == 0)
		r = code ? -EKEYREJECTED : read_status(&status, ret_key, e);
	if (r == -EKEYREJECTED)
		return err_set(e, r, "%s is not a good signature by %s: %.400s", signature_path,
			       keyring->name, in_one_line(&diag));
	return r;
}
