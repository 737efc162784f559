/* SPDX-License-Identifier: ISC */
/*
 * Whether an XDP redirect to a device arrives: asked of the kernel where it
 * tells (6.3 and later), else concluded from the driver's name. A redirect to
 * a device that cannot transmit for XDP is lost without a trace.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/log.h"
#include "nl.h"

#define NETDEV_FAMILY		"netdev"
#define NETDEV_GROUP		"mgmt"
#define NETDEV_VERSION		1

struct nl_probe {
	struct nl_sock	*ask;
	struct nl_sock	*listen;	/* NULL: no such family */
	int		 ioctl_fd;
	uint16_t	 family;
};

/* Drivers whose devices have ndo_xdp_xmit, in kernels that do not tell. */
static const char *const xmit_drivers[] = {
	"atlantic", "bnxt_en", "bonding", "cpsw", "dpaa2-eth", "ena", "enetc",
	"fec", "fsl_dpa", "fsl_dpaa2_eth", "fsl_enetc", "gve", "hv_netvsc",
	"i40e", "ice", "igb", "igc", "ixgbe", "ixgbevf", "mana", "mlx4_en",
	"mlx5_core", "mtk_soc_eth", "mvneta", "mvpp2", "netsec", "nfp",
	"octeontx2", "qede", "rvu-nicpf", "rvu_nicpf", "sfc", "st_gmac",
	"stmmac", "tsnep", "tun", "veth", "virtio_net", "vif",
	"xen-netfront"
};

static bool
driver_xmits(const char *driver)
{
	size_t i;

	for (i = 0; i < sizeof(xmit_drivers) / sizeof(xmit_drivers[0]); i++) {
		if (strcmp(xmit_drivers[i], driver) == 0)
			return (true);
	}
	return (false);
}

void
nl_features_judge(const struct nl_features *f, struct link_info *info)
{
	const char *driver = f->driver[0] == '\0' ? "its driver" : f->driver;

	memcpy(info->driver, f->driver, sizeof(info->driver));
	memset(info->xmit_reason, 0, sizeof(info->xmit_reason));
	if (!f->known) {
		info->xmit = driver_xmits(f->driver);
		strlcpy(info->xmit_reason, "the kernel does not tell",
		    sizeof(info->xmit_reason));
		if (!info->xmit)
			snprintf(info->xmit_reason, sizeof(info->xmit_reason),
			    "the kernel does not tell, and %s is not known to "
			    "transmit for XDP", driver);
		return;
	}
	info->xmit = (f->xdp & NETDEV_XDP_ACT_NDO_XMIT) != 0;
	if (info->xmit)
		return;
	if (strcmp(f->driver, "veth") == 0)
		strlcpy(info->xmit_reason,
		    "the veth's peer has neither GRO nor an XDP program",
		    sizeof(info->xmit_reason));
	else
		snprintf(info->xmit_reason, sizeof(info->xmit_reason),
		    "%s cannot transmit for XDP", driver);
}

struct family {
	uint16_t	id;
	uint32_t	group;
};

static int
family_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct family *family = arg;

	return (nl_parse_family(nlh, NETDEV_GROUP, &family->id,
	    &family->group));
}

static struct nlmsghdr *
genl_request(char *buf, uint16_t type, uint8_t cmd, uint8_t version)
{
	struct nlmsghdr *nlh;
	struct genlmsghdr *genl;

	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return (nlh);
}

/* Find the family "netdev" and join its group. */
static int
probe_family(struct nl_probe *p)
{
	char buf[256];
	struct nlmsghdr *nlh;
	struct family family = { 0, 0 };

	nlh = genl_request(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY);
	if (nl_sock_request(p->ask, nlh, family_cb, &family) == -1)
		return (-1);
	if (family.id == 0 || family.group == 0) {
		errno = ENOENT;
		return (-1);
	}
	p->family = family.id;
	p->listen = nl_sock_open(NETLINK_GENERIC, 1024 * 1024, false);
	if (p->listen == NULL)
		return (-1);
	return (nl_sock_join(p->listen, family.group));
}

struct nl_probe *
nl_probe_open(void)
{
	struct nl_probe *p;
	int saved;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return (NULL);
	p->ioctl_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	p->ask = nl_sock_open(NETLINK_GENERIC, 0, true);
	if (p->ioctl_fd == -1 || p->ask == NULL) {
		saved = errno;
		nl_probe_close(p);
		errno = saved;
		return (NULL);
	}
	if (probe_family(p) == -1) {
		if (errno != ENOENT)
			log_warn("netlink: family netdev");
		nl_sock_close(p->listen);
		p->listen = NULL;
		p->family = 0;
	}
	return (p);
}

void
nl_probe_close(struct nl_probe *p)
{
	if (p == NULL)
		return;
	if (p->ioctl_fd != -1)
		close(p->ioctl_fd);
	nl_sock_close(p->ask);
	nl_sock_close(p->listen);
	free(p);
}

int
nl_probe_fd(const struct nl_probe *p)
{
	return (p->listen == NULL ? -1 : nl_sock_fd(p->listen));
}

struct device {
	unsigned int	 ifindex;
	uint64_t	 features;
};

static int
device_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct device *dev = arg;

	return (nl_parse_netdev(nlh, &dev->ifindex, &dev->features) == -1 ?
	    -1 : 0);
}

void
nl_probe_ask(struct nl_probe *p, unsigned int ifindex, const char *name,
    struct nl_features *f)
{
	char buf[256];
	struct ethtool_drvinfo info;
	struct ifreq ifr;
	struct nlmsghdr *nlh;
	struct device dev = { 0, 0 };

	memset(f, 0, sizeof(*f));
	memset(&info, 0, sizeof(info));
	memset(&ifr, 0, sizeof(ifr));
	info.cmd = ETHTOOL_GDRVINFO;
	strlcpy(ifr.ifr_name, name, sizeof(ifr.ifr_name));
	ifr.ifr_data = (void *)&info;
	if (ioctl(p->ioctl_fd, SIOCETHTOOL, &ifr) == 0) {
		info.driver[sizeof(info.driver) - 1] = '\0';
		strlcpy(f->driver, info.driver, sizeof(f->driver));
	}
	if (p->family == 0)
		return;
	nlh = genl_request(buf, p->family, NETDEV_CMD_DEV_GET,
	    NETDEV_VERSION);
	mnl_attr_put_u32(nlh, NETDEV_A_DEV_IFINDEX, ifindex);
	if (nl_sock_request(p->ask, nlh, device_cb, &dev) == -1 ||
	    dev.ifindex != ifindex)
		return;
	f->known = true;
	f->xdp = dev.features;
}

static bool
ethtool_value(struct nl_probe *p, const char *name, uint32_t cmd,
    uint32_t *data)
{
	struct ethtool_value value = { .cmd = cmd };
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	strlcpy(ifr.ifr_name, name, sizeof(ifr.ifr_name));
	ifr.ifr_data = (void *)&value;
	if (ioctl(p->ioctl_fd, SIOCETHTOOL, &ifr) == -1)
		return (false);
	*data = value.data;
	return (true);
}

bool
nl_probe_merges(struct nl_probe *p, const char *name)
{
	uint32_t data;

	return ((ethtool_value(p, name, ETHTOOL_GGRO, &data) && data != 0) ||
	    (ethtool_value(p, name, ETHTOOL_GFLAGS, &data) &&
	    (data & ETH_FLAG_LRO) != 0));
}

int
nl_probe_read(struct nl_probe *p, unsigned int *ifindex, uint64_t *features)
{
	const struct nlmsghdr *nlh;
	ssize_t n;

	if ((n = nl_sock_recv(p->listen, &nlh)) <= 0)
		return (n);
	if (!nl_ok(nlh, n) || nlh->nlmsg_type != p->family ||
	    nl_parse_netdev(nlh, ifindex, features) != 1) {
		errno = EAGAIN;
		return (-1);
	}
	return (1);
}
