/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Pods of the default namespace, as the kubelet asks containerd for them; each has the name of the case and
 * is another attempt at it. Spec: k8s.io/cri-api runtime/v1/api.proto.
 */
#include "qemu-tests/cases/cri.h"

#define POD_SLICE "kubepods.slice"

enum pod_state {
	POD_READY,
	POD_NOT_READY,
};

struct pod {
	unsigned int attempt;
	bool on_host; /* privileged, sees the node's processes */
};

struct pod_container {
	const char *name, *image;
	const char *const *command; /* NULL: the image's; NULL-terminated */
	const char *const
		*mounts;       /* where, and what of the node, by turns; NULL-terminated, or NULL */
	uint64_t memory_bytes; /* limit; 0: none */
};

/** pod_run() - @ret_id: free() it. As cri_call() */
int pod_run(struct boot *b, const struct pod *p, char **ret_id, struct err *e) must_check;

/** pod_ask() - @ret_address: of a pod that is ready, free() it. As cri_call() */
int pod_ask(struct boot *b, const char *id, enum pod_state *ret_state, char **ret_address,
	    struct err *e) must_check;

/** pod_start() - make and start a container in the pod @p of @id; as cri_call() */
int pod_start(struct boot *b, const struct pod *p, const char *id, const struct pod_container *c,
	      char **ret_id, struct err *e) must_check;

/**
 * pod_ask_reason() - why a container ended
 * Return: 0; -EAGAIN it runs; as cri_call()
 */
int pod_ask_reason(struct boot *b, const char *id, char **ret, struct err *e) must_check;
