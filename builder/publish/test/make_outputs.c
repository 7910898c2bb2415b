/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests: outputs as a build writes them, of any version and small, with all that publishing looks at.
 *
 *     make_outputs KEYS DIR NAME VERSION MIB SEED
 */
#include "builder/attest/provenance.h"
#include "builder/audit/test/image_maker.h"

static void put(const char *stem, const char *suffix, const struct buf *b)
{
	_cleanup_free_ char *path = str_printf("%s%s", stem, suffix);
	struct err e = { 0 };

	ck_ok(outfile_write(path, 0644, b->data, b->len, &e));
}

/* A quarter of it is zeros, the rest hardly to be compressed. */
static void make_usr(struct buf *b, size_t bytes, uint64_t seed)
{
	for (size_t i = 0; i < bytes / 8; i++) {
		uint64_t v = 0;
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		v = (i >> 12) % 4 == 3 ? 0 : seed ^ (seed >> 29);
		buf_append(b, &v, sizeof(v));
	}
}

/* What a build says of its outputs, in their order. */
struct evidence {
	const char *name, *version; /* of the image */
	struct provenance_file outputs[8];
	size_t n;
};

static void state(struct evidence *ev, const char *suffix, const struct buf *b)
{
	struct provenance_file *f = &ev->outputs[ev->n++];

	f->name = str_printf("%s_%s%s", ev->name, ev->version, suffix);
	sha256_bytes(b->data, b->len, f->digest);
}

static void put_stated(struct evidence *ev, const char *stem, const char *suffix,
		       const struct buf *b)
{
	put(stem, suffix, b);
	state(ev, suffix, b);
}

static char *text_of(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void put_provenance(const struct evidence *ev, const struct signer *signer, const char *stem)
{
	struct recipe recipe = { .name = text_of(ev->name),
				 .version = text_of(ev->version),
				 .arch = text_of("x86-64"),
				 .cmdline = text_of("quiet"),
				 .filesystem = { .type = "erofs" } };
	struct layout layout = { .name = text_of("acl") };
	struct components components = COMPONENTS_INIT;
	struct lock lock = { .n_packages = 0 };
	const struct provenance_params p = { .recipe = &recipe,
					     .lock = &lock,
					     .layout = &layout,
					     .components = &components,
					     .signer = signer,
					     .outputs = ev->outputs,
					     .n_outputs = ev->n };
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct err e = { 0 };

	ck_ok(provenance_write(&p, &b, &e));
	put(stem, ".provenance.json", &b);
}

static void make(const struct im_spec *s, const char *stem, const struct buf *usr,
		 struct evidence *ev)
{
	_cleanup_buf_ struct buf verity = BUF_INIT, der = BUF_INIT, sig = BUF_INIT, uki = BUF_INIT,
				 hash = BUF_INIT, sbom = BUF_INIT;
	uint8_t root[32];
	char hex[SHA256_HEX];
	struct err e = { 0 };

	im_verity(s, usr, &verity, root);
	ck_ok(root_hash_sign(s->signer, root, &der, &e));
	ck_ok(verity_sig_build(s->signer->cert, root, der.data, der.len, &sig, &e));
	im_uki(s, root, &der, &uki);
	hex_encode(root, sizeof(root), hex);
	buf_printf(&hash, "%s\n", hex);
	buf_printf(&sbom, "{\"of\": \"%s\"}\n", hex);
	put_stated(ev, stem, ".usr.raw", usr);
	put_stated(ev, stem, ".usr-verity.raw", &verity);
	put_stated(ev, stem, ".usr-verity-sig.raw", &sig);
	put_stated(ev, stem, ".efi", &uki);
	put_stated(ev, stem, ".roothash", &hash);
	put_stated(ev, stem, ".spdx.json", &sbom);
	put_stated(ev, stem, ".cdx.json", &sbom);
	put_provenance(ev, s->signer, stem);
}

int main(int argc, char **argv)
{
	_cleanup_buf_ struct buf usr = BUF_INIT;
	uint64_t mib, seed;
	struct err e = { 0 };
	struct im_spec s;

	if (argc != 7 || parse_u64(argv[5], 10, &mib) < 0 || parse_u64(argv[6], 10, &seed) < 0)
		return EXIT_FAILURE;
	_cleanup_free_ char *key = str_printf("%s/db.key", argv[1]),
			    *cert = str_printf("%s/db.crt", argv[1]),
			    *stem = str_printf("%s/%s_%s", argv[2], argv[3], argv[4]),
			    *osrel =
				    str_printf("ID=debian\nIMAGE_ID=\"%s\"\nIMAGE_VERSION=\"%s\"\n",
					       argv[3], argv[4]);
	im_spec_init(&s);
	if (signer_load(key, cert, 0, &s.signer, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return EXIT_FAILURE;
	}
	im_text(s.usr, "lib/os-release", osrel);
	make_usr(&usr, mib * MiB, seed);
	struct evidence ev = { .name = argv[3], .version = argv[4] };
	make(&s, stem, &usr, &ev);
	for (size_t i = 0; i < ev.n; i++)
		free(text_of(ev.outputs[i].name));
	signer_free(s.signer);
	im_spec_done(&s);
	return EXIT_SUCCESS;
}
