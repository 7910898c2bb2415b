/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the ESP, changed and written anew: a good file system, with something else in it. */
#include "qemu-tests/tamper/families.h"

static int done(struct tamper *t, struct tamper_esp *esp, const char *path, const char *what,
		struct err *e)
{
	int r = tamper_esp_save(t, esp, e);

	return r < 0 ? r : tamper_note(t, e, "esp: %s: %s", path, what);
}

/* What of it may be known to be good: a copy of any file there. Or just bytes. */
static int add_content(struct tamper *t, struct tamper_esp *esp, const char *path, struct err *e)
{
	uint8_t bytes[700];
	struct tree_node *n;

	if (tamper_random(t, 2)) {
		size_t len = (size_t)tamper_random(t, sizeof(bytes));
		tamper_random_bytes(t, bytes, len);
		return tamper_esp_put(esp, path, bytes, len, e);
	}
	int r = tamper_esp_pick(t, esp, "", &n, e);
	return r < 0 ? r
		     : tamper_esp_put(esp, path, n->inode->blob->data, (size_t)n->inode->blob->len,
				      e);
}

static int alter_add(struct tamper *t, struct err *e)
{
	static const char *const paths[] = {
		"EFI/Linux/node_0.efi",
		"EFI/Linux/node_2.efi",
		"EFI/Linux/node_1+3.efi",
		"EFI/Linux/node_1+0-3.efi",
		"EFI/Linux/zzz.efi",
		"EFI/Linux/NODE_1~1.EFI",
		"EFI/Linux/node_1.efi.extra.d/x.cred",
		"EFI/Linux/node_1.efi.extra.d/x.addon.efi",
		"EFI/Linux/node_1.efi.extra.d/x.raw",
		"EFI/Linux/notes.txt",
		"EFI/Linux/sub/node_1.efi",
		"EFI/BOOT/BOOTX64.EFI.bak",
		"EFI/BOOT/BOOTAA64.EFI",
		"EFI/BOOT/BOOTIA32.EFI",
		"EFI/BOOT/fbx64.efi",
		"EFI/BOOT/revocations.efi",
		"EFI/systemd/drivers/x64.efi",
		"EFI/systemd/systemd-bootaa64.efi",
		"EFI/Microsoft/Boot/bootmgfw.efi",
		"loader/entries/old.conf",
		"loader/entries.srel",
		"loader/addons/all.addon.efi",
		"loader/credentials/x.cred",
		"loader/random-seed",
		"loader/keys/auto/dbx.auth",
		"loader/keys/auto/db.der",
		"loader/keys/other/db.auth",
		"loader/keys/auto/PK.auth",
		"loader/loader.conf.d/x.conf",
		"loader/devicetree",
		"vmlinuz",
		"startup.nsh",
		"autorun.inf",
		"shellx64.efi",
		"System Volume Information/x",
		"EFI/Tools/a name of more than thirteen units \xc3\xa4",
	};
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
	const char *path = tamper_pick(t, paths);
	int r = tamper_esp_open(t, &esp, e);

	if (r == 0)
		r = add_content(t, &esp, path, e);
	return r < 0 ? r : done(t, &esp, path, "one more file", e);
}

/* ---- files that are there ----------------------------------------------------------------- */

static int remove_file(struct tamper *t unused_, struct tamper_esp *esp, struct tree_node *n,
		       struct err *e unused_)
{
	tree_remove(esp->tree, n);
	return 0;
}

/* Names that firmware or the loader would take for the same, or not. */
static int rename_file(struct tamper *t, struct tamper_esp *esp, struct tree_node *n, struct err *e)
{
	_cleanup_free_ char *path = tree_path(n), *to = NULL;

	if (!path)
		return err_oom(e);
	size_t len = strlen(path), dot = len - strlen(strrchr(n->name, '.') ?: "");
	switch (tamper_random(t, 5)) {
	case 0:
		to = strdup(path);
		if (to)
			to[len - 1] ^= 0x20;
		break;
	case 1:
		to = str_printf("%.*s+%d%s", (int)dot, path, (int)tamper_random(t, 4), path + dot);
		break;
	case 2:
		to = str_printf("%s.old", path);
		break;
	case 3:
		to = str_printf("old/%s", n->name);
		break;
	default:
		to = str_printf("%.*s2%s", (int)dot, path, path + dot);
	}
	return to ? tree_move(esp->tree, n, to, e) : err_oom(e);
}

static int put_content(struct tamper_esp *esp, struct tree_node *n, const void *data, size_t len,
		       struct err *e)
{
	_cleanup_free_ char *path = tree_path(n);

	return path ? tamper_esp_put(esp, path, data, len, e) : err_oom(e);
}

static int change_byte(struct tamper *t, struct tamper_esp *esp, struct tree_node *n, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append(&b, n->inode->blob->data, (size_t)n->inode->blob->len);
	if (buf_failed(&b))
		return err_oom(e);
	if (b.len)
		b.data[tamper_random(t, b.len)] ^= (uint8_t)(1 << tamper_random(t, 8));
	return put_content(esp, n, b.data, b.len, e);
}

static int cut_file(struct tamper *t, struct tamper_esp *esp, struct tree_node *n, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append(&b, n->inode->blob->data, (size_t)n->inode->blob->len);
	return buf_failed(&b) ? err_oom(e)
			      : put_content(esp, n, b.data, tamper_random(t, b.len + 1), e);
}

static int lengthen_file(struct tamper *t, struct tamper_esp *esp, struct tree_node *n,
			 struct err *e)
{
	static const char *const texts[] = { "\n", " ", "\0\0\0\0\0\0\0", "# x\n", "timeout 99\n" };
	size_t i = (size_t)tamper_random(t, ARRAY_SIZE(texts));
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_append(&b, n->inode->blob->data, (size_t)n->inode->blob->len);
	buf_append(&b, texts[i], i == 2 ? 8 : strlen(texts[i]));
	return buf_failed(&b) ? err_oom(e) : put_content(esp, n, b.data, b.len, e);
}

/* Another file's content. */
static int replace_file(struct tamper *t, struct tamper_esp *esp, struct tree_node *n,
			struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct tree_node *from;
	int r = tamper_esp_pick(t, esp, "", &from, e);

	if (r < 0)
		return r;
	buf_append(&b, from->inode->blob->data, (size_t)from->inode->blob->len);
	return buf_failed(&b) ? err_oom(e) : put_content(esp, n, b.data, b.len, e);
}

static int empty_file(struct tamper *t unused_, struct tamper_esp *esp, struct tree_node *n,
		      struct err *e)
{
	return put_content(esp, n, "", 0, e);
}

static int set_time(struct tamper *t, struct tamper_esp *esp unused_, struct tree_node *n,
		    struct err *e unused_)
{
	static const int64_t shifts[] = { 2, -2, 1, 86400, -400000000 };

	n->inode->mtime += tamper_pick(t, shifts);
	return 0;
}

static int set_config(struct tamper *t, struct tamper_esp *esp, struct tree_node *n unused_,
		      struct err *e)
{
	static const char *const texts[] = {
		"timeout 10\neditor yes\n",
		"timeout menu-disabled\neditor no\nauto-firmware no\nsecure-boot-enroll force\n",
		"timeout menu-disabled\neditor no\nauto-firmware no\nsecure-boot-enroll off\n",
		"timeout menu-disabled\r\neditor no\r\nauto-firmware no\r\nsecure-boot-enroll if-safe\r\n",
		"default node_0.efi\n",
		"",
	};
	const char *text = tamper_pick(t, texts);

	return tamper_esp_put(esp, "loader/loader.conf", text, strlen(text), e);
}

static int alter_change(struct tamper *t, struct err *e)
{
	static const struct {
		const char *what;
		int (*make)(struct tamper *t, struct tamper_esp *esp, struct tree_node *n,
			    struct err *e);
	} ways[] = {
		{ "removed", remove_file },
		{ "renamed", rename_file },
		{ "a byte", change_byte },
		{ "cut", cut_file },
		{ "longer", lengthen_file },
		{ "another file's content", replace_file },
		{ "empty", empty_file },
		{ "another time", set_time },
		{ "or rather loader.conf: another one", set_config },
	};
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
	size_t i = (size_t)tamper_random(t, ARRAY_SIZE(ways));
	struct tree_node *n;
	int r = tamper_esp_open(t, &esp, e);

	if (r == 0)
		r = tamper_esp_pick(t, &esp, "", &n, e);
	if (r < 0)
		return r;
	_cleanup_free_ char *path = tree_path(n);
	r = path ? ways[i].make(t, &esp, n, e) : err_oom(e);
	return r < 0 ? r : done(t, &esp, path, ways[i].what, e);
}

/* ---- the file system around them ---------------------------------------------------------- */

static int shift_time(struct tree_node *n, void *ctx, struct err *e unused_)
{
	n->inode->mtime += *(const int64_t *)ctx;
	return 0;
}

static int alter_params(struct tamper *t, struct err *e)
{
	static const char *const dirs[] = { "EFI/Linux/node_1.efi.extra.d", "loader/addons",
					    "EFI/x", "loader/entries" };
	static const int64_t shifts[] = { 2, 1, -3600, 1 << 20 };
	_cleanup_tamper_esp_ struct tamper_esp esp = TAMPER_ESP_INIT;
	int r = tamper_esp_open(t, &esp, e);

	if (r < 0)
		return r;
	const struct tree_meta m = { .mode = 0755, .mtime = esp.params.time };
	int64_t shift = tamper_pick(t, shifts);
	const char *what = "";
	switch (tamper_random(t, 5)) {
	case 0:
		what = "another serial number";
		tamper_random_bytes(t, esp.params.uuid, 4);
		break;
	case 1:
		what = "another label";
		esp.label[tamper_random(t, 3)] = 'X';
		break;
	case 2:
		what = "a smaller file system";
		esp.params.size_bytes -= 4096 * (1 + tamper_random(t, 8));
		break;
	case 3:
		what = "an empty directory";
		r = tree_add_dir(esp.tree, tamper_pick(t, dirs), &m, NULL, e);
		break;
	default:
		what = "another time of all files";
		r = tree_walk(tree_root(esp.tree), shift_time, &shift, e);
	}
	return r < 0 ? r : done(t, &esp, "/", what, e);
}

const struct tamper_kind tamper_m_esp_add = { "esp-add", "one more file on the ESP", alter_add };
const struct tamper_kind tamper_m_esp_change = { "esp-change", "a file of the ESP changed",
						 alter_change };
const struct tamper_kind tamper_m_esp_params = { "esp-params",
						 "the ESP written with other parameters",
						 alter_params };
