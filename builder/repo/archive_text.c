/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an archive says of itself: to a person in years, and to sha256sum. */
#include "base/utc.h"
#include "builder/repo/archive_internal.h"

const char archive_readme[] =
	"An archive of slipway(1): packages and signed indices that images were built of.\n"
	"\n"
	"locks/       a directory for each lock that was archived: recipe.lock, what it is (README) and\n"
	"             the sums of what it needs (*.sha256). Each is a mirror of its own, made of links:\n"
	"             exactly what that lock was made of.\n"
	"pool/        packages, shared by the locks\n"
	"indices/     InRelease and Packages.xz of each suite, by date and digest\n"
	"dists/       the newest of them\n"
	"keyrings/    the keys that signed them\n"
	"\n"
	"To build a lock of it, without a network, with the recipe at the same commit:\n"
	"\n"
	"    slipway build RECIPE --lock ARCHIVE/locks/LOCK/recipe.lock --packages ARCHIVE\n"
	"\n"
	"To check that nothing was damaged:\n"
	"\n"
	"    cd ARCHIVE && sha256sum -c locks/*/*.sha256\n"
	"\n"
	"Nothing here is ever changed, but for the links in dists/. Copies have to keep the links.\n";

static void put_suite(const struct lock_suite *s, struct buf *out)
{
	char date[UTC_CHARS], hex[SHA256_HEX];

	utc_format(s->date, date);
	hex_encode(s->inrelease_sha256, SHA256_BYTES, hex);
	buf_printf(out, "    %s %s, index of %s\n        InRelease %s\n", s->suite, s->component,
		   date, hex);
	for (size_t i = 0; i < s->signers.n; i++)
		buf_printf(out, "        signed by %s\n", s->signers.v[i]);
}

static void put_how(const struct archive *a, struct buf *out)
{
	char at[UTC_CHARS];

	utc_format(a->p->lock->epoch, at);
	buf_printf(out,
		   "\nTo build it, with the recipe at the same commit:\n\n"
		   "    slipway build RECIPE --lock ARCHIVE/%s/recipe.lock --packages ARCHIVE\n"
		   "\nTo lock a recipe against the same indices:\n\n"
		   "    slipway lock RECIPE --mirror /ARCHIVE/%s --at %s\n"
		   "\nTo check that nothing was damaged:\n\n"
		   "    cd ARCHIVE && sha256sum -c %s/*.sha256\n",
		   a->lock_path, a->lock_path, at, a->lock_path);
}

void archive_lock_readme(const struct archive *a, struct buf *out)
{
	const struct lock *l = a->p->lock;
	_cleanup_buf_ struct buf text = BUF_INIT;
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX];

	lock_format(l, &text);
	sha256_bytes(text.data, text.len, digest);
	hex_encode(digest, sizeof(digest), hex);
	buf_printf(out, "What the image %s, version %s, for %s, was locked to.\n\n",
		   a->p->recipe->name, a->p->recipe->version, l->arch);
	buf_printf(out, "Lock: SHA-256 %s\nPackages: %zu, %llu bytes\nBuilder: slipway %s", hex,
		   l->n_packages, (unsigned long long)a->total_bytes, l->builder);
	for (size_t i = 0; i < l->n_codecs; i++)
		buf_printf(out, ", %s %s", l->codecs[i].name, l->codecs[i].version);
	buf_append_str(out, "\nIndices:\n");
	for (size_t i = 0; i < l->n_suites; i++)
		put_suite(&l->suites[i], out);
	put_how(a, out);
	if (buf_failed(&text))
		out->failed = true;
}

void archive_sums(const struct archive *a, bool packages, struct buf *out)
{
	for (size_t i = 0; i < a->n_pieces; i++) {
		const struct archive_piece *n = &a->pieces[i];
		char hex[SHA256_HEX];
		if (packages ? !n->package : !str_has_prefix(n->path, ARCHIVE_INDICES "/"))
			continue;
		hex_encode(n->sha256, SHA256_BYTES, hex);
		buf_printf(out, "%s  %s\n", hex, n->path);
	}
}
