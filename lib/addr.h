/* SPDX-License-Identifier: ISC */
/*
 * Addresses, prefixes and MACs: plain values, network byte order, no errno
 * surprises.
 */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <sys/socket.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

/* af is AF_INET or AF_INET6, or AF_UNSPEC for no address; b in network order,
   bytes behind an IPv4 address are zero. */
struct addr {
	uint8_t		b[16];
	uint8_t		af;
};

struct prefix {
	struct addr	addr;	/* bits behind len are zero */
	uint8_t		len;
};

#define ADDRSTRLEN	46	/* longest text, NUL included */
#define PREFIXSTRLEN	50
#define MACSTRLEN	18

/* Bits in an address of family af: 32 or 128. */
int		 af_bits(int af);
/* Bytes in an address of family af: 4 or 16. */
int		 af_bytes(int af);

/* Parse text; -1 if it is not an address. */
int		 addr_parse(const char *, struct addr *);
/* Format into buf of at least ADDRSTRLEN bytes and return buf. */
char		*addr_format(const struct addr *, char *);
int		 addr_cmp(const struct addr *, const struct addr *);
void		 addr_from_sa(struct addr *, const struct sockaddr *);
/* Fill *ss, return its length. port in host order. */
socklen_t	 addr_to_sa(const struct addr *, uint16_t port,
		    struct sockaddr_storage *);
uint16_t	 sa_port(const struct sockaddr *);
bool		 addr_is_loopback(const struct addr *);
bool		 addr_is_multicast(const struct addr *);
bool		 addr_is_linklocal(const struct addr *);
bool		 addr_is_unspecified(const struct addr *);

/* Parse "ADDR" or "ADDR/LEN". -1 if it is neither. Host bits are masked;
   *hostbits (may be NULL) tells whether there were any. */
int		 prefix_parse(const char *, struct prefix *, bool *hostbits);
/* Format into buf of at least PREFIXSTRLEN bytes and return buf. */
char		*prefix_format(const struct prefix *, char *);
/* Zero the bits behind len; true if any was set. */
bool		 prefix_mask(struct prefix *);
bool		 prefix_contains(const struct prefix *, const struct addr *);
bool		 prefix_covers(const struct prefix *, const struct prefix *);
/* Order: family, address, length. */
int		 prefix_cmp(const struct prefix *, const struct prefix *);

/* Format 6 bytes into buf of at least MACSTRLEN bytes and return buf. */
char		*mac_format(const uint8_t *, char *);

#endif
