/* SPDX-License-Identifier: ISC */
/*
 * A race: the program runs on one CPU while main changes tables on another,
 * and a third thread waits for grace periods.  Counts what is wrong; what that
 * would be is the test's to say.
 */
#ifndef REGRESS_RACE_H
#define REGRESS_RACE_H

#include <sys/time.h>
#include <sys/timerfd.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <time.h>

#include "packet.h"

#define SECONDS_MAX 30 /* until a busy machine has done the least */
#define LEAST_READS 2000
#define LEAST_WRITES 200
#define LEAST_GRACES 3
#define BATCH 250 /* runs that a TTL of 255 lasts for */

struct race {
	struct world w;
	int cpus[2];
	bool immediate;
	long seconds;
	struct timespec start;
	unsigned int rnd; /* the reader's */
	int timer;

	/* one reader, one who waits for grace periods; main is the writer */
	pthread_t reader, waiter;
	void (*read)(struct race *, void *);
	void *arg;
	bool stop;
	sem_t ask, passed;

	uint32_t (*seal)(void *);
	void (*release)(void *, uint32_t);
	void *reused; /* of seal and release */
	uint32_t epoch; /* that waits, 0: none */

	uint64_t reads, wrong, writes, graces, full;
	char first[200]; /* the first wrong answer */
};

HELPER void __attribute__((__format__(printf, 2, 3)))
wrong(struct race *r, const char *fmt, ...)
{
	va_list ap;

	if (r->wrong++ != 0)
		return;
	va_start(ap, fmt);
	vsnprintf(r->first, sizeof(r->first), fmt, ap);
	va_end(ap);
}

HELPER void
pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Two CPUs, or there is no race. */
HELPER void
race_init(const atf_tc_t *tc, struct race *r, long seconds)
{
	cpu_set_t set;
	int cpu, n = 0;
	long seed = time(NULL);

	memset(r, 0, sizeof(*r));
	ATF_REQUIRE_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	for (cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			r->cpus[n++] = cpu;
	if (n < 2)
		atf_tc_skip("needs two CPUs");
	r->immediate = atf_tc_get_config_var_as_bool_wd(tc, "immediate", false);
	r->seconds = atf_tc_get_config_var_as_long_wd(tc, "seconds", seconds);
	printf("seed %ld\n", seed);
	srandom(seed);
	r->rnd = seed;
	ATF_REQUIRE(
	    (r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) != -1);
	ATF_REQUIRE_EQ(sem_init(&r->ask, 0, 0), 0);
	ATF_REQUIRE_EQ(sem_init(&r->passed, 0, 0), 0);
	world_new(&r->w, MODE_CUSTOM_FIB, false);
}

HELPER bool
stopped(struct race *r)
{
	return (__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE));
}

HELPER void *
reader_main(void *arg)
{
	struct race *r = arg;

	pin(r->cpus[0]);
	while (!stopped(r)) {
		r->read(r, r->arg);
		/* grace periods need not wait for the next tick */
		sched_yield();
	}
	return (NULL);
}

HELPER void *
waiter_main(void *arg)
{
	struct race *r = arg;

	for (;;) {
		if (sem_wait(&r->ask) == -1)
			continue;
		if (stopped(r))
			return (NULL);
		if (dp_grace(r->w.dp) == -1)
			abort();
		sem_post(&r->passed);
	}
}

HELPER void
race_start(struct race *r, void (*read_one)(struct race *, void *), void *arg)
{
	r->read = read_one;
	r->arg = arg;
	ATF_REQUIRE_EQ(clock_gettime(CLOCK_MONOTONIC, &r->start), 0);
	ATF_REQUIRE_EQ(pthread_create(&r->waiter, NULL, waiter_main, r), 0);
	ATF_REQUIRE_EQ(pthread_create(&r->reader, NULL, reader_main, r), 0);
	pin(r->cpus[1]);
}

/* Long enough, and enough done? */
HELPER bool
race_goes_on(struct race *r)
{
	struct timespec now;
	uint64_t reads = __atomic_load_n(&r->reads, __ATOMIC_RELAXED);
	bool least;

	ATF_REQUIRE_EQ(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	least = reads >= LEAST_READS && r->writes >= LEAST_WRITES &&
	    (r->seal == NULL || r->immediate || r->graces >= LEAST_GRACES);
	timespecsub(&now, &r->start, &now);
	return (now.tv_sec < (least ? r->seconds : SECONDS_MAX));
}

HELPER void
race_stop(struct race *r)
{
	__atomic_store_n(&r->stop, true, __ATOMIC_RELEASE);
	sem_post(&r->ask);
	ATF_REQUIRE_EQ(pthread_join(r->reader, NULL), 0);
	ATF_REQUIRE_EQ(pthread_join(r->waiter, NULL), 0);
}

HELPER void
race_check(struct race *r)
{
	printf("%ju reads, %ju writes, %ju graces, %ju times full, "
	       "%ju wrong\n",
	    (uintmax_t)r->reads, (uintmax_t)r->writes, (uintmax_t)r->graces,
	    (uintmax_t)r->full, (uintmax_t)r->wrong);
	ATF_CHECK_MSG(r->wrong == 0, "%ju of %ju reads wrong, first: %s",
	    (uintmax_t)r->wrong, (uintmax_t)r->reads, r->first);
	ATF_CHECK(r->reads >= LEAST_READS && r->writes >= LEAST_WRITES);
	dp_free(r->w.dp);
}

/*
 * What was unlinked comes back after a grace period; the writer goes on
 * meanwhile, unless it must wait. False: there is nothing to wait for.
 */
HELPER bool
reuse(struct race *r, bool wait)
{
	if (r->immediate) {
		if ((r->epoch = r->seal(r->reused)) == 0)
			return (false);
		r->release(r->reused, r->epoch);
		r->epoch = 0;
		return (true);
	}
	if (r->epoch != 0) {
		while (sem_trywait(&r->passed) == -1) {
			if (!wait)
				return (true);
			usleep(100);
		}
		r->release(r->reused, r->epoch);
		r->graces++;
	}
	wait = wait && r->epoch == 0;
	if ((r->epoch = r->seal(r->reused)) == 0)
		return (!wait);
	sem_post(&r->ask);
	return (!wait || reuse(r, true));
}

/*
 * A reader that is interrupted gives the writer time to do harm: let it happen
 * some 10 microseconds from now, on the reader's CPU.
 */
HELPER void
interrupt(struct race *r)
{
	struct itimerspec soon = { .it_value = { .tv_nsec = 1000 +
					   rand_r(&r->rnd) % 16384 } };

	timerfd_settime(r->timer, 0, &soon, NULL);
}

/* Run the program n times over one packet, each on what the last left. */
HELPER uint32_t
run_batch(struct race *r, const uint8_t *pkt, size_t len, int n, uint8_t *out)
{
	struct xdp_md ctx = { .data_end = len, .ingress_ifindex = r->w.in };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = pkt,
	    .data_size_in = len, .data_out = out, .data_size_out = PKT_MAX,
	    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = n);

	if (n > 1)
		interrupt(r);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (bpf_prog_test_run_opts(dp_prog_fd(r->w.dp), &opts) != 0)
		wrong(r, "test run: %s", strerror(errno));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	__atomic_fetch_add(&r->reads, n, __ATOMIC_RELAXED);
	return (opts.retval);
}

#endif
