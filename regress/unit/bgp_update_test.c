/* SPDX-License-Identifier: ISC */
/* The UPDATE decoder: a message and its verdict in each row. */
#include <sys/socket.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "update.h"

static const struct row {
	const char	*name;
	enum kind	 kind;
	const char	*withdrawn, *attrs, *nlri;	/* lengths are made */
	const char	*expect;
} rows[] = {
	/* what is right */
	{ "announce", IBGP, "", BASE, NLRI "18 c00002 20 01020304",
	    "ok +10.0.0.0/8@10.0.0.1 +192.0.2.0/24@10.0.0.1 "
	    "+1.2.3.4/32@10.0.0.1" },
	{ "default route", IBGP, "", BASE, "00", "ok +0.0.0.0/0@10.0.0.1" },
	{ "withdraw", IBGP, "08 0a 10 ac10", "", "",
	    "ok -10.0.0.0/8 -172.16.0.0/16" },
	{ "withdraw comes first", IBGP, NLRI, BASE, NLRI,
	    "ok -10.0.0.0/8 +10.0.0.0/8@10.0.0.1" },
	{ "v6", IBGP, "", ORIGIN PATH REACH6, "",
	    "ok +2001:db8::/32@2001:db8::1" },
	{ "v6, global and link-local", IBGP, "", ORIGIN PATH
	    "80 0e 2a 0002 01 20 " G6 LL6 "00 20 20010db8", "",
	    "ok +2001:db8::/32@2001:db8::1" },
	{ "v6 withdraw", IBGP, "", UNREACH6, "", "ok -2001:db8::/32" },
	{ "path ids of one prefix", ADDPATH2, "", BASE,
	    "00000000 08 0a 00000001 08 0a ffffffff 08 0a",
	    "ok +10.0.0.0/8@10.0.0.1 +10.0.0.0/8#1@10.0.0.1 "
	    "+10.0.0.0/8#4294967295@10.0.0.1" },
	{ "one path id withdrawn, another announced", ADDPATH2,
	    "00000001 08 0a", BASE, "00000002 08 0a",
	    "ok -10.0.0.0/8#1 +10.0.0.0/8#2@10.0.0.1" },
	{ "v6 path ids", ADDPATH2, "", ORIGIN PATH "80 0e 1e 0002 01 10 " G6
	    "00 00000007 20 20010db8 80 0f 0c 0002 01 00000008 20 20010db8",
	    "", "ok -2001:db8::/32#8 +2001:db8::/32#7@2001:db8::1" },
	{ "v4 path ids by MP_REACH_NLRI", ADDPATH2, "", ORIGIN PATH
	    "80 0e 0f 0001 01 04 0a000001 00 00000003 08 0a", "",
	    "ok +10.0.0.0/8#3@10.0.0.1" },
	{ "path ids treated as withdrawn", ADDPATH2, "00000004 08 0b",
	    PATH NH, "00000005 08 0a 00000006 08 0a",
	    "withdraw ORIGIN:missing -11.0.0.0/8#4 -10.0.0.0/8#5 "
	    "-10.0.0.0/8#6" },
	{ "v6 path ids treated as withdrawn", ADDPATH2, "", PATH
	    "80 0e 1e 0002 01 10 " G6 "00 00000007 20 20010db8", "",
	    "withdraw ORIGIN:missing -2001:db8::/32#7" },
	{ "End-of-RIB v4, path ids", ADDPATH2, "", "", "", "ok eor4" },
	{ "End-of-RIB v6, path ids", ADDPATH2, "", "80 0f 03 0002 01", "",
	    "ok eor6" },
	{ "v4 by MP_REACH_NLRI", IBGP, "", ORIGIN PATH
	    "80 0e 0b 0001 01 04 0a000001 00 08 0a", "",
	    "ok +10.0.0.0/8@10.0.0.1" },
	{ "both families", IBGP, "08 0b", BASE REACH6 UNREACH6, NLRI,
	    "ok -11.0.0.0/8 -2001:db8::/32 +10.0.0.0/8@10.0.0.1 "
	    "+2001:db8::/32@2001:db8::1" },
	{ "host bits", IBGP, "0c 0aff", BASE REACH6, "17 c00003 01 ff",
	    "ok -10.240.0.0/12 +192.0.2.0/23@10.0.0.1 +128.0.0.0/1@10.0.0.1 "
	    "+2001:db8::/32@2001:db8::1" },
	{ "extended length", IBGP, "", "50 01 0001 00 " PATH NH, NLRI,
	    "ok +10.0.0.0/8@10.0.0.1" },
	{ "empty AS_PATH, internal", IBGP, "", ORIGIN "40 02 00 " NH, NLRI,
	    "ok +10.0.0.0/8@10.0.0.1" },
	{ "empty AS_PATH, external", EBGP, "", ORIGIN "40 02 00 " NH, NLRI,
	    "ok +10.0.0.0/8@10.0.0.1" },
	{ "MED, LOCAL_PREF, reflection", IBGP, "", BASE
	    "80 04 04 00000005 40 05 04 00000064 80 09 04 01020304 "
	    "80 0a 08 0102030405060708", NLRI, "ok +10.0.0.0/8@10.0.0.1" },
	{ "communities of all kinds", IBGP, "", BASE
	    "c0 08 04 00010002 c0 10 08 0002000100000002 "
	    "c0 20 0c 000000010000000200000003 "
	    "c0 19 14 0002000000000000000000000000000000000000", NLRI,
	    "ok +10.0.0.0/8@10.0.0.1" },
	{ "ATOMIC_AGGREGATE, AGGREGATOR", IBGP, "", BASE
	    "40 06 00 c0 07 08 0000fde9 01020304", NLRI,
	    "ok +10.0.0.0/8@10.0.0.1" },
	{ "partial bit is not looked at", IBGP, "", BASE
	    "e0 08 04 00010002 ", NLRI, "ok +10.0.0.0/8@10.0.0.1" },
	{ "low flag bits are not looked at", IBGP, "", "4f 01 01 00 "
	    PATH NH, NLRI, "ok +10.0.0.0/8@10.0.0.1" },
	{ "unknown optional", IBGP, "", BASE "c0 63 02 abcd 80 64 00 ", NLRI,
	    "ok +10.0.0.0/8@10.0.0.1" },
	{ "only an unknown transitive", IBGP, "", "c0 63 02 abcd", "", "ok" },
	{ "bad AIGP", IBGP, "", BASE "80 1a 02 0100 ", NLRI,
	    "ok +10.0.0.0/8@10.0.0.1" },
	{ "confederation, internal", IBGP, "", ORIGIN
	    "40 02 0c 03 01 0000fde8 02 01 0000fde9 " NH, NLRI,
	    "ok +10.0.0.0/8@10.0.0.1" },
	{ "path ids", ADDPATH, "00000007 08 0a", BASE
	    "80 0f 08 0002 01 20 20010db8", "00000001 08 0a 00000002 08 0a",
	    "ok -10.0.0.0/8#7 -2001:db8::/32 +10.0.0.0/8#1@10.0.0.1 "
	    "+10.0.0.0/8#2@10.0.0.1" },

	/* End-of-RIB, RFC 4724 2 */
	{ "End-of-RIB v4", IBGP, "", "", "", "ok eor4" },
	{ "End-of-RIB v6", IBGP, "", "80 0f 03 0002 01", "", "ok eor6" },
	{ "End-of-RIB v4 by MP_UNREACH_NLRI", IBGP, "", "80 0f 03 0001 01",
	    "", "ok eor4" },
	{ "End-of-RIB v4 of a v6 session", V6ONLY, "", "", "", "ok" },
	{ "End-of-RIB of a family that is not ours", IBGP, "",
	    "80 0f 03 0002 02", "",
	    "discard MP_UNREACH_NLRI:address family not negotiated" },
	{ "End-of-RIB with another attribute", IBGP, "",
	    ORIGIN "80 0f 03 0002 01", "", "ok" },
	{ "End-of-RIB cut short", IBGP, "", "80 0f 02 0002", "",
	    "reset 3/9 MP_UNREACH_NLRI:wrong length" },
	{ "End-of-RIB with wrong flags", IBGP, "", "c0 0f 03 0002 01", "",
	    "withdraw MP_UNREACH_NLRI:wrong flags" },

	/* families, RFC 4760 7 */
	{ "v6 not negotiated", V4ONLY, "", BASE REACH6 UNREACH6, NLRI,
	    "discard MP_REACH_NLRI:address family not negotiated "
	    "MP_UNREACH_NLRI:address family not negotiated "
	    "+10.0.0.0/8@10.0.0.1" },
	{ "v4 not negotiated", V6ONLY, NLRI, BASE REACH6, NLRI,
	    "discard -:address family not negotiated "
	    "+2001:db8::/32@2001:db8::1" },
	{ "multicast SAFI", IBGP, "", BASE "80 0e 0b 0001 02 04 0a000001 00 "
	    "08 0a", "", "discard MP_REACH_NLRI:address family not "
	    "negotiated" },

	/* RFC 7606 s. 3 c: flags */
	{ "ORIGIN flags", IBGP, "", "c0 01 01 00 " PATH NH, NLRI,
	    "withdraw ORIGIN:wrong flags -10.0.0.0/8" },
	{ "MED flags", IBGP, "", BASE "c0 04 04 00000005", NLRI,
	    "withdraw MULTI_EXIT_DISC:wrong flags -10.0.0.0/8" },
	{ "COMMUNITIES flags", IBGP, "", BASE "80 08 04 00010002", NLRI,
	    "withdraw COMMUNITIES:wrong flags -10.0.0.0/8" },
	{ "ATOMIC_AGGREGATE flags", IBGP, "", BASE "c0 06 00", NLRI,
	    "withdraw ATOMIC_AGGREGATE:wrong flags -10.0.0.0/8" },
	{ "MP_REACH_NLRI flags", IBGP, "", ORIGIN PATH
	    "c0 0e 1a 0002 01 10 " G6 "00 20 20010db8", "",
	    "withdraw MP_REACH_NLRI:wrong flags -2001:db8::/32" },

	/* s. 3 d: mandatory attributes */
	{ "no attributes", IBGP, "", "", NLRI, "withdraw ORIGIN:missing "
	    "AS_PATH:missing NEXT_HOP:missing -10.0.0.0/8" },
	{ "no ORIGIN", IBGP, "", PATH NH, NLRI,
	    "withdraw ORIGIN:missing -10.0.0.0/8" },
	{ "no AS_PATH, v6", IBGP, "", ORIGIN REACH6, "",
	    "withdraw AS_PATH:missing -2001:db8::/32" },
	{ "no NEXT_HOP", IBGP, "", ORIGIN PATH, NLRI,
	    "withdraw NEXT_HOP:missing -10.0.0.0/8" },

	/* s. 3 g: duplicates */
	{ "ORIGIN twice", IBGP, "", BASE "40 01 01 09", NLRI,
	    "discard ORIGIN:appears more than once +10.0.0.0/8@10.0.0.1" },
	{ "unknown twice", IBGP, "", BASE "c0 63 00 c0 63 00", NLRI,
	    "discard 99:appears more than once +10.0.0.0/8@10.0.0.1" },
	{ "MP_REACH_NLRI twice", IBGP, "", ORIGIN PATH REACH6 REACH6, "",
	    "reset 3/1 MP_REACH_NLRI:appears more than once" },
	{ "MP_UNREACH_NLRI twice", IBGP, "", UNREACH6 UNREACH6, "",
	    "reset 3/1 MP_UNREACH_NLRI:appears more than once" },

	/* s. 3 h: the strongest verdict */
	{ "discard and withdraw", IBGP, "", BASE "40 06 01 00 80 04 01 00",
	    NLRI, "withdraw ATOMIC_AGGREGATE:wrong length "
	    "MULTI_EXIT_DISC:wrong length -10.0.0.0/8" },
	{ "withdraw and discard", IBGP, "", BASE "80 04 01 00 40 06 01 00",
	    NLRI, "withdraw MULTI_EXIT_DISC:wrong length "
	    "ATOMIC_AGGREGATE:wrong length -10.0.0.0/8" },

	/* s. 4: lengths of attributes */
	{ "attribute overruns", IBGP, "", BASE "c0 08 05 00010002", NLRI,
	    "withdraw COMMUNITIES:runs past the attribute list -10.0.0.0/8" },
	{ "one byte left", IBGP, "", BASE "40", NLRI,
	    "withdraw -:runs past the attribute list -10.0.0.0/8" },
	{ "two bytes left", IBGP, "", BASE "4004", NLRI, "withdraw "
	    "MULTI_EXIT_DISC:runs past the attribute list -10.0.0.0/8" },
	{ "three bytes left of four", IBGP, "", BASE "500400", NLRI, "withdraw "
	    "MULTI_EXIT_DISC:runs past the attribute list -10.0.0.0/8" },
	{ "MP_REACH_NLRI overruns", IBGP, "", BASE
	    "80 0e 1b 0002 01 10 " G6 "00 20 20010db8", NLRI,
	    "reset 3/1 MP_REACH_NLRI:runs past the attribute list" },

	/* s. 5.2: errors without prefixes */
	{ "error, no prefixes", IBGP, "", "40 01 01 09 " PATH NH, "",
	    "reset 3/1 ORIGIN:invalid value "
	    "-:attribute error in a message without prefixes" },
	{ "error, withdrawals only", IBGP, NLRI, "40 01 01 09", "",
	    "reset 3/1 ORIGIN:invalid value "
	    "-:attribute error in a message without prefixes" },
	{ "discard, no prefixes", IBGP, NLRI, "40 06 01 00", "",
	    "discard ATOMIC_AGGREGATE:wrong length -10.0.0.0/8" },
	{ "overrun, no prefixes", IBGP, "", "40 01 05 00", "",
	    "reset 3/1 ORIGIN:runs past the attribute list "
	    "-:attribute error in a message without prefixes" },

	/* s. 5.3: prefixes */
	{ "prefix too long", IBGP, "", BASE, "21 0a00000000",
	    "reset 3/10 -:prefixes cannot be parsed" },
	{ "prefix cut short", IBGP, "", BASE, "18 0a00",
	    "reset 3/10 -:prefixes cannot be parsed" },
	{ "withdrawn too long", IBGP, "ff 0a", "", "",
	    "reset 3/10 -:prefixes cannot be parsed" },
	{ "withdrawn cut short", IBGP, "10 0a", "", "",
	    "reset 3/10 -:prefixes cannot be parsed" },
	{ "v6 path id cut short", ADDPATH2, "", "80 0f 06 0002 01 000001", "",
	    "reset 3/9 MP_UNREACH_NLRI:prefixes cannot be parsed" },
	{ "v6 prefix of a path id cut short", ADDPATH2, "",
	    "80 0f 0b 0002 01 00000001 20 20010d", "",
	    "reset 3/9 MP_UNREACH_NLRI:prefixes cannot be parsed" },
	{ "path id cut short", ADDPATH, "", BASE, "000001 08 0a",
	    "reset 3/10 -:prefixes cannot be parsed" },
	{ "v6 prefix too long", IBGP, "", ORIGIN PATH
	    "80 0e 27 0002 01 10 " G6 "00 81 20010db8 00000000 00000000 "
	    "00000001 00",
	    "", "reset 3/9 MP_REACH_NLRI:prefixes cannot be parsed" },
	{ "v6 prefix cut short", IBGP, "", "80 0f 06 0002 01 20 2001", "",
	    "reset 3/9 MP_UNREACH_NLRI:prefixes cannot be parsed" },

	/* s. 7.1 - 7.4 */
	{ "ORIGIN length", IBGP, "", "40 01 02 0000 " PATH NH, NLRI,
	    "withdraw ORIGIN:wrong length -10.0.0.0/8" },
	{ "ORIGIN empty", IBGP, "", "40 01 00 " PATH NH, NLRI,
	    "withdraw ORIGIN:wrong length -10.0.0.0/8" },
	{ "ORIGIN value", IBGP, "", "40 01 01 03 " PATH NH, NLRI,
	    "withdraw ORIGIN:invalid value -10.0.0.0/8" },
	{ "AS_PATH segment type", IBGP, "", ORIGIN
	    "40 02 06 05 01 0000fde9 " NH, NLRI,
	    "withdraw AS_PATH:malformed segment -10.0.0.0/8" },
	{ "AS_PATH segment type 0", IBGP, "", ORIGIN
	    "40 02 06 00 01 0000fde9 " NH, NLRI,
	    "withdraw AS_PATH:malformed segment -10.0.0.0/8" },
	{ "AS_PATH segment empty", IBGP, "", ORIGIN "40 02 02 02 00 " NH,
	    NLRI, "withdraw AS_PATH:malformed segment -10.0.0.0/8" },
	{ "AS_PATH segment overrun", IBGP, "", ORIGIN
	    "40 02 06 02 02 0000fde9 " NH, NLRI,
	    "withdraw AS_PATH:malformed segment -10.0.0.0/8" },
	{ "AS_PATH segment underrun", IBGP, "", ORIGIN
	    "40 02 07 02 01 0000fde9 02 " NH, NLRI,
	    "withdraw AS_PATH:malformed segment -10.0.0.0/8" },
	{ "AS_PATH with AS 0", IBGP, "", ORIGIN
	    "40 02 0a 02 02 0000fde9 00000000 " NH, NLRI,
	    "withdraw AS_PATH:AS 0 -10.0.0.0/8" },
	{ "confederation, external", EBGP, "", ORIGIN
	    "40 02 06 03 01 0000fde9 " NH, NLRI, "withdraw "
	    "AS_PATH:confederation segment from outside -10.0.0.0/8" },
	{ "NEXT_HOP length", IBGP, "", ORIGIN PATH "40 03 03 0a0000", NLRI,
	    "withdraw NEXT_HOP:wrong length -10.0.0.0/8" },
	{ "NEXT_HOP 0/8", IBGP, "", ORIGIN PATH "40 03 04 00000000", NLRI,
	    "ok +10.0.0.0/8@0.0.0.0" },
	{ "NEXT_HOP 127/8", IBGP, "", ORIGIN PATH "40 03 04 7f000001", NLRI,
	    "ok +10.0.0.0/8@127.0.0.1" },
	{ "NEXT_HOP multicast", IBGP, "", ORIGIN PATH "40 03 04 efffffff",
	    NLRI, "withdraw NEXT_HOP:unusable next hop -10.0.0.0/8" },
	{ "NEXT_HOP broadcast", IBGP, "", ORIGIN PATH "40 03 04 ffffffff",
	    NLRI, "withdraw NEXT_HOP:unusable next hop -10.0.0.0/8" },
	{ "NEXT_HOP that no prefix uses", IBGP, "", ORIGIN PATH
	    "40 03 04 e0000001" REACH6, "",
	    "ok +2001:db8::/32@2001:db8::1" },
	{ "MED length", IBGP, "", BASE "80 04 03 000005", NLRI,
	    "withdraw MULTI_EXIT_DISC:wrong length -10.0.0.0/8" },

	/* s. 7.5 - 7.10 */
	{ "LOCAL_PREF length", IBGP, "", BASE "40 05 05 0000000064", NLRI,
	    "withdraw LOCAL_PREF:wrong length -10.0.0.0/8" },
	{ "LOCAL_PREF, external", EBGP, "", BASE "40 05 05 0000000064", NLRI,
	    "discard LOCAL_PREF:not expected from an external peer "
	    "+10.0.0.0/8@10.0.0.1" },
	{ "ATOMIC_AGGREGATE length", IBGP, "", BASE "40 06 01 00", NLRI,
	    "discard ATOMIC_AGGREGATE:wrong length +10.0.0.0/8@10.0.0.1" },
	{ "AGGREGATOR length", IBGP, "", BASE "c0 07 06 fde9 01020304", NLRI,
	    "discard AGGREGATOR:wrong length +10.0.0.0/8@10.0.0.1" },
	{ "AGGREGATOR length, two octets", IBGP2, "", BASE2
	    "c0 07 08 0000fde9 01020304", NLRI,
	    "discard AGGREGATOR:wrong length +10.0.0.0/8@10.0.0.1" },
	{ "AGGREGATOR with AS 0", IBGP, "", BASE "c0 07 08 00000000 01020304",
	    NLRI, "discard AGGREGATOR:AS 0 +10.0.0.0/8@10.0.0.1" },
	{ "COMMUNITIES length", IBGP, "", BASE "c0 08 05 0001000200", NLRI,
	    "withdraw COMMUNITIES:wrong length -10.0.0.0/8" },
	{ "COMMUNITIES empty", IBGP, "", BASE "c0 08 00", NLRI,
	    "withdraw COMMUNITIES:wrong length -10.0.0.0/8" },
	{ "ORIGINATOR_ID length", IBGP, "", BASE "80 09 03 010203", NLRI,
	    "withdraw ORIGINATOR_ID:wrong length -10.0.0.0/8" },
	{ "ORIGINATOR_ID, external", EBGP, "", BASE "80 09 04 01020304", NLRI,
	    "discard ORIGINATOR_ID:not expected from an external peer "
	    "+10.0.0.0/8@10.0.0.1" },
	{ "CLUSTER_LIST length", IBGP, "", BASE "80 0a 03 010203", NLRI,
	    "withdraw CLUSTER_LIST:wrong length -10.0.0.0/8" },
	{ "CLUSTER_LIST empty", IBGP, "", BASE "80 0a 00", NLRI,
	    "withdraw CLUSTER_LIST:wrong length -10.0.0.0/8" },
	{ "CLUSTER_LIST, external", EBGP, "", BASE "80 0a 04 01020304", NLRI,
	    "discard CLUSTER_LIST:not expected from an external peer "
	    "+10.0.0.0/8@10.0.0.1" },

	/* s. 7.11, 7.12 */
	{ "MP_REACH_NLRI too short", IBGP, "", ORIGIN PATH
	    "80 0e 04 0002 01 00", "", "reset 3/9 MP_REACH_NLRI:wrong length" },
	{ "MP_REACH_NLRI next hop overruns", IBGP, "", ORIGIN PATH
	    "80 0e 08 0002 01 10 20010db8", "",
	    "reset 3/9 MP_REACH_NLRI:wrong length" },
	{ "MP_REACH_NLRI next hop length", IBGP, "", ORIGIN PATH
	    "80 0e 0e 0002 01 04 0a000001 00 20 20010db8", "",
	    "reset 3/9 MP_REACH_NLRI:unusable next hop" },
	{ "MP_REACH_NLRI next hop shorter than 4", IBGP, "", ORIGIN PATH
	    "80 0e 0a 0001 01 03 0a0000 00 08 0a", "",
	    "reset 3/9 MP_REACH_NLRI:unusable next hop" },
	{ "MP_REACH_NLRI link-local next hop", IBGP, "", ORIGIN PATH
	    "80 0e 1a 0002 01 10 " LL6 "00 20 20010db8", "",
	    "ok +2001:db8::/32@fe80::1" },
	{ "MP_REACH_NLRI loopback next hop", IBGP, "", ORIGIN PATH
	    "80 0e 1a 0002 01 10 00000000000000000000000000000001 "
	    "00 20 20010db8", "", "ok +2001:db8::/32@::1" },
	{ "MP_REACH_NLRI multicast next hop", IBGP, "", ORIGIN PATH
	    "80 0e 1a 0002 01 10 ff020000000000000000000000000001 "
	    "00 20 20010db8", "",
	    "withdraw MP_REACH_NLRI:unusable next hop -2001:db8::/32" },
	{ "MP_REACH_NLRI without prefixes", IBGP, "", BASE
	    "80 0e 15 0002 01 10 " G6 "00", "", "ok" },
	{ "MP_UNREACH_NLRI too short", IBGP, "", "80 0f 00", "",
	    "reset 3/9 MP_UNREACH_NLRI:wrong length" },

	/* s. 7.14, 7.15, RFC 8092 */
	{ "EXTENDED_COMMUNITIES length", IBGP, "", BASE
	    "c0 10 07 00020001000000", NLRI,
	    "withdraw EXTENDED_COMMUNITIES:wrong length -10.0.0.0/8" },
	{ "IPV6_EXTENDED_COMMUNITIES length", IBGP, "", BASE
	    "c0 19 04 00020000", NLRI,
	    "withdraw IPV6_EXTENDED_COMMUNITIES:wrong length -10.0.0.0/8" },
	{ "LARGE_COMMUNITIES length", IBGP, "", BASE
	    "c0 20 08 0000000100000002", NLRI,
	    "withdraw LARGE_COMMUNITIES:wrong length -10.0.0.0/8" },

	/* RFC 6793 */
	{ "AS4_PATH, four octets", IBGP, "", BASE "c0 11 06 02 01 0000fde9",
	    NLRI, "discard AS4_PATH:not expected on a four-octet AS session "
	    "+10.0.0.0/8@10.0.0.1" },
	{ "AS4_AGGREGATOR, four octets", IBGP, "", BASE
	    "c0 12 08 0000fde9 01020304", NLRI, "discard "
	    "AS4_AGGREGATOR:not expected on a four-octet AS session "
	    "+10.0.0.0/8@10.0.0.1" },
	{ "AS4_PATH malformed", IBGP2, "", BASE2 "c0 11 05 02 01 0000fd",
	    NLRI, "discard AS4_PATH:malformed segment "
	    "+10.0.0.0/8@10.0.0.1" },
	{ "AS4_PATH empty", IBGP2, "", BASE2 "c0 11 00", NLRI,
	    "discard AS4_PATH:wrong length +10.0.0.0/8@10.0.0.1" },
	{ "AS4_PATH before AS_PATH", IBGP2, "", ORIGIN
	    "c0 11 06 02 01 00010000 40 02 04 02 01 5ba0 " NH, NLRI,
	    "ok +10.0.0.0/8@10.0.0.1" },
	{ "AS4_AGGREGATOR length", IBGP2, "", BASE2 "c0 12 04 0000fde9",
	    NLRI, "discard AS4_AGGREGATOR:wrong length "
	    "+10.0.0.0/8@10.0.0.1" },
	{ "four-octet path on a two-octet session", IBGP2, "", BASE, NLRI,
	    "withdraw AS_PATH:AS 0 -10.0.0.0/8" },

	/* RFC 4271 6.3 */
	{ "unrecognized well-known", IBGP, "", BASE "40 63 01 00", NLRI,
	    "reset 3/2 99:unrecognized well-known attribute" }
};

/* The routes as rde would read them. */
static void
dump_routes(FILE *f, struct bgp_update *u, struct bgp_routes *r)
{
	char prefix[PREFIXSTRLEN], nexthop[ADDRSTRLEN];
	struct route_batch head;
	struct prefix p;
	struct ibuf *b, in;
	uint32_t id, n = 0, count = r->count;

	ATF_REQUIRE((b = ibuf_new(IMSG_BODY_MAX)) != NULL);
	u->attrs.nexthop = r->nexthop;
	ATF_REQUIRE_EQ(0,
	    route_batch_start(b, 5, r->af, r->withdraw ? NULL : &u->attrs));
	ATF_REQUIRE_EQ(count, bgp_routes_put(b, r));
	ATF_REQUIRE_EQ(0, r->len);
	ATF_REQUIRE_EQ(0, bgp_routes_put(b, r));
	ibuf_from(&in, b->buf, b->wpos);
	ATF_REQUIRE_EQ(0, route_batch_get(&in, &head));
	ATF_REQUIRE_EQ(5, head.peer);
	while (route_batch_next(&in, &head, &id, &p) == 1) {
		fprintf(f, " %c%s", head.withdraw ? '-' : '+',
		    prefix_format(&p, prefix));
		if (id != PATH_ID_NONE)
			fprintf(f, "#%u", id);
		if (!head.withdraw)
			fprintf(f, "@%s",
			    addr_format(&head.attrs.nexthop, nexthop));
		n++;
	}
	ATF_CHECK_EQ(count, n);
	ibuf_free(b);
}

static char *
dump(struct bgp_update *u, enum bgp_verdict v)
{
	static const char *const verdicts[] = { "ok", "discard", "withdraw",
		"reset" };
	const char *name;
	char *text;
	size_t len;
	FILE *f;
	unsigned int i;

	ATF_REQUIRE((f = open_memstream(&text, &len)) != NULL);
	ATF_CHECK_EQ(v, u->verdict);
	fputs(verdicts[v], f);
	if (v == BGP_RESET)
		fprintf(f, " %u/%u", u->error.code, u->error.subcode);
	for (i = 0; i < u->nevents && i < BGP_EVENTS_MAX; i++) {
		name = bgp_attr_name(u->events[i].attr);
		if (name != NULL)
			fprintf(f, " %s", name);
		else if (u->events[i].attr == 0)
			fprintf(f, " -");
		else
			fprintf(f, " %u", u->events[i].attr);
		fprintf(f, ":%s", bgp_reason_text(u->events[i].reason));
	}
	if (u->eor != 0)
		fprintf(f, " eor%c", u->eor == AF_INET ? '4' : '6');
	for (i = 0; v != BGP_RESET && i < u->nroutes; i++)
		dump_routes(f, u, &u->routes[i]);
	fclose(f);
	return (text);
}

ATF_TC_WITHOUT_HEAD(verdicts);
ATF_TC_BODY(verdicts, tc)
{
	struct bgp_update *u = update_new();
	const struct row *row;
	uint8_t msg[BGP_MSG_MAX], *exact;
	size_t i, len;
	char *text;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		row = &rows[i];
		len = build(msg, row->withdrawn, row->attrs, row->nlri);
		/* Of its exact size, for the sanitizers. */
		ATF_REQUIRE((exact = malloc(len)) != NULL);
		memcpy(exact, msg, len);
		text = dump(u,
		    bgp_update_decode(u, &params[row->kind], exact, len));
		ATF_CHECK_MSG(strcmp(text, row->expect) == 0,
		    "%s: \"%s\", expected \"%s\"", row->name, text,
		    row->expect);
		free(text);
		free(exact);
	}
	free(u);
}

/* The message's own lengths, and the same message cut at every byte. */
ATF_TC_WITHOUT_HEAD(lengths);
ATF_TC_BODY(lengths, tc)
{
	static const char *const bad[] = { "", "00", "0000", "000000",
		"0001 0000", "ffff 0000", "0000 0001", "0000 ffff",
		"0001 00 0001", "0001 00 00" };
	struct bgp_update *u = update_new();
	uint8_t msg[BGP_MSG_MAX], *exact;
	size_t i, len;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		len = unhex(bad[i], msg);
		ATF_CHECK_EQ_MSG(BGP_RESET,
		    bgp_update_decode(u, &params[IBGP], msg, len), "%s",
		    bad[i]);
		ATF_CHECK_EQ(BGP_ERR_UPDATE, u->error.code);
		ATF_CHECK_EQ(BGP_UPDATE_LIST, u->error.subcode);
		ATF_CHECK_EQ(0, u->error.len);
	}
	len = build(msg, "08 0a", BASE REACH6 UNREACH6, "");
	for (i = 0; i < len; i++) {
		ATF_REQUIRE((exact = malloc(i + 1)) != NULL);
		memcpy(exact, msg, i);
		ATF_CHECK_EQ_MSG(BGP_RESET,
		    bgp_update_decode(u, &params[IBGP], exact, i), "%zu", i);
		free(exact);
	}
	ATF_CHECK_EQ(BGP_OK, bgp_update_decode(u, &params[IBGP], msg, len));
	free(u);
}

/* RFC 4271 6.3: the attribute is the data of its error. */
ATF_TC_WITHOUT_HEAD(error_data);
ATF_TC_BODY(error_data, tc)
{
	static const uint8_t attr[] = { 0x80, 0x0f, 0x02, 0x00, 0x02 };
	struct bgp_update *u = update_new();
	uint8_t msg[BGP_MSG_MAX];
	size_t len;

	len = build(msg, "", BASE "80 0f 02 0002", "");
	ATF_CHECK_EQ(BGP_RESET, bgp_update_decode(u, &params[IBGP], msg, len));
	ATF_CHECK_EQ(BGP_UPDATE_OPTIONAL, u->error.subcode);
	ATF_REQUIRE_EQ(sizeof(attr), u->error.len);
	ATF_CHECK_EQ(0, memcmp(attr, u->error.data, sizeof(attr)));
	free(u);
}

ATF_TC_WITHOUT_HEAD(attributes);
ATF_TC_BODY(attributes, tc)
{
	struct bgp_update *u = update_new();
	uint8_t msg[BGP_MSG_MAX];
	const struct attrs *a = &u->attrs;
	size_t len;

	len = build(msg, "", "40 01 01 02 " PATH NH
	    "80 04 04 00000005 40 05 04 00000064 80 09 04 01020304 "
	    "80 0a 08 0102030405060708 c0 08 04 00010002 "
	    "c0 10 08 0002000100000002 c0 20 0c 000000010000000200000003 ",
	    NLRI);
	ATF_REQUIRE_EQ(BGP_OK,
	    bgp_update_decode(u, &params[IBGP], msg, len));
	ATF_CHECK_EQ(ORIGIN_INCOMPLETE, a->origin);
	ATF_CHECK_EQ(ATTR_HAS_MED | ATTR_HAS_LOCAL_PREF | ATTR_HAS_ORIGINATOR,
	    a->has);
	ATF_CHECK_EQ(5, a->med);
	ATF_CHECK_EQ(100, a->local_pref);
	ATF_CHECK_EQ(0x01020304, a->originator);
	ATF_CHECK_EQ(2, a->cluster_len);
	ATF_CHECK_EQ(6, a->as_path_len);
	ATF_CHECK_EQ(0xfde9, bgp_get32(a->as_path + 2));
	ATF_CHECK_EQ(4, a->communities_len);
	ATF_CHECK_EQ(8, a->ext_communities_len);
	ATF_CHECK_EQ(12, a->large_communities_len);
	ATF_CHECK_EQ(3, bgp_get32(a->large_communities + 8));
	free(u);
}

/* RFC 6793 4.2.3: the path of a two-octet session. */
ATF_TC_WITHOUT_HEAD(as4_merge);
ATF_TC_BODY(as4_merge, tc)
{
	static const struct {
		const char *attrs, *path;
	} merge[] = {
		{ "40 02 06 02 02 fde9 fdea", "0202 0000fde9 0000fdea" },
		{ "40 02 08 02 03 fde9 5ba0 5ba0 "
		  "c0 11 0a 02 02 00010000 00010001",
		    "0201 0000fde9 0202 00010000 00010001" },
		{ "40 02 06 02 02 5ba0 5ba0 c0 11 0a 02 02 00010000 00010001",
		    "0202 00010000 00010001" },
		/* longer than AS_PATH: ignored */
		{ "40 02 04 02 01 5ba0 c0 11 0a 02 02 00010000 00010001",
		    "0201 00005ba0" },
		/* a set is one hop */
		{ "40 02 0a 01 02 fde9 fdea 02 01 5ba0 "
		  "c0 11 06 02 01 00010000",
		    "0102 0000fde9 0000fdea 0201 00010000" },
		/* confederation segments lead, and are none of AS4_PATH's */
		{ "40 02 08 03 01 fde8 02 01 5ba0 "
		  "c0 11 0c 03 01 0000fde8 02 01 00010000",
		    "0301 0000fde8 0201 00010000" },
		/* RFC 6793 4.2.3: AGGREGATOR of one who was no AS_TRANS */
		{ "40 02 04 02 01 5ba0 c0 11 06 02 01 00010000 "
		  "c0 07 06 fde9 01020304 c0 12 08 00010000 01020304",
		    "0201 00005ba0" },
		{ "40 02 04 02 01 5ba0 c0 11 06 02 01 00010000 "
		  "c0 07 06 5ba0 01020304 c0 12 08 00010000 01020304",
		    "0201 00010000" },
		{ "40 02 00 c0 11 06 02 01 00010000", "" }
	};
	struct bgp_update *u = update_new();
	uint8_t msg[BGP_MSG_MAX], want[64];
	char attrs[256];
	size_t i, len, n;

	for (i = 0; i < sizeof(merge) / sizeof(merge[0]); i++) {
		snprintf(attrs, sizeof(attrs), "%s%s%s", ORIGIN NH,
		    merge[i].attrs, "");
		len = build(msg, "", attrs, NLRI);
		ATF_CHECK_EQ_MSG(BGP_OK,
		    bgp_update_decode(u, &params[IBGP2], msg, len), "%zu", i);
		n = unhex(merge[i].path, want);
		ATF_CHECK_EQ_MSG(n, u->attrs.as_path_len, "%zu: %u bytes", i,
		    u->attrs.as_path_len);
		ATF_CHECK_MSG(n != u->attrs.as_path_len ||
			n == 0 || memcmp(want, u->attrs.as_path, n) == 0,
		    "%zu", i);
	}
	free(u);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, verdicts);
	ATF_TP_ADD_TC(tp, lengths);
	ATF_TP_ADD_TC(tp, error_data);
	ATF_TP_ADD_TC(tp, attributes);
	ATF_TP_ADD_TC(tp, as4_merge);
	return (atf_no_error());
}
