# packetframed: build, test, install.  GNU make.
#
#	make			build/packetframed and build/pfctl
#	make deps		install what a Debian lacks (root)
#	make demo check check-san lint bench fuzz install
#
# O= names the build folder; SAN= adds sanitizer flags.

VERSION ?=	0.1.0
O ?=		build
PREFIX ?=	/usr
SYSCONFDIR ?=	/etc
UNITDIR ?=	/lib/systemd/system
MANDIR ?=	$(PREFIX)/share/man
SAN ?=
CC ?=		cc
BPF_CLANG ?=	clang
BPFTOOL ?=	$(firstword $(wildcard /usr/sbin/bpftool) bpftool)
YACC ?=		byacc
V ?=
Q =		$(if $(V),,@)
say =		$(if $(V),,@echo "  $(1)	$(2)";)

ROOMS =		lib conf parent rde bgpe bmpe control
MULTIARCH :=	$(shell $(CC) -print-multiarch 2>/dev/null)

CPPFLAGS +=	-D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I$(O) \
		-DLIBBSD_OVERLAY -isystem /usr/include/bsd
WARN =		-Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
		-Wmissing-prototypes -Wpointer-arith -Wcast-qual \
		-Wno-unused-parameter
HARDEN =	-fPIE -fstack-protector-strong -fstack-clash-protection \
		$(if $(SAN),,-D_FORTIFY_SOURCE=2)
CFLAGS ?=	-O2 -g
ALL_CFLAGS =	-std=gnu11 $(CFLAGS) $(WARN) $(HARDEN) $(SAN) $(CPPFLAGS)
LDFLAGS +=	-pie -Wl,-z,relro,-z,now $(SAN)
LIBS_PFCTL =	-lbsd
LIBS =		-lbpf -lelf -lz -levent_core -lcap-ng -lseccomp -lmnl -lbsd
BPF_CFLAGS =	-std=gnu11 -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror \
		-Wno-unused-parameter -I/usr/include/$(MULTIARCH)

# A room's objects are an archive; mains stay out of it.
srcs =		$(filter-out parent/main.c,$(wildcard $(1)/*.c))
objs =		$(patsubst %.c,$(O)/%.o,$(call srcs,$(1)))
archive =	$(O)/$(1)/$(1).a
ARCHIVES =	$(foreach r,$(ROOMS),$(call archive,$(r)))
# Rooms use lib and nothing else, so lib comes last.
LINK_ROOMS =	$(foreach r,$(filter-out lib,$(ROOMS)),$(call archive,$(r))) \
		$(call archive,lib)

BPF_SRCS =	$(wildcard bpf/*.bpf.c)
SKELS =		$(patsubst bpf/%.bpf.c,$(O)/bpf/%.skel.h,$(BPF_SRCS))

TEST_C =	$(wildcard regress/unit/*_test.c regress/packet/*_test.c \
		regress/net/*_test.c)
TEST_SH =	$(wildcard regress/*/*_test.sh)
TEST_BINS =	$(patsubst %.c,$(O)/%,$(TEST_C))
TEST_SCRIPTS =	$(patsubst %.sh,$(O)/%,$(TEST_SH))
# Programs that tests and benches run.
TOOL_C =	$(wildcard regress/tools/*.c)
TOOLS =		$(patsubst %.c,$(O)/%,$(TOOL_C))
BENCH_C =	$(wildcard regress/bench/*.c)
BENCH_BINS =	$(patsubst %.c,$(O)/%,$(BENCH_C))
FUZZ_C =	$(wildcard regress/fuzz/*_fuzz.c)
FUZZ_BINS =	$(patsubst %.c,$(O)/%,$(FUZZ_C))

all: $(O)/packetframed $(O)/pfctl

$(O)/packetframed: $(O)/parent/main.o $(LINK_ROOMS)
	$(call say,LD,$@) $(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(O)/pfctl: $(call objs,pfctl) $(call archive,lib)
	$(call say,LD,$@) $(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

define room_rule
$(call archive,$(1)): $(call objs,$(1)) $(if $(filter conf,$(1)),$(O)/conf/parse.o)
	$$(call say,AR,$$@) rm -f $$@; ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/conf/parse.c: conf/parse.y
	@mkdir -p $(@D)
	$(call say,YACC,$<) $(YACC) -o $@ $<

$(O)/conf/parse.o: $(O)/conf/parse.c
	$(call say,CC,$<) $(CC) $(ALL_CFLAGS) -Wno-shadow -Wno-missing-prototypes \
	    -Iconf -MMD -MP -c -o $@ $<

$(O)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$<) $(BPF_CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -c -o $@ $<

$(O)/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	$(call say,SKEL,$@) $(BPFTOOL) gen skeleton $< name $(subst .,_,$*) >$@.tmp && \
	    mv $@.tmp $@

# The only users of skeletons.
$(call objs,parent) $(TEST_BINS:%=%.o) $(BENCH_BINS:%=%.o): | $(SKELS)

$(TEST_BINS): $(O)/%: $(O)/%.o $(LINK_ROOMS)
	$(call say,LD,$@) $(CC) $(LDFLAGS) -o $@ $^ -latf-c $(LIBS)

$(BENCH_BINS) $(TOOLS): $(O)/%: $(O)/%.o $(LINK_ROOMS)
	$(call say,LD,$@) $(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lm

$(TEST_SCRIPTS): $(O)/%: %.sh
	@mkdir -p $(@D)
	$(call say,SH,$@) { echo '#!/usr/bin/env atf-sh'; cat $<; } >$@ && chmod +x $@

$(O)/regress/%Kyuafile: regress/%Kyuafile
	@mkdir -p $(@D)
	@cp $< $@

KYUAFILES =	$(patsubst %,$(O)/%,$(wildcard regress/Kyuafile regress/*/Kyuafile))

tests: all $(TEST_BINS) $(TEST_SCRIPTS) $(TOOLS) $(KYUAFILES)

.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all tests clean

clean:
	rm -rf $(O)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
