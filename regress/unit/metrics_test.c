/* SPDX-License-Identifier: ISC */
/* The metrics textfile: its text, and how it comes to be. */
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../parent/shell.h"

static uint64_t count[CNT_MAX];
static struct ctl_summary summary;

static void
fill(void)
{
	unsigned int i;

	for (i = 0; i < CNT_MAX; i++)
		count[i] = 1000000000000ULL + i;
	memset(&summary, 0, sizeof(summary));
	strlcpy(summary.mode, "custom-fib", sizeof(summary.mode));
	summary.nexthops = 7;
}

ATF_TC_WITHOUT_HEAD(text);
ATF_TC_BODY(text, tc)
{
	char *buf = NULL, line[128];
	size_t size;
	unsigned int i;
	FILE *f = open_memstream(&buf, &size);

	ATF_REQUIRE(f != NULL);
	fill();
	metrics_print(f, count, &summary);
	fclose(f);
	for (i = 0; i < CNT_MAX; i++) {
		snprintf(line, sizeof(line),
		    "\npacketframe_packets_total"
		    "{counter=\"%s\"} %llu\n",
		    counter_name(i, NULL, NULL), 1000000000000ULL + i);
		ATF_CHECK_MSG(strstr(buf, line) != NULL, "no %s", line + 1);
	}
	ATF_CHECK(strstr(buf, "{mode=\"custom-fib\"} 1\n") != NULL);
	ATF_CHECK(strstr(buf, "\npacketframe_nexthops 7\n") != NULL);
	ATF_CHECK_EQ('\n', buf[size - 1]);
	free(buf);
}

ATF_TC_WITHOUT_HEAD(file);
ATF_TC_BODY(file, tc)
{
	struct stat st;
	FILE *f;

	fill();
	/* left by a crash, and not to be written through */
	ATF_REQUIRE_EQ(0, symlink("elsewhere", "m.prom.new"));
	umask(077);
	ATF_REQUIRE_EQ_MSG(0, metrics_write("m.prom", count, &summary), "%s",
	    strerror(errno));
	ATF_REQUIRE_EQ(0, lstat("m.prom", &st));
	ATF_CHECK(S_ISREG(st.st_mode));
	/* its reader is another user */
	ATF_CHECK_EQ(0644, st.st_mode & 0777);
	ATF_CHECK_EQ(-1, access("elsewhere", F_OK));
	ATF_CHECK_EQ(-1, access("m.prom.new", F_OK));
	/* again, over itself */
	ATF_REQUIRE((f = fopen("m.prom.new", "w")) != NULL);
	fclose(f);
	ATF_CHECK_EQ(0, metrics_write("m.prom", count, &summary));

	ATF_CHECK_ERRNO(ENOENT,
	    metrics_write("gone/m.prom", count, &summary) == -1);
	/* what cannot be replaced: nothing is left beside it */
	ATF_REQUIRE_EQ(0, mkdir("d.prom", 0755));
	ATF_CHECK_ERRNO(EISDIR, metrics_write("d.prom", count, &summary) == -1);
	ATF_CHECK_EQ(-1, access("d.prom.new", F_OK));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, text);
	ATF_TP_ADD_TC(tp, file);
	return (atf_no_error());
}
