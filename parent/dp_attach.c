/* SPDX-License-Identifier: ISC */
/*
 * Links: what ties the program to an interface, and outlives the daemon by
 * its pin.  Pins are named by ifindex, for bpffs takes no dots.
 */
#include <sys/types.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "dp.h"

static const char *
mode_name(enum dp_attached mode)
{
	return (mode == DP_NATIVE ? "native" : "generic");
}

static void
link_path(const char *root, unsigned int ifindex, char *path, size_t size)
{
	snprintf(path, size, "%s/link_%u", root, ifindex);
}

static struct dp_link *
link_find(struct dp *dp, unsigned int ifindex)
{
	size_t i;

	for (i = 0; i < dp->sh->nlinks; i++)
		if (dp->sh->links[i].ifindex == ifindex)
			return (&dp->sh->links[i]);
	return (NULL);
}

static bool
link_info(int fd, struct bpf_link_info *info)
{
	uint32_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return (bpf_obj_get_info_by_fd(fd, info, &len) == 0 &&
	    info->type == BPF_LINK_TYPE_XDP);
}

/* How this program runs on the interface. */
static enum dp_attached
attached_mode(unsigned int ifindex, uint32_t prog_id)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	if (bpf_xdp_query(ifindex, 0, &q) != 0)
		return (DP_NONE);
	if (q.drv_prog_id == prog_id ||
	    (q.attach_mode == XDP_ATTACHED_DRV && q.prog_id == prog_id))
		return (DP_NATIVE);
	if (q.skb_prog_id == prog_id ||
	    (q.attach_mode == XDP_ATTACHED_SKB && q.prog_id == prog_id))
		return (DP_GENERIC);
	return (DP_NONE);
}

static bool
mode_fits(enum dp_attached have, enum attach_mode want)
{
	if (want == ATTACH_NATIVE)
		return (have == DP_NATIVE);
	if (want == ATTACH_GENERIC)
		return (have == DP_GENERIC);
	return (have != DP_NONE);
}

/* What the kernel's error most likely means; its own words are not to be
   had through a link. */
static void
reason(unsigned int ifindex, int error, char *buf)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	switch (error) {
	case EOPNOTSUPP:
		dp_error(buf, "%s (the driver has no native XDP)",
		    strerror(error));
		break;
	case EBUSY:
	case EEXIST:
		if (bpf_xdp_query(ifindex, 0, &q) != 0)
			q.prog_id = 0;
		dp_error(buf, "%s (another XDP program is attached, id %u)",
		    strerror(error),
		    q.prog_id != 0	   ? q.prog_id :
			q.drv_prog_id != 0 ? q.drv_prog_id :
					     q.skb_prog_id);
		break;
	case ERANGE:
		dp_error(buf, "%s (the MTU is too large for XDP here)",
		    strerror(error));
		break;
	case EINVAL:
		dp_error(buf,
		    "%s (the driver refuses its settings: MTU, "
		    "queues, LRO or the like)",
		    strerror(error));
		break;
	default:
		dp_error(buf, "%s", strerror(error));
	}
}

static int
link_add(struct dp *dp, unsigned int ifindex, int fd, enum dp_attached mode,
    const char *why)
{
	struct dp_link *links;

	links = reallocarray(dp->sh->links, dp->sh->nlinks + 1, sizeof(*links));
	if (links == NULL)
		return (-1);
	dp->sh->links = links;
	links += dp->sh->nlinks++;
	links->ifindex = ifindex;
	links->fd = fd;
	links->mode = mode;
	snprintf(links->why, sizeof(links->why), "%s", why);
	return (0);
}

/*
 * The pin goes first and the descriptor last; the detach between them is
 * complete when it returns, which the release of a pin is not.
 */
static void
link_remove(const char *root, unsigned int ifindex, int fd)
{
	char path[PATH_MAX];

	if (root != NULL) {
		link_path(root, ifindex, path, sizeof(path));
		if (unlink(path) == -1 && errno != ENOENT)
			log_warn("unlink %s", path);
	}
	/* ENOLINK: the interface went before */
	if (bpf_link_detach(fd) != 0 && errno != ENOLINK)
		log_warn("interface %u: detach", ifindex);
	close(fd);
}

/*
 * Move a link that an earlier daemon pinned to our program. 1: done; 0: there
 * is none, or none that can stay; -1: there is, and the kernel refuses.
 */
static int
adopt(struct dp *dp, unsigned int ifindex, enum attach_mode want, char *why,
    char *err)
{
	struct bpf_link_info info;
	char path[PATH_MAX];
	enum dp_attached mode = DP_NONE;
	int fd;

	if (!dp->sh->pin)
		return (0);
	link_path(dp->sh->root, ifindex, path, sizeof(path));
	if ((fd = bpf_obj_get(path)) < 0) {
		if (errno == ENOENT)
			return (0);
		dp_error(err, "%s: %s", path, strerror(errno));
		return (-1);
	}
	if (link_info(fd, &info) && info.xdp.ifindex == ifindex)
		mode = attached_mode(ifindex, info.prog_id);
	if (!mode_fits(mode, want)) {
		link_remove(dp->sh->root, ifindex, fd);
		return (0);
	}
	if (bpf_link_update(fd, dp->prog, NULL) != 0) {
		if (errno == ENOLINK) {
			link_remove(dp->sh->root, ifindex, fd);
			return (0);
		}
		reason(ifindex, errno, err);
		close(fd);
		return (-1);
	}
	if (want == ATTACH_AUTO && mode == DP_GENERIC)
		dp_error(why, "generic link of an earlier daemon kept");
	if (link_add(dp, ifindex, fd, mode, why) == -1) {
		dp_error(err, "%s", strerror(errno));
		close(fd);
		return (-1);
	}
	return (1);
}

/* A new link. On failure errno is the attach's, 0 for what err tells. */
static int
attach(struct dp *dp, unsigned int ifindex, enum dp_attached mode,
    const char *why, char *err)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	char path[PATH_MAX];
	int fd;

	opts.flags =
	    mode == DP_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
	fd = bpf_link_create(dp->prog, ifindex, BPF_XDP, &opts);
	if (fd < 0) {
		reason(ifindex, -fd, err);
		errno = -fd;
		return (-1);
	}
	if (dp->sh->pin) {
		link_path(dp->sh->root, ifindex, path, sizeof(path));
		if (bpf_obj_pin(fd, path) != 0) {
			dp_error(err, "cannot pin %s: %s", path,
			    strerror(errno));
			close(fd);
			errno = 0;
			return (-1);
		}
	}
	if (link_add(dp, ifindex, fd, mode, why) == -1) {
		dp_error(err, "%s", strerror(errno));
		link_remove(dp->sh->root, ifindex, fd);
		errno = 0;
		return (-1);
	}
	log_debug("interface %u: attached, %s", ifindex, mode_name(mode));
	return (0);
}

enum dp_attached
dp_attach(struct dp *dp, unsigned int ifindex, enum attach_mode want, char *why,
    char *err)
{
	struct bpf_link_info info;
	struct dp_link *l;
	int r;

	why[0] = err[0] = '\0';
	if ((l = link_find(dp, ifindex)) != NULL) {
		if (link_info(l->fd, &info) && info.xdp.ifindex == ifindex &&
		    mode_fits(l->mode, want)) {
			memcpy(why, l->why, DP_ERRLEN);
			return (l->mode);
		}
		dp_detach(dp, ifindex);
	}
	if ((r = adopt(dp, ifindex, want, why, err)) == -1)
		return (DP_NONE);
	if (r == 1)
		return (link_find(dp, ifindex)->mode);
	if (want != ATTACH_GENERIC) {
		if (attach(dp, ifindex, DP_NATIVE, "", err) == 0)
			return (DP_NATIVE);
		/* generic would meet the same obstacle */
		if (want == ATTACH_NATIVE || errno == 0 || errno == EBUSY ||
		    errno == EEXIST || errno == ENODEV)
			return (DP_NONE);
		memcpy(why, err, DP_ERRLEN);
		err[0] = '\0';
	}
	if (attach(dp, ifindex, DP_GENERIC, why, err) == -1)
		return (DP_NONE);
	return (DP_GENERIC);
}

void
dp_detach(struct dp *dp, unsigned int ifindex)
{
	struct dp_link *l;

	if ((l = link_find(dp, ifindex)) == NULL)
		return;
	link_remove(dp->sh->root, ifindex, l->fd);
	*l = dp->sh->links[--dp->sh->nlinks];
}

/* Detach the pinned links that keep (may be NULL) does not have. */
static int
detach_pinned(const char *root, struct dp *keep, unsigned int only, char *err)
{
	struct dirent *e;
	char path[PATH_MAX];
	unsigned int ifindex;
	DIR *dir;
	int fd, n = 0, end;

	if ((dir = opendir(root)) == NULL) {
		dp_error(err, "%s: %s", root, strerror(errno));
		return (-1);
	}
	while ((e = readdir(dir)) != NULL) {
		end = 0;
		if (sscanf(e->d_name, "link_%u%n", &ifindex, &end) != 1 ||
		    e->d_name[end] != '\0' || (only != 0 && ifindex != only) ||
		    (keep != NULL && link_find(keep, ifindex) != NULL))
			continue;
		link_path(root, ifindex, path, sizeof(path));
		if ((fd = bpf_obj_get(path)) < 0) {
			dp_error(err, "%s: %s", path, strerror(errno));
			n = -1;
			break;
		}
		link_remove(root, ifindex, fd);
		n++;
	}
	closedir(dir);
	return (n);
}

void
dp_detach_others(struct dp *dp)
{
	char err[DP_ERRLEN];
	int n;

	if (!dp->sh->pin)
		return;
	if ((n = detach_pinned(dp->sh->root, dp, 0, err)) == -1)
		log_warnx("%s", err);
	else if (n > 0)
		log_info("detached from %d interfaces that are no longer "
			 "configured",
		    n);
}

int
dp_unpin(const char *root, unsigned int ifindex, char *err)
{
	static const char *const maps[] = { "counters", "control", "devmap" };
	char path[PATH_MAX];
	size_t i;
	int n;

	if ((n = detach_pinned(root, NULL, ifindex, err)) == -1 || ifindex != 0)
		return (n);
	for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, maps[i]);
		if (unlink(path) == -1 && errno != ENOENT) {
			dp_error(err, "unlink %s: %s", path, strerror(errno));
			return (-1);
		}
	}
	return (n);
}
