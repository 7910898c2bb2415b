/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recipes/node: pods as the kubelet has them run, through containerd's CRI plugin. A pod is in the network
 * of a bridge and answers there; a container that takes more memory than it is given is killed; pods live
 * through a restart of containerd, and what containerd knows through one of the node.
 */
#include "qemu-tests/cases/container.h"
#include "qemu-tests/cases/guest.h"
#include "qemu-tests/cases/pod.h"

#define CALL_TIMEOUT_SEC 120

#define PAUSE_IMAGE "slipway.test/pause:1"
#define HOG_IMAGE   "slipway.test/hog:1"
#define HOG_BYTES   (32 * MiB)
#define NETWORK	    "/etc/cni/net.d/10-case.conflist"

static const char network[] =
	"{\"cniVersion\": \"1.0.0\", \"name\": \"case\", \"plugins\": ["
	"{\"type\": \"bridge\", \"bridge\": \"cni0\", \"isGateway\": true, \"ipMasq\": true, "
	"\"ipam\": {\"type\": \"host-local\", \"ranges\": [[{\"subnet\": \"10.88.0.0/24\"}]], "
	"\"routes\": [{\"dst\": \"0.0.0.0/0\"}]}}, "
	"{\"type\": \"portmap\", \"capabilities\": {\"portMappings\": true}}]}\n";

static const struct pod first_pod = { .attempt = 0 }, next_pod = { .attempt = 1 },
			host_pod = { .attempt = 2, .on_host = true };

/* Where others put their files, and that these stay: see check_after_boot. */
static int check_directories(struct boot *b, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "each CNI plugin of the image is in /opt/cni/bin",
		  "cd /usr/lib/cni && for p in *; do test -x /opt/cni/bin/$p || exit; done" },
		{ "an add-on puts its own plugin in the place of one of them",
		  "cd /opt/cni/bin && cp /usr/lib/cni/static .new && mv -f .new static" },
		{ "what the kubelet and add-ons write",
		  "for d in /opt/cni/bin /etc/cni/net.d /etc/kubernetes/manifests "
		  "/etc/containerd/conf.d /var/lib/kubelet "
		  "/usr/libexec/kubernetes/kubelet-plugins/volume/exec; do "
		  "echo case >$d/.case || exit; done" },
		{ "kernel modules",
		  "for m in overlay br_netfilter nf_conntrack; do test -d /sys/module/$m || exit; "
		  "done" },
		{ "settings of the kernel",
		  "cd /proc/sys && for s in net/ipv4/ip_forward=1 "
		  "net/bridge/bridge-nf-call-iptables=1 net/bridge/bridge-nf-call-ip6tables=1 "
		  "vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 "
		  "kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do "
		  "test $(cat ${s%=*}) = ${s#*=} || { echo $s; exit 1; }; done" },
		{ "the kernel has cgroups of version 2 only",
		  "test $(stat -f -c %T /sys/fs/cgroup) = cgroup2fs" },
	};

	return boot_do(b, v, ARRAY_SIZE(v), e);
}

static int import_image(struct boot *b, const char *name, const char *does, struct err *e)
{
	_cleanup_buf_ struct buf archive = BUF_INIT;
	int r = container_archive(name, does, &archive, e);

	return r < 0 ? r
		     : boot_feed(b, "ctr -n k8s.io image import --local -", &archive,
				 "import a container image", e);
}

/* RuntimeService's Status: {1: {1: [{1: "RuntimeReady", 2: true}, {1: "NetworkReady", 2: true}]}} */
static int is_ready(struct boot *b, struct err *e)
{
	_cleanup_buf_ struct buf request = BUF_INIT;
	struct pb_view m, condition;
	uint64_t ready = 0;
	int r = cri_call(b, "Status", &request, &m, e);

	if (r >= 0)
		r = pb_get(m, 1, &m, NULL, e);
	for (int i = 0; r >= 0 && i < 2; i++) {
		r = pb_get(m, 1, &condition, NULL, e);
		if (r >= 0)
			r = pb_get(condition, 2, NULL, &ready, e);
		if (r >= 0) /* the next condition: behind this one */
			m = (struct pb_view){ condition.data + condition.len,
					      (size_t)(m.data + m.len -
						       (condition.data + condition.len)) };
	}
	return r;
}

/* It says that it runs before its CRI plugin does, and learns of a network a moment after that. */
static int wait_ready(struct boot *b, struct err *e)
{
	const double deadline = vm_age_sec(b->vm) + CALL_TIMEOUT_SEC;
	int r;

	do
		r = is_ready(b, e);
	while ((r == -EREMOTEIO || r == -EIO || r == -ENOENT) && vm_age_sec(b->vm) < deadline);
	return r < 0 ? err_wrap(e, r, "containerd is not ready for pods") : 0;
}

static int restart_containerd(struct boot *b, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "systemctl restart containerd.service");

	return r < 0 ? r : wait_ready(b, e);
}

static int prepare(struct boot *b, struct err *e)
{
	static const struct boot_todo pause[] = {
		{ "a pod's own container has the name that containerd is configured for",
		  "name=$(containerd config dump | "
		  "sed -n 's/^ *sandbox_image = \"\\(.*\\)\"$/\\1/p') && "
		  "ctr -n k8s.io image tag " PAUSE_IMAGE " \"$name\"" },
	};
	const struct buf conf = { .data = (uint8_t *)network, .len = sizeof(network) - 1 };
	int r = boot_feed(b, "cat >" NETWORK, &conf, "write " NETWORK, e);

	if (r >= 0)
		r = import_image(b, PAUSE_IMAGE, "serve", e);
	if (r >= 0)
		r = boot_do(b, pause, ARRAY_SIZE(pause), e);
	if (r >= 0)
		r = import_image(b, HOG_IMAGE, "eat", e);
	return r < 0 ? r : restart_containerd(b, e);
}

/* The pod is asked over the network, from the node: bridge, address, cgroup, file system are its own. */
static int check_pod(struct boot *b, const char *id, struct err *e)
{
	_cleanup_free_ char *address = NULL, *wanted = NULL;
	enum pod_state state;
	int r = pod_ask(b, id, &state, &address, e);

	if (r < 0)
		return r;
	if (state != POD_READY)
		return err_set(e, -EBADMSG, "a pod is not ready");
	wanted = str_printf("address eth0 %s\n", address);
	if (!wanted)
		return err_oom(e);
	r = guest_ask(b->vm, &b->out, e,
		      "curl -sS --max-time 60 http://%s:%d/; echo; ip -br link show master cni0",
		      address, GUEST_SERVE_PORT);
	if (r < 0)
		return err_wrap(e, r, "ask a pod at %s", address);
	if (!strstr(boot_said(b), wanted) || !strstr(boot_said(b), "\nroot overlay ") ||
	    !strstr(boot_said(b), "\nveth"))
		return err_set(e, -EBADMSG, "a pod says: %s", boot_said(b));
	r = container_note(b->ctx, "a pod", boot_said(b), e);
	return r < 0 ? r
		     : guest_ask(b->vm, &b->out, e,
				 "test -d /sys/fs/cgroup/" POD_SLICE "/cri-containerd-%s.scope",
				 id);
}

/* The kernel is who limits. containerd's word is for the report: it may see the exit before what led to it. */
static int check_killed(struct boot *b, const char *id, const char *reason, struct err *e)
{
	int r = guest_ask(
		b->vm, &b->out, e,
		"journalctl -k -b -o cat | grep -F oom-kill:constraint=CONSTRAINT_MEMCG | "
		"grep -F oom_memcg=/" POD_SLICE "/cri-containerd-%s.scope",
		id);

	return r < 0 ? err_wrap(e, r, "a container over its limit of memory ended with '%s'",
				reason)
		     : guest_note(b->ctx, e, "over its memory: %s", reason);
}

static int run_hog(struct boot *b, const char *pod, struct err *e)
{
	static const struct pod_container hog = { .name = "hog",
						  .image = HOG_IMAGE,
						  .memory_bytes = HOG_BYTES };
	const double deadline = vm_age_sec(b->vm) + CALL_TIMEOUT_SEC;
	_cleanup_free_ char *id = NULL, *reason = NULL;
	int r = pod_start(b, &first_pod, pod, &hog, &id, e);

	if (r < 0)
		return r;
	do
		r = pod_ask_reason(b, id, &reason, e);
	while (r == -EAGAIN && vm_age_sec(b->vm) < deadline);
	return r < 0 ? err_wrap(e, r, "over its limit of memory") : check_killed(b, id, reason, e);
}

/* What the kernel says of it at length is not for the console, where it would look like trouble. */
static int check_limit(struct boot *b, const char *pod, struct err *e)
{
	int r = guest_ask(b->vm, &b->out, e, "dmesg -n emerg");

	if (r >= 0)
		r = run_hog(b, pod, e);
	return r < 0 ? r
		     : guest_ask(b->vm, &b->out, e, "dmesg -n debug; systemctl is-system-running");
}

/*
 * The DaemonSet of Documentation/updates.md: what it needs of programs is the node's, and what it does is done to
 * the node. It says that it is done by a unit of the node, in the place of the one that looks for updates.
 */
static int check_manager(struct boot *b, struct err *e)
{
	static const char *const command[] = {
		"/usr/bin/nsenter",
		"--target=1",
		"--mount",
		"--uts",
		"--ipc",
		"--net",
		"--",
		"/usr/bin/sh",
		"-ec",
		"mkdir -p /etc/slipway\n"
		"echo CHANNEL=canary >/etc/slipway/update.env\n"
		"systemd-run --unit=case-done --remain-after-exit true\n"
		"exec sleep infinity\n",
		NULL
	};
	static const char *const mounts[] = { "/usr",	"/usr",	      "/lib", "/usr/lib",
					      "/lib64", "/usr/lib64", NULL };
	static const struct pod_container c = {
		.name = "channel", .image = PAUSE_IMAGE, .command = command, .mounts = mounts
	};
	_cleanup_free_ char *pod = NULL, *id = NULL, *reason = NULL;
	const double deadline = vm_age_sec(b->vm) + CALL_TIMEOUT_SEC;
	int r = pod_run(b, &host_pod, &pod, e);

	if (r >= 0)
		r = pod_start(b, &host_pod, pod, &c, &id, e);
	while (r >= 0) {
		r = boot_expect(b, "systemctl show -p ActiveState case-done.service", "=active", e);
		if (r != -EBADMSG || vm_age_sec(b->vm) > deadline)
			break;
		r = pod_ask_reason(b, id, &reason, e);
		if (r >= 0)
			return err_set(e, -EBADMSG, "a pod of the node's programs ended: %s",
				       reason);
		r = r == -EAGAIN ? 0 : r;
	}
	return r < 0 ? err_wrap(e, r, "a pod of the node's programs")
		     : boot_expect(b, "cat /etc/slipway/update.env", "CHANNEL=canary", e);
}

static int check_kept(struct boot *b, const char *id, struct err *e)
{
	static const struct boot_todo v[] = {
		{ "an add-on's plugin is still its own", "test ! -L /opt/cni/bin/static" },
		{ "what was written is still there",
		  "cat /opt/cni/bin/.case /etc/cni/net.d/.case /etc/kubernetes/manifests/.case "
		  "/etc/containerd/conf.d/.case /var/lib/kubelet/.case "
		  "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/.case" },
	};
	_cleanup_free_ char *address = NULL;
	enum pod_state state;
	int r = boot_do(b, v, ARRAY_SIZE(v), e);

	if (r >= 0)
		r = wait_ready(b, e);
	if (r >= 0)
		r = pod_ask(b, id, &state, &address, e);
	if (r < 0)
		return err_wrap(e, r, "after a restart");
	return state == POD_NOT_READY ? 0
				      : err_set(e, -EBADMSG, "a pod is said to run that cannot");
}

static int check_pods(struct boot *b, struct err *e)
{
	_cleanup_free_ char *pod = NULL, *next = NULL;
	int r = prepare(b, e);

	if (r >= 0)
		r = pod_run(b, &first_pod, &pod, e);
	if (r >= 0)
		r = check_pod(b, pod, e);
	if (r >= 0)
		r = check_limit(b, pod, e);
	if (r >= 0)
		r = check_manager(b, e);
	if (r >= 0)
		r = restart_containerd(b, e);
	if (r >= 0)
		r = check_pod(b, pod, e);
	if (r >= 0)
		r = boot_again(b, e);
	if (r >= 0)
		r = check_kept(b, pod, e);
	if (r >= 0)
		r = pod_run(b, &next_pod, &next, e);
	return r < 0 ? r : check_pod(b, next, e);
}

static int run(struct vm_case_context *ctx, struct err *e)
{
	static const char *const units[] = { "containerd.service", NULL };
	static const boot_step_fn steps[] = { check_directories, check_pods, NULL };

	return boot_judge(
		ctx, &(struct boot_params){ .name = "containers", .units = units, .steps = steps },
		e);
}

extern const struct vm_case case_containers;
const struct vm_case case_containers = {
	.name = "containers",
	.image = "node",
	.description = "pods by CRI: bridge, memory limit, a restart of containerd and of the node",
	.machines = 1,
	.typical_sec = 200,
	.from_running = true,
	.run = run,
};
