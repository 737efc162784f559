/* SPDX-License-Identifier: ISC */
/*
 * Loading, attaching, pinning and taking over, as the daemon does it: a uid
 * without privilege and two capabilities, on a bpffs of its own.
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <dirent.h>
#include <fcntl.h>

#include "../../parent/dp.h"
#include "packet.h"

#define ROOT "/mnt/pf"
#define NOBODY 65534

static char err[DP_ERRLEN], why[DP_ERRLEN];

static const struct test_packet {
	struct spec spec;
} good = { { "10.1.2.3", .dst = "198.18.7.9" } };

/* A bpffs that belongs to nobody, and that goes with the process. */
static void
bpffs(void)
{
	ATF_REQUIRE_EQ(unshare(CLONE_NEWNS), 0);
	ATF_REQUIRE_EQ(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ATF_REQUIRE_EQ(mount("none", "/mnt", "tmpfs", 0, "mode=0755"), 0);
	ATF_REQUIRE_EQ(mkdir(ROOT, 0755), 0);
	ATF_REQUIRE_EQ(mount("none", ROOT, "bpf", 0, "mode=0700"), 0);
	ATF_REQUIRE_EQ(chown(ROOT, NOBODY, NOBODY), 0);
}

static void
become_nobody(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_BPF,
	    CAP_NET_ADMIN, -1);
	ATF_REQUIRE_EQ(capng_change_id(NOBODY, NOBODY, CAPNG_DROP_SUPP_GRP), 0);
	ATF_REQUIRE_EQ(getuid(), NOBODY);
}

/* Each step of a life in a process of its own, without privilege. */
static void
as_nobody(void (*step)(void))
{
	pid_t pid;
	int status;

	fflush(stdout);
	ATF_REQUIRE((pid = fork()) != -1);
	if (pid == 0) {
		become_nobody();
		step();
		_exit(0);
	}
	ATF_REQUIRE_EQ(waitpid(pid, &status, 0), pid);
	ATF_REQUIRE_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "a step without privilege failed");
}

static void
links(void)
{
	sh("ip link add in0 address 02:00:00:00:01:01 type veth peer name in1");
	sh("ip link add out0 type veth peer name out1");
	sh("echo 1 >/proc/sys/net/ipv6/conf/in1/disable_ipv6");
	sh("for i in lo in0 in1 out0 out1; do ip link set $i up; done");
}

static struct dp *
load(bool pin, uint8_t mode)
{
	const struct dp_params params = { .root = ROOT,
		.units4 = 1 << 16,
		.units6 = 1 << 17,
		.nexthops = 64,
		.groups = 16,
		.mode = mode,
		.pin = pin };
	struct dp *dp = dp_load(&params, err);

	ATF_REQUIRE_MSG(dp != NULL, "%s", err);
	return (dp);
}

/* Send one good packet; where it ended. */
static int
probe(struct dp *dp, struct run *r)
{
	struct world w = { .dp = dp };
	uint8_t pkt[PKT_MAX];
	size_t len = pkt_build(&good.spec, pkt);

	run_on(&w, if_nametoindex("in0"), pkt, len, r);
	return (run_ending(r));
}

static void
furnish(struct dp *dp)
{
	struct world w = { .dp = dp, .out = if_nametoindex("out0") };
	struct port port = { .ifindex = if_nametoindex("in0"),
		.flags = PORT_UP };

	port.l3dev = port.ifindex;
	port.mac[0] = mac_word(mac_in);
	ATF_REQUIRE_EQ(dp_port_set(dp, &port), 0);
	nexthop_set(&w, NH_GOOD, w.out, 1500);
	leaf_set(&w, "198.18.0.0", LEAF_ALLOW | NH_GOOD);
	dp_flags(dp, CTL_READY4 | CTL_ROUTES4, 0);
	ATF_REQUIRE_EQ(dp_beat(dp, 3600), 0);
}

static int
pins(void)
{
	struct dirent *e;
	DIR *dir;
	int n = 0;

	ATF_REQUIRE((dir = opendir(ROOT)) != NULL);
	while ((e = readdir(dir)) != NULL)
		/* names with dots are the kernel's own */
		n += strchr(e->d_name, '.') == NULL;
	closedir(dir);
	return (n);
}

/* The first daemon: native, generic, and auto in both ways. */
static void
first(void)
{
	unsigned int in = if_nametoindex("in0"), out = if_nametoindex("out0"),
		     lo = if_nametoindex("lo");
	struct dp *dp = load(true, MODE_CUSTOM_FIB);
	struct run r;

	ATF_REQUIRE(dp_memory(dp) > 6 << 20);
	ATF_REQUIRE_EQ(dp_grace(dp), 0);
	ATF_REQUIRE_EQ_MSG(dp_attach(dp, in, ATTACH_AUTO, why, err), DP_NATIVE,
	    "%s", err);
	ATF_REQUIRE_STREQ(why, "");
	/* no deadline yet, no port yet */
	ATF_REQUIRE_EQ(probe(dp, &r), CNT_PASS_PORT);
	furnish(dp);
	ATF_REQUIRE_EQ(probe(dp, &r), CNT_PASS_EGRESS);
	ATF_REQUIRE_EQ(dp_egress_set(dp, out, true), 0);
	ATF_REQUIRE_EQ(probe(dp, &r), CNT_FORWARD4);
	ATF_REQUIRE_EQ(dp_egress_set(dp, out, false), 0);
	ATF_REQUIRE_EQ(probe(dp, &r), CNT_PASS_EGRESS);
	ATF_REQUIRE_EQ(dp_egress_set(dp, out, false), 0);
	ATF_REQUIRE_EQ(dp_egress_set(dp, out, true), 0);

	ATF_REQUIRE_EQ(dp_attach(dp, lo, ATTACH_NATIVE, why, err), DP_NONE);
	ATF_REQUIRE_MSG(strstr(err, "native") != NULL, "%s", err);
	ATF_REQUIRE_EQ(dp_attach(dp, lo, ATTACH_AUTO, why, err), DP_GENERIC);
	ATF_REQUIRE_MSG(strstr(why, "native") != NULL, "%s", why);
	ATF_REQUIRE_EQ(dp_attach(dp, lo, ATTACH_AUTO, why, err), DP_GENERIC);
	ATF_REQUIRE_MSG(strstr(why, "native") != NULL, "%s", why);
	ATF_REQUIRE_EQ(dp_attach(dp, out, ATTACH_GENERIC, why, err),
	    DP_GENERIC);
	/* native and generic cannot be exchanged by an update */
	ATF_REQUIRE_EQ(dp_attach(dp, out, ATTACH_NATIVE, why, err), DP_NATIVE);
	ATF_REQUIRE_EQ(dp_attach(dp, out, ATTACH_GENERIC, why, err),
	    DP_GENERIC);
	ATF_REQUIRE_EQ(dp_attach(dp, 99999, ATTACH_AUTO, why, err), DP_NONE);
	ATF_REQUIRE(err[0] != '\0');
	ATF_REQUIRE_EQ(pins(), 6);
	dp_free(dp);
}

static struct dp *
next_of(struct dp *dp, uint8_t mode, uint32_t units4, uint32_t nexthops)
{
	const struct dp_params params = { .units4 = units4,
		.units6 = 1 << 16,
		.nexthops = nexthops,
		.groups = 32,
		.mode = mode };
	struct dp *next = dp_next(dp, &params, err);

	ATF_REQUIRE_MSG(next != NULL, "%s", err);
	return (next);
}

/* The next generation in the place of this one. */
static struct dp *
succeed(struct dp *dp, uint8_t mode, uint32_t units4, uint32_t nexthops)
{
	struct dp *next = next_of(dp, mode, units4, nexthops);

	ATF_REQUIRE_EQ_MSG(dp_commit(next, dp, err), 0, "%s", err);
	dp_free(dp);
	return (next);
}

/* The second one finds the pins. */
static void
second(void)
{
	unsigned int in = if_nametoindex("in0"), out = if_nametoindex("out0");
	uint64_t n[CNT_MAX];
	struct dp *dp = load(true, MODE_KERNEL_FIB);
	struct run r;

	ATF_REQUIRE_EQ(dp_counters(dp, n), 0);
	ATF_REQUIRE_EQ(n[CNT_FORWARD4], 1);
	ATF_REQUIRE_EQ(dp_attach(dp, in, ATTACH_NATIVE, why, err), DP_NATIVE);
	ATF_REQUIRE_EQ(dp_attach(dp, out, ATTACH_NATIVE, why, err), DP_NATIVE);
	furnish(dp);
	/* the kernel has no route; the devmap still has out0 */
	ATF_REQUIRE_EQ(probe(dp, &r), CNT_PASS_FIB_KERNEL);
	dp = succeed(dp, MODE_CUSTOM_FIB, 1 << 17, 128);
	/* fresh tables; ports, flags, counters and the deadline are there */
	ATF_REQUIRE_EQ(probe(dp, &r), CNT_PASS_NOT_ALLOWED);
	furnish(dp);
	ATF_REQUIRE_EQ(probe(dp, &r), CNT_FORWARD4);
	ATF_REQUIRE_EQ(dp_counters(dp, n), 0);
	ATF_REQUIRE_EQ(n[CNT_FORWARD4], 2);
	ATF_REQUIRE_EQ(pins(), 6);
	dp_detach_others(dp);
	ATF_REQUIRE_EQ(pins(), 5);
	dp_detach(dp, out);
	ATF_REQUIRE_EQ(pins(), 4);
	dp_free(dp);
}

/* Layouts of another version: counters start anew. */
static void
other_version(void)
{
	struct control control = { .abi = ABI_VERSION + 1 };
	uint64_t n[CNT_MAX];
	uint32_t key = 0;
	struct dp *dp;
	int fd;

	fd = bpf_obj_get(ROOT "/control");
	ATF_REQUIRE(fd >= 0);
	ATF_REQUIRE_EQ(bpf_map_update_elem(fd, &key, &control, BPF_ANY), 0);
	close(fd);
	dp = load(true, MODE_KERNEL_FIB);
	ATF_REQUIRE_EQ(dp_counters(dp, n), 0);
	ATF_REQUIRE_EQ(n[CNT_RX], 0);
	dp_free(dp);
}

static void
recreated(void)
{
	struct dp *dp = load(true, MODE_CUSTOM_FIB);

	ATF_REQUIRE_EQ_MSG(
	    dp_attach(dp, if_nametoindex("in0"), ATTACH_NATIVE, why, err),
	    DP_NATIVE, "%s", err);
	dp_free(dp);
}

static void
unpin(void)
{
	ATF_REQUIRE_EQ_MSG(dp_unpin(ROOT, 99999, err), 0, "%s", err);
	ATF_REQUIRE_EQ_MSG(dp_unpin(ROOT, 0, err), 1, "%s", err);
	ATF_REQUIRE_EQ(pins(), 0);
	ATF_REQUIRE_EQ(dp_unpin(ROOT "/none", 0, err), -1);
	ATF_REQUIRE_MSG(strstr(err, ROOT "/none") != NULL, "%s", err);
}

ATF_TC(life);
ATF_TC_HEAD(life, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(life, tc)
{
	char cmd[128];
	unsigned int in;

	ATF_REQUIRE_EQ(unshare(CLONE_NEWNET), 0);
	bpffs();
	links();
	as_nobody(first);
	as_nobody(second);
	as_nobody(other_version);
	/* an interface of the same index comes back: the link is dead */
	in = if_nametoindex("in0");
	sh("ip link del in0");
	snprintf(cmd, sizeof(cmd),
	    "ip link add in0 index %u type veth peer "
	    "name in1",
	    in);
	sh(cmd);
	as_nobody(recreated);
	sh("ip link show in0 | grep -q xdp");
	as_nobody(unpin);
	sh("! ip link show in0 | grep -q xdp");
}

ATF_TC_WITHOUT_HEAD(busy);
ATF_TC_BODY(busy, tc)
{
	struct dp *a, *b;
	unsigned int in;

	ATF_REQUIRE_EQ(unshare(CLONE_NEWNET), 0);
	links();
	in = if_nametoindex("in0");
	a = load(false, MODE_KERNEL_FIB);
	b = load(false, MODE_KERNEL_FIB);
	ATF_REQUIRE_EQ(dp_attach(a, in, ATTACH_NATIVE, why, err), DP_NATIVE);
	ATF_CHECK_EQ(dp_attach(b, in, ATTACH_AUTO, why, err), DP_NONE);
	ATF_CHECK_MSG(strstr(err, "another XDP program") != NULL, "%s", err);
	dp_free(a);
	ATF_CHECK_EQ(dp_attach(b, in, ATTACH_AUTO, why, err), DP_NATIVE);
	dp_free(b);
}

/* The program that is attached there. */
static uint32_t
attached(const char *ifname)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	ATF_REQUIRE_EQ(bpf_xdp_query(if_nametoindex(ifname), 0, &q), 0);
	return (q.prog_id);
}

static uint32_t
prog_id(const struct dp *dp)
{
	struct bpf_prog_info info;
	uint32_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	ATF_REQUIRE_EQ(bpf_obj_get_info_by_fd(dp_prog_fd(dp), &info, &len), 0);
	return (info.id);
}

ATF_TC_WITHOUT_HEAD(generations);
ATF_TC_BODY(generations, tc)
{
	unsigned int in, out;
	struct dp_params sizes;
	struct dp *dp, *next;
	uint32_t w = 7, id;
	int fd;

	ATF_REQUIRE_EQ(unshare(CLONE_NEWNET), 0);
	links();
	in = if_nametoindex("in0");
	out = if_nametoindex("out0");
	dp = load(false, MODE_KERNEL_FIB);
	ATF_REQUIRE_EQ(dp_attach(dp, in, ATTACH_NATIVE, why, err), DP_NATIVE);
	ATF_REQUIRE_EQ(dp_attach(dp, out, ATTACH_GENERIC, why, err),
	    DP_GENERIC);
	id = prog_id(dp);
	next = next_of(dp, MODE_CUSTOM_FIB, 1 << 17, 128);
	dp_sizes(next, &sizes);
	ATF_CHECK_EQ(sizes.units4, 1 << 17);
	ATF_CHECK_EQ(sizes.nexthops, 128);
	ATF_CHECK_EQ(sizes.mode, MODE_CUSTOM_FIB);
	/* beside: nobody sees it, and what is written is one's own */
	ATF_CHECK(prog_id(next) != id);
	ATF_CHECK_EQ(attached("in0"), id);
	ATF_REQUIRE_EQ(dp_table_write(next, FIB_TABLE_DIR4, 5, &w, 1), 0);
	ATF_REQUIRE_EQ(dp_table_read(dp, FIB_TABLE_DIR4, 5, &w, 1), 0);
	ATF_CHECK_EQ(w, 0);
	ATF_CHECK_ERRNO(ERANGE,
	    dp_table_write(dp, FIB_TABLE_POOL4, 1 << 17, &w, 1) == -1);
	ATF_CHECK_EQ(dp_table_write(next, FIB_TABLE_POOL4, 1 << 17, &w, 1), 0);
	ATF_CHECK(dp_nexthop_set(next, 127, NULL) == 0);
	ATF_CHECK_ERRNO(ERANGE, dp_nexthop_set(dp, 127, NULL) == -1);
	/* given up */
	dp_free(next);
	ATF_CHECK_EQ(attached("in0"), id);
	ATF_CHECK_EQ(dp_grace(dp), 0);

	/* one link cannot be moved: the other is moved back */
	next = next_of(dp, MODE_CUSTOM_FIB, 1 << 17, 128);
	fd = dp->sh->links[1].fd;
	dp->sh->links[1].fd = dp->tables[DP_DIR4].fd;
	ATF_CHECK_EQ(dp_commit(next, dp, err), -1);
	ATF_CHECK_MSG(strstr(err, "cannot update the link") != NULL, "%s", err);
	dp->sh->links[1].fd = fd;
	ATF_CHECK_EQ(attached("in0"), id);
	ATF_CHECK_EQ(attached("out0"), id);
	/* an interface that is gone is no reason */
	sh("ip link del out0");
	ATF_CHECK_EQ_MSG(dp_commit(next, dp, err), 0, "%s", err);
	ATF_CHECK_EQ(attached("in0"), prog_id(next));
	dp_free(dp);
	ATF_CHECK_EQ(attached("in0"), prog_id(next));
	ATF_CHECK_EQ(dp_beat(next, 10), 0);
	dp_free(next);
	ATF_CHECK_EQ(attached("in0"), 0);
}

/* What cannot be made says why, and leaves what runs as it was. */
ATF_TC_WITHOUT_HEAD(next_refused);
ATF_TC_BODY(next_refused, tc)
{
	struct dp_params params = { .units4 = 1 << 16,
		.units6 = 1 << 16,
		.nexthops = 64,
		.groups = 16 };
	struct dp *dp = load(false, MODE_KERNEL_FIB);
	int fds[DP_FDS];

	params.units4 = 3;
	ATF_CHECK(dp_next(dp, &params, err) == NULL);
	ATF_CHECK_MSG(strstr(err, "powers of two") != NULL, "%s", err);
	params.units4 = 1 << 16;
	ATF_REQUIRE_EQ(dp_make(dp, &params, fds, err), 0);
	/* not what was made */
	params.units6 = 1 << 17;
	ATF_CHECK(dp_take(dp, &params, fds, err) == NULL);
	ATF_CHECK_ERRNO(EBADF, fcntl(fds[0], F_GETFD) == -1);
	ATF_CHECK_ERRNO(EBADF, fcntl(fds[DP_FDS - 1], F_GETFD) == -1);
	ATF_CHECK_EQ(dp->sh->refs, 1);
	ATF_CHECK_EQ(dp_beat(dp, 10), 0);
	dp_free(dp);
}

ATF_TC_WITHOUT_HEAD(bounds);
ATF_TC_BODY(bounds, tc)
{
	static const struct {
		enum fib_table table;
		uint32_t words;
	} tables[] = {
		{ FIB_TABLE_DIR4, 1 << 18 },
		{ FIB_TABLE_POOL4, 1 << 17 },
		{ FIB_TABLE_DIR6, 1 << 20 },
		{ FIB_TABLE_POOL6, 1 << 18 },
	};
	struct dp_params params = { .units4 = 3, .units6 = 8, .nexthops = 8,
		.groups = 8 };
	struct dp *dp = load(false, MODE_KERNEL_FIB);
	uint32_t w[4] = { 1, 2, 3, 4 }, v[4], n;
	size_t i;

	for (i = 0; i < nitems(tables); i++) {
		n = tables[i].words;
		ATF_CHECK_EQ(dp_table_write(dp, tables[i].table, n - 4, w, 4),
		    0);
		ATF_CHECK_EQ(dp_table_read(dp, tables[i].table, n - 4, v, 4),
		    0);
		ATF_CHECK_EQ(memcmp(v, w, sizeof(v)), 0);
		ATF_CHECK_ERRNO(ERANGE,
		    dp_table_write(dp, tables[i].table, n - 3, w, 4) == -1);
		ATF_CHECK_ERRNO(ERANGE,
		    dp_table_write(dp, tables[i].table, UINT32_MAX, w, 2) ==
			-1);
		ATF_CHECK_ERRNO(ERANGE,
		    dp_table_read(dp, tables[i].table, n, v, 1) == -1);
	}
	ATF_CHECK_ERRNO(ERANGE,
	    dp_table_write(dp, FIB_TABLE_MAX, 0, w, 1) == -1);
	ATF_CHECK_ERRNO(ERANGE,
	    dp_table_write(dp, (enum fib_table) - 1, 0, w, 1) == -1);
	dp_free(dp);
	ATF_CHECK(dp_load(&params, err) == NULL);
	ATF_CHECK_MSG(strstr(err, "powers of two") != NULL, "%s", err);
}

ATF_TC_WITHOUT_HEAD(nexthops);
ATF_TC_BODY(nexthops, tc)
{
	const struct dp_params params = { .units4 = 1 << 16,
		.units6 = 1 << 16,
		.nexthops = 4,
		.groups = 2,
		.mode = MODE_CUSTOM_FIB };
	struct nh_entry e = { .mtu = 1500, .flags = NH_FORWARD };
	struct dp *dp = dp_load(&params, err);
	uint32_t epoch;
	int first_entry, i;

	ATF_REQUIRE_MSG(dp != NULL, "%s", err);
	ATF_CHECK_ERRNO(ERANGE, dp_nexthop_set(dp, 1, &e) == -1);
	ATF_CHECK_ERRNO(ERANGE, dp_nexthop_set(dp, 4, &e) == -1);
	ATF_CHECK_EQ(dp_nexthop_seal(dp), 0);
	first_entry = dp_nexthop_set(dp, 2, &e);
	ATF_CHECK(first_entry > 0);
	ATF_CHECK_EQ(dp_nexthop_set(dp, 2, &e), first_entry);
	ATF_CHECK_EQ(dp_nexthop_seal(dp), 0);
	/* seven entries beside the one that passes */
	for (i = 1; i < 7; i++) {
		e.mtu++;
		ATF_CHECK(dp_nexthop_set(dp, 2, &e) > 0);
	}
	e.mtu++;
	ATF_CHECK_ERRNO(ENOSPC, dp_nexthop_set(dp, 2, &e) == -1);
	/* what is not sealed is not freed */
	dp_nexthop_release(dp, 1000);
	ATF_CHECK_ERRNO(ENOSPC, dp_nexthop_set(dp, 2, &e) == -1);
	ATF_CHECK((epoch = dp_nexthop_seal(dp)) != 0);
	ATF_CHECK_EQ(dp_nexthop_set(dp, 2, NULL), 0);
	ATF_CHECK_EQ(dp_nexthop_set(dp, 2, NULL), 0);
	dp_nexthop_release(dp, epoch);
	for (i = 0; i < 6; i++) {
		e.mtu++;
		ATF_CHECK(dp_nexthop_set(dp, 3, &e) > 0);
	}
	e.mtu++;
	ATF_CHECK_ERRNO(ENOSPC, dp_nexthop_set(dp, 3, &e) == -1);
	ATF_CHECK_EQ(dp_nexthop_seal(dp), epoch + 1);
	ATF_CHECK_EQ(dp_nexthop_seal(dp), 0);
	dp_free(dp);
}

ATF_TC_WITHOUT_HEAD(units);
ATF_TC_BODY(units, tc)
{
	uint32_t n, u;
	size_t i;
	int afs[] = { AF_INET, AF_INET6 };

	for (i = 0; i < nitems(afs); i++)
		for (n = 0; n < 4000000; n = n * 3 + 1) {
			u = dp_units(afs[i], n);
			ATF_CHECK(u >= 65536 && (u & (u - 1)) == 0);
			/* hosts and /48s far from each other */
			ATF_CHECK(n > 65536 || u > n * (i == 0 ? 7 : 10));
		}
	ATF_CHECK(dp_units(AF_INET, 1050000) >= 400000);
	ATF_CHECK(dp_units(AF_INET6, 250000) >= 500000);
}

static int
descriptors(int keep)
{
	int fd, n = 0;

	for (fd = 3; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return (fcntl(keep, F_GETFD) == -1 ? -1 : n);
}

/* What a helper holds: its socket, and the maps that it works with. */
ATF_TC_WITHOUT_HEAD(helpers);
ATF_TC_BODY(helpers, tc)
{
	struct dp *dp;
	int i, keep, low, n, status;

	/* below those of the maps, and above */
	ATF_REQUIRE((low = dup(STDERR_FILENO)) != -1);
	dp = load(false, MODE_KERNEL_FIB);
	for (i = 0; i < 4; i++) {
		fflush(NULL);
		if (fork() == 0) {
			keep = i < 2 ? low : dup2(STDERR_FILENO, 500);
			dup2(STDERR_FILENO, 600);
			if (i % 2 == 0)
				dp_make_only(dp, keep);
			else
				dp_grace_only(dp, keep);
			n = descriptors(keep);
			_exit(n == (i % 2 == 0 ? 5 : 3) ? 0 : 1);
		}
		ATF_REQUIRE(wait(&status) != -1);
		ATF_CHECK_EQ_MSG(status, 0, "%d", i);
	}
	dp_free(dp);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, life);
	ATF_TP_ADD_TC(tp, busy);
	ATF_TP_ADD_TC(tp, generations);
	ATF_TP_ADD_TC(tp, next_refused);
	ATF_TP_ADD_TC(tp, bounds);
	ATF_TP_ADD_TC(tp, nexthops);
	ATF_TP_ADD_TC(tp, units);
	ATF_TP_ADD_TC(tp, helpers);
	return (atf_no_error());
}
