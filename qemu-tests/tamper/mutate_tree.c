/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The attacker who makes right again whatever he can: another /usr with its hash tree, its root hash
 * wherever one stands, and his own signatures in the place of the owner's.
 */
#include "qemu-tests/tamper/families.h"
#include "qemu-tests/tamper/stranger.h"
#include "qemu-tests/tamper/uki_edit.h"
#include "signing/authenticode.h"
#include "signing/efi_auth.h"
#include "signing/root_hash.h"

/* ---- the superblock ----------------------------------------------------------------------- */

static void edit_superblock(struct tamper *t, struct verity_params *p, const char **ret_what)
{
	switch (tamper_random(t, 6)) {
	case 0:
		p->uuid[tamper_random(t, 16)] ^= (uint8_t)(1 << tamper_random(t, 8));
		*ret_what = "another UUID";
		break;
	case 1:
		p->data_blocks -= 1 + tamper_random(t, MIN(p->data_blocks - 1, 200));
		*ret_what = "fewer data blocks";
		break;
	case 2:
		p->data_blocks += 1 + tamper_random(t, 200);
		*ret_what = "more data blocks";
		break;
	case 3:
		p->salt_bytes = tamper_random(t, 2) ? 32 : 0;
		memset(p->salt + p->salt_bytes, 0, sizeof(p->salt) - p->salt_bytes);
		*ret_what = "a shorter salt";
		break;
	case 4:
		tamper_random_bytes(t, p->salt, p->salt_bytes);
		*ret_what = "another salt";
		break;
	default:
		p->data_block_bytes = tamper_random(t, 2) ? 1024 : 8192;
		p->data_blocks = p->data_blocks * 4096 / p->data_block_bytes;
		*ret_what = "other data blocks";
	}
}

/* Build the tree again, over what is in /usr now; what is behind it stays. */
static int write_tree(struct tamper *t, const struct tamper_usr *u, const struct verity_params *p,
		      uint8_t root_hash[VERITY_ROOT_HASH_BYTES], struct err *e)
{
	_cleanup_buf_ struct buf area = BUF_INIT;
	struct sink s;

	if (p->data_blocks * p->data_block_bytes > u->data->src.size_bytes)
		return err_set(e, -ENOTSUP, "/usr has no room for so many blocks");
	sink_init_buf(&s, &area);
	int r = verity_build(p, &u->data->src, &s, root_hash, e);
	return r < 0 ? r : tamper_write(t, u->hash, 0, area.data, area.len, e);
}

/* With the tree that is there, or with its own. */
static int alter_superblock(struct tamper *t, struct err *e)
{
	uint8_t sb[VERITY_SUPERBLOCK_BYTES], root_hash[VERITY_ROOT_HASH_BYTES];
	const char *what;
	struct tamper_usr u;
	int r = tamper_usr_open(t, &u, e);

	if (r < 0)
		return r;
	bool tree = tamper_random(t, 2);
	edit_superblock(t, &u.params, &what);
	verity_superblock_put(&u.params, sb);
	r = tree ? write_tree(t, &u, &u.params, root_hash, e)
		 : tamper_write(t, u.hash, 0, sb, sizeof(sb), e);
	return r < 0 ? r
		     : tamper_note(t, e, "%s: %s in the superblock%s", u.hash->name, what,
				   tree ? ", with its own tree" : "");
}

/* ---- everything --------------------------------------------------------------------------- */

/* What is made right; the rest stays as it was for the good image. */
enum {
	FIX_UUIDS = 1,
	FIX_PARTITION = 2, /* verity-sig */
	FIX_CMDLINE = 4,
	SIGN_UKI = 8, /* else its signature is kept */
	SIGN_LOADERS = 16,
	ENROL_STRANGER = 32,
	FIX_ALL = 63,
};

static int fix_uuids(struct tamper *t, const struct tamper_usr *u, const uint8_t *root_hash,
		     struct err *e)
{
	int r = tamper_gpt_set_uuid(t, u->data, root_hash, e);

	return r < 0 ? r : tamper_gpt_set_uuid(t, u->hash, root_hash + 16, e);
}

/* By the stranger, as whom it names himself, or the owner. */
static int fix_partition(struct tamper *t, const uint8_t *root_hash, struct err *e)
{
	_cleanup_buf_ struct buf der = BUF_INIT, built = BUF_INIT;
	const struct image_partition *p;
	bool own_name = !t->p.owner || tamper_random(t, 2);
	int r = tamper_partition(t, "usr-verity-sig-a", &p, e);

	if (r == 0)
		r = root_hash_sign(t->p.stranger, root_hash, &der, e);
	if (r == 0)
		r = verity_sig_build(own_name ? t->p.stranger->cert : t->p.owner->cert, root_hash,
				     der.data, der.len, &built, e);
	return r < 0 ? r : tamper_write(t, p, 0, built.data, built.len, e);
}

static int sign_file(struct tamper *t, struct tamper_esp *esp, struct tree_node *n, struct err *e)
{
	const struct blob *b = n->inode->blob;
	_cleanup_free_ char *path = tree_path(n);
	_cleanup_buf_ struct buf pe = BUF_INIT;
	int r = path ? tamper_pe_unsigned(b->data, (size_t)b->len, &pe, e) : err_oom(e);

	if (r == 0)
		r = authenticode_sign(t->p.stranger, &pe, e);
	return r < 0 ? r : tamper_esp_put(esp, path, pe.data, pe.len, e);
}

static int sign_loaders(struct tamper *t, struct tamper_esp *esp, struct err *e)
{
	static const char *const dirs[] = { "EFI/BOOT", "EFI/systemd" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++) {
		struct tree_node *dir = tree_lookup(esp->tree, dirs[i]);
		for (size_t k = 0; r == 0 && dir && k < dir->n_children; k++)
			r = sign_file(t, esp, dir->children[k], e);
	}
	return r;
}

/* PK, KEK and db of his own: what a machine in setup mode would take in. */
static int enrol_stranger(struct tamper *t, struct tamper_esp *esp, struct err *e)
{
	uint8_t guid[16];
	int r = efi_owner_guid(t->p.stranger->cert, guid, e);

	for (enum efi_variable v = EFI_VARIABLE_PK; r == 0 && v <= EFI_VARIABLE_DB; v++) {
		_cleanup_buf_ struct buf esl = BUF_INIT, auth = BUF_INIT;
		_cleanup_free_ char *path =
			str_printf("loader/keys/auto/%s.auth", efi_variable_name(v));
		if (!path)
			return err_oom(e);
		r = efi_esl_append(&esl, t->p.stranger->cert, guid, e);
		const struct efi_auth_params p = {
			.variable = v, .timestamp = 1700000000, .esl = esl.data, .esl_len = esl.len
		};
		if (r == 0)
			r = efi_auth_build(&p, t->p.stranger, &auth, e);
		if (r == 0)
			r = tamper_esp_put(esp, path, auth.data, auth.len, e);
	}
	return r;
}

static int fix_esp(struct tamper *t, unsigned int how, const uint8_t *root_hash, struct err *e)
{
	_cleanup_tamper_uki_ struct tamper_uki u = TAMPER_UKI_INIT;
	_cleanup_buf_ struct buf out = BUF_INIT;
	int r = tamper_uki_open(t, &u, e);

	if (r == 0 && how & FIX_CMDLINE)
		r = tamper_uki_sign_root_hash(&u, t->p.stranger, root_hash, e);
	if (r == 0)
		r = tamper_uki_build(t, &u,
				     how & SIGN_UKI ? UKI_SIGNED_BY_STRANGER : UKI_SIGNATURE_KEPT,
				     &out, e);
	if (r == 0)
		r = tamper_esp_put(&u.esp, u.esp.uki, out.data, out.len, e);
	if (r == 0 && how & SIGN_LOADERS)
		r = sign_loaders(t, &u.esp, e);
	if (r == 0 && how & ENROL_STRANGER)
		r = enrol_stranger(t, &u.esp, e);
	return r < 0 ? r : tamper_esp_save(t, &u.esp, e);
}

static int alter_everything(struct tamper *t, struct err *e)
{
	uint8_t root_hash[VERITY_ROOT_HASH_BYTES];
	unsigned int how =
		tamper_random(t, 3) ? (unsigned int)tamper_random(t, FIX_ALL + 1) : FIX_ALL;
	struct tamper_usr u;
	int r = tamper_usr_open(t, &u, e);

	if (r == 0 && tamper_random(t, 2))
		r = tamper_flip(t, u.data, 0, u.geometry.data_bytes, e);
	else if (r == 0)
		tamper_random_bytes(t, u.params.salt, u.params.salt_bytes);
	if (r == 0)
		r = write_tree(t, &u, &u.params, root_hash, e);
	if (r == 0 && how & FIX_UUIDS)
		r = fix_uuids(t, &u, root_hash, e);
	if (r == 0 && how & FIX_PARTITION)
		r = fix_partition(t, root_hash, e);
	if (r == 0)
		r = fix_esp(t, how, root_hash, e);
	return r < 0 ? r
		     : tamper_note(t, e, "another root hash in the tree%s%s%s%s%s%s",
				   how & FIX_UUIDS ? ", UUIDs" : "",
				   how & FIX_PARTITION ? ", verity-sig" : "",
				   how & FIX_CMDLINE ? ", command line" : "",
				   how & SIGN_UKI ? "; UKI signed by a stranger" : "",
				   how & SIGN_LOADERS ? "; loaders too" : "",
				   how & ENROL_STRANGER ? "; his keys to be enrolled" : "");
}

/* By a stranger of any name, or by one of the owner's name. */
static int alter_resigned(struct tamper *t, struct err *e)
{
	_cleanup_(signer_free) struct signer *impostor = NULL;
	const struct signer *stranger = t->p.stranger;

	if (!t->p.owner || tamper_random(t, 2))
		return alter_everything(t, e);
	int r = stranger_impostor(stranger, t->p.owner->cert, &impostor, e);
	if (r < 0)
		return r;
	t->p.stranger = impostor;
	r = alter_everything(t, e);
	t->p.stranger = stranger;
	return r < 0 ? r : tamper_note(t, e, "the stranger has the owner's name");
}

const struct tamper_kind tamper_m_superblock = {
	"superblock", "fields of the verity superblock, with a tree of their own or not",
	alter_superblock
};
const struct tamper_kind tamper_m_resigned = {
	"resigned", "another /usr, hashed and signed anew by a stranger, in part or throughout",
	alter_resigned
};
