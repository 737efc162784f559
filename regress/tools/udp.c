/* SPDX-License-Identifier: ISC */
/*
 * udp send SRC DST PORT COUNT PPS	send COUNT numbered datagrams
 * udp recv ADDR PORT COUNT SECONDS	receive until COUNT distinct ones have
 *					come or SECONDS have passed; print how
 *					many
 */
#include <sys/socket.h>
#include <sys/time.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/addr.h"

static int
bound(const char *text, uint16_t port, struct addr *a)
{
	struct sockaddr_storage	ss;
	socklen_t		len;
	int			fd;

	if (addr_parse(text, a) == -1)
		errx(1, "%s: not an address", text);
	len = addr_to_sa(a, port, &ss);
	if ((fd = socket(ss.ss_family, SOCK_DGRAM, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&ss, len) == -1)
		err(1, "%s", text);
	return (fd);
}

static int
do_send(char **argv)
{
	struct sockaddr_storage	ss;
	struct addr		src, dst;
	struct timespec		next;
	socklen_t		len;
	uint32_t		n, count = atoi(argv[3]), pps = atoi(argv[4]);
	int			fd = bound(argv[0], 0, &src);

	if (addr_parse(argv[1], &dst) == -1)
		errx(1, "%s: not an address", argv[1]);
	len = addr_to_sa(&dst, atoi(argv[2]), &ss);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (n = 0; n < count; n++) {
		if (sendto(fd, &n, sizeof(n), 0, (struct sockaddr *)&ss,
		    len) == -1)
			err(1, "sendto");
		next.tv_nsec += 1000000000L / pps;
		if (next.tv_nsec >= 1000000000L) {
			next.tv_nsec -= 1000000000L;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return (0);
}

static int
do_recv(char **argv)
{
	struct addr	a;
	struct timeval	tv = { 0, 100000 };
	uint32_t	n, got = 0, count = atoi(argv[2]);
	uint8_t		*seen = calloc(count, 1);
	time_t		end = time(NULL) + atoi(argv[3]);
	int		fd = bound(argv[0], atoi(argv[1]), &a), big = 4 << 20;

	if (seen == NULL)
		err(1, NULL);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	fprintf(stderr, "ready\n");
	while (got < count && time(NULL) < end) {
		if (recv(fd, &n, sizeof(n), 0) != sizeof(n)) {
			if (errno == EAGAIN || errno == EINTR)
				continue;
			err(1, "recv");
		}
		if (n < count && !seen[n]) {
			seen[n] = 1;
			got++;
		}
	}
	printf("%u\n", got);
	free(seen);
	return (0);
}

int
main(int argc, char **argv)
{
	if (argc == 7 && strcmp(argv[1], "send") == 0)
		return (do_send(argv + 2));
	if (argc == 6 && strcmp(argv[1], "recv") == 0)
		return (do_recv(argv + 2));
	fprintf(stderr, "usage: udp send SRC DST PORT COUNT PPS | "
	    "udp recv ADDR PORT COUNT SECONDS\n");
	return (1);
}
