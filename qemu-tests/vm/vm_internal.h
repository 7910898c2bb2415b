/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the harness' own files share. */
#include <systemd/sd-event.h>

#include "base/strv.h"
#include "qemu-tests/vm/child.h"
#include "qemu-tests/vm/private_dir.h"
#include "qemu-tests/vm/qmp.h"
#include "qemu-tests/vm/vm.h"

struct vm_host {
	struct vm_host_params p; /* its strings are ours */
	sd_event *event;
	unsigned int qemu_major; /* 0: not asked yet */
	int kvm_works;		 /* -1: not known */
};

/* The channel: one master connection, over which each command is a session. */
struct channel {
	struct child master;
	unsigned int port;  /* on 127.0.0.1; 0: no channel */
	char *key, *socket; /* paths */
	int probe;	    /* a connection that waits for sshd's greeting; -1: none */
	sd_event_source *probe_source, *socket_source, *retry_source;
	unsigned int probe_age, probe_patience; /* in retries */
	bool probe_due, greeted;
};

struct vm {
	struct vm_host *host;
	char *name;
	struct private_dir private_dir;
	const char *dir;	      /* its path */
	char *disk, *vars, *firmware; /* paths; NULL: none */
	bool writes_image;	      /* disk is the image itself */
	enum vm_accel accel;
	struct child qemu, swtpm;
	struct qmp qmp;
	struct vm_console console;
	int console_fd, console_log, tap; /* tap: the console is copied there; -1: not */
	int qemu_log;
	int tap_error; /* negative errno: the copy failed and is off */
	sd_event_source *console_source, *limit_source;
	struct buf unsent; /* typed, not yet taken by the console */
	unsigned int events[VM_EVENTS];
	char shutdown_reason[32];
	char migration[32]; /* its status, as QEMU reported it last */
	bool expired;
	uint64_t born_usec; /* when it was started or reset, on CLOCK_MONOTONIC */
	unsigned int limit_sec;
	struct channel channel;
};

/* What the command line needs to know beyond the parameters: paths and descriptors. */
struct vm_files {
	const char *code, *vars;	/* firmware; NULL with BIOS */
	const char *disk, *disk_format; /* NULL: no disk */
	unsigned int sector_bytes;	/* of the disk, as its partition table has them */
	struct strv smbios;		/* files, one string each */
	int console_fd, qmp_fd, tpm_fd; /* tpm_fd -1: no TPM */
};

/**
 * vm_qemu_args() - QEMU's command line
 * @qemu: program; @ret is empty before
 * Return: 0; -EINVAL the parameters contradict each other; -ENOMEM
 */
int vm_qemu_args(const struct vm_host *h, const char *qemu, const struct vm_params *p,
		 enum vm_accel accel, const struct vm_files *f, struct strv *ret,
		 struct err *e) must_check;

/** vm_prepare() - disk, variables, SMBIOS files, key in the private directory */
int vm_prepare(struct vm *vm, const struct vm_params *p, struct vm_files *f,
	       struct err *e) must_check;

/** vm_load() - let QEMU, which waits for it, go on from what vm_save() filled */
int vm_load(struct vm *vm, const char *dir, struct err *e) must_check;

/** vm_copy_file() - into a new file, for its owner only */
int vm_copy_file(const char *from, const char *to, struct err *e) must_check;

/** vm_failed_start() - the error of a QEMU that ended before it ran the machine: what it said; Return: -EIO */
int vm_failed_start(struct vm *vm, struct err *e);

/** vm_start_swtpm() - Return: 0, with a connected socket in @ret_fd; negative errno */
int vm_start_swtpm(struct vm *vm, const struct vm_params *p, int *ret_fd, struct err *e) must_check;

const char *vm_qemu_program(const struct vm_host *h);

/** vm_check_qemu() - is QEMU there, and new enough for this accelerator? */
int vm_check_qemu(struct vm_host *h, enum vm_accel accel, struct err *e) must_check;

/** vm_choose_accel() - KVM or TCG for a machine with these parameters */
int vm_choose_accel(struct vm_host *h, const struct vm_params *p, enum vm_accel *ret,
		    struct err *e) must_check;

/** vm_now_usec() - of CLOCK_MONOTONIC */
uint64_t vm_now_usec(void);

/** vm_deadline() - in microseconds of CLOCK_MONOTONIC; 0 seconds: the default */
uint64_t vm_deadline(unsigned int timeout_sec);

/**
 * vm_serve() - handle what comes next on any machine of the host, or wait for it until the deadline
 * Return: 0; -ETIME the deadline has passed; other negative errno
 */
int vm_serve(struct vm_host *h, uint64_t deadline, struct err *e) must_check;

/** vm_gone() - the error of a wait on a machine that has ended: says why; Return: -ESRCH */
int vm_gone(struct vm *vm, struct err *e);

/** vm_start_with() - vm_start(), with the console copied to a descriptor from the start; -1: not */
int vm_start_with(struct vm_host *h, const struct vm_params *p, int tap, struct vm **ret,
		  struct err *e) must_check;

/** vm_call() - a QMP command and its answer; @ret may be NULL */
int vm_call(struct vm *vm, const char *command, const char *arguments, struct json_object **ret,
	    struct err *e) must_check;

/** vm_open_console() - take the console's socket and open its log */
int vm_open_console(struct vm *vm, int fd, struct err *e) must_check;

/** vm_channel_start() - learn the port, once QEMU runs */
int vm_channel_start(struct vm *vm, struct err *e) must_check;

/** vm_channel_reset() - the guest is gone: the connection will not come back to life */
void vm_channel_reset(struct vm *vm);
void vm_channel_done(struct vm *vm);
