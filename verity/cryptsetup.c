/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <libcryptsetup.h>
#include <sys/stat.h>

#include "verity/verity.h"

DEFINE_CLEANUP(struct crypt_device *, crypt_free)

/* Keeps the last error that the library tells, without its newline. */
static void take_message(int level, const char *msg, void *ctx)
{
	struct err *said = ctx;

	if (level != CRYPT_LOG_ERROR)
		return;
	size_t len = strcspn(msg, "\n");
	err_set(said, -EBADMSG, "%.*s", (int)len, msg);
}

static int fail(struct err *e, int code, const struct err *said)
{
	/* What the library answers for wrong data, a malformed superblock, a wrong root hash. */
	bool bad = code == -EPERM || code == -EINVAL || code == -EFAULT;
	int r = bad ? -EBADMSG : code;

	if (said->msg[0])
		return err_set(e, r, "libcryptsetup: %s", said->msg);
	return err_sys(e, r, "libcryptsetup");
}

/* Looked at first, as the library would print what is wrong with a path to standard error. */
static int check_path(const char *path, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, -errno, "%s", path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(e, -EINVAL, "%s: neither a file nor a block device", path);
	return 0;
}

int verity_verify_cryptsetup(const char *data_path, const char *hash_path,
			     const uint8_t root_hash[VERITY_ROOT_HASH_BYTES], struct err *e)
{
	_cleanup_(crypt_free) struct crypt_device *cd = NULL;
	struct crypt_params_verity params = { .flags = CRYPT_VERITY_CHECK_HASH };
	struct err said = { 0 };

	int r = check_path(data_path, e);
	if (r >= 0)
		r = check_path(hash_path, e);
	if (r < 0)
		return r;
	r = crypt_init(&cd, hash_path);
	if (r < 0)
		return err_sys(e, r, "libcryptsetup: %s", hash_path);
	crypt_set_log_callback(cd, take_message, &said);
	r = crypt_load(cd, CRYPT_VERITY, &params);
	if (r >= 0)
		r = crypt_set_data_device(cd, data_path);
	/* No name: nothing is activated, all is hashed. */
	if (r >= 0)
		r = crypt_activate_by_volume_key(cd, NULL, (const char *)root_hash,
						 VERITY_ROOT_HASH_BYTES, CRYPT_ACTIVATE_READONLY);
	return r < 0 ? fail(e, r, &said) : 0;
}
