/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu-tests/cases/pod.h"

#define CONTAINER_EXITED 2
#define NAMESPACE_NODE	 2

/* Its fields: privileged; of namespaces (NamespaceOption), 2 processes. */
static void put_host(struct buf *out, unsigned int privileged, unsigned int options)
{
	_cleanup_buf_ struct buf m = BUF_INIT;

	pb_put_number(&m, 2, NAMESPACE_NODE);
	pb_put_message(out, options, &m);
	pb_put_number(out, privileged, 1);
}

/* PodSandboxConfig: 1 metadata (name, uid, namespace, attempt), 2 hostname, 3 log directory,
 * 8 linux (1 cgroup, 2 security (1 namespaces, 6 privileged)) */
static void put_pod(struct buf *out, unsigned int field, const struct pod *p)
{
	_cleanup_buf_ struct buf m = BUF_INIT, security = BUF_INIT, pod = BUF_INIT;

	pb_put_string(&m, 1, "case");
	pb_put_string(&m, 2, "9f0cb1f4-case");
	pb_put_string(&m, 3, "default");
	pb_put_number(&m, 4, p->attempt);
	pb_put_message(&pod, 1, &m);
	pb_put_string(&pod, 2, "case");
	pb_put_string(&pod, 3, "/var/log/pods/case");
	pb_put_string(&m, 1, POD_SLICE);
	if (p->on_host) {
		put_host(&security, 6, 1);
		pb_put_message(&m, 2, &security);
	}
	pb_put_message(&pod, 8, &m);
	pb_put_message(out, field, &pod);
}

/* What an answer names: an id, an address. */
static int take_name(struct pb_view m, unsigned int field, char **ret, struct err *e)
{
	int r = pb_get(m, field, &m, NULL, e);

	if (r < 0)
		return r;
	*ret = strndup((const char *)m.data, m.len);
	return *ret ? 0 : err_oom(e);
}

int pod_run(struct boot *b, const struct pod *p, char **ret_id, struct err *e)
{
	_cleanup_buf_ struct buf request = BUF_INIT;
	struct pb_view answer;

	put_pod(&request, 1, p);
	int r = cri_call(b, "RunPodSandbox", &request, &answer, e);
	return r < 0 ? r : take_name(answer, 1, ret_id, e);
}

/* PodSandboxStatus: {1: {1: id, 3: state, 5: {1: address}}} */
int pod_ask(struct boot *b, const char *id, enum pod_state *ret_state, char **ret_address,
	    struct err *e)
{
	_cleanup_buf_ struct buf request = BUF_INIT;
	struct pb_view status, net;
	uint64_t state = POD_READY; /* 0 is left out */
	struct err none;

	pb_put_string(&request, 1, id);
	int r = cri_call(b, "PodSandboxStatus", &request, &status, e);
	if (r >= 0)
		r = pb_get(status, 1, &status, NULL, e);
	if (r < 0)
		return r;
	if (pb_get(status, 3, NULL, &state, &none) < 0)
		state = POD_READY;
	*ret_state = state;
	if (state != POD_READY)
		return 0;
	r = pb_get(status, 5, &net, NULL, e);
	return r < 0 ? r : take_name(net, 1, ret_address, e);
}

/* ContainerConfig: 1 {1 name}, 2 {1 image}, 3 command, 7 mounts (1 there, 2 here, 3 read-only),
 * 15 linux (1 {4 memory limit}, 2 security (2 privileged, 3 namespaces)) */
static void put_container(struct buf *out, unsigned int field, const struct pod *p,
			  const struct pod_container *c)
{
	_cleanup_buf_ struct buf config = BUF_INIT, m = BUF_INIT, of_linux = BUF_INIT;

	pb_put_string(&m, 1, c->name);
	pb_put_message(&config, 1, &m);
	pb_put_string(&m, 1, c->image);
	pb_put_message(&config, 2, &m);
	for (const char *const *v = c->command; v && *v; v++)
		pb_put_string(&config, 3, *v);
	for (const char *const *v = c->mounts; v && *v; v += 2) {
		pb_put_string(&m, 1, v[0]);
		pb_put_string(&m, 2, v[1]);
		pb_put_number(&m, 3, 1);
		pb_put_message(&config, 7, &m);
	}
	if (c->memory_bytes) {
		pb_put_number(&m, 4, c->memory_bytes);
		pb_put_message(&of_linux, 1, &m);
	}
	if (p->on_host) {
		put_host(&m, 2, 3);
		pb_put_message(&of_linux, 2, &m);
	}
	pb_put_message(&config, 15, &of_linux);
	pb_put_message(out, field, &config);
}

/* CreateContainer: 1 pod, 2 the container's config, 3 the pod's */
int pod_start(struct boot *b, const struct pod *p, const char *id, const struct pod_container *c,
	      char **ret_id, struct err *e)
{
	_cleanup_buf_ struct buf request = BUF_INIT;
	struct pb_view answer;

	pb_put_string(&request, 1, id);
	put_container(&request, 2, p, c);
	put_pod(&request, 3, p);
	int r = cri_call(b, "CreateContainer", &request, &answer, e);
	if (r >= 0)
		r = take_name(answer, 1, ret_id, e);
	if (r < 0)
		return err_wrap(e, r, "container %s", c->name);
	pb_put_string(&request, 1, *ret_id);
	r = cri_call(b, "StartContainer", &request, &answer, e);
	return r < 0 ? err_wrap(e, r, "container %s", c->name) : 0;
}

/* ContainerStatus: {1: {3: state, 10: reason}} */
int pod_ask_reason(struct boot *b, const char *id, char **ret, struct err *e)
{
	_cleanup_buf_ struct buf request = BUF_INIT;
	struct pb_view status;
	uint64_t state = 0;
	struct err none;

	pb_put_string(&request, 1, id);
	int r = cri_call(b, "ContainerStatus", &request, &status, e);
	if (r >= 0)
		r = pb_get(status, 1, &status, NULL, e);
	if (r < 0)
		return r;
	if (pb_get(status, 3, NULL, &state, &none) < 0 || state != CONTAINER_EXITED)
		return err_set(e, -EAGAIN, "a container still runs");
	return take_name(status, 10, ret, e);
}
