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
YACC =		byacc
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
BENCH_C =	$(filter-out %.bpf.c,$(wildcard regress/bench/*.c))
BENCH_BINS =	$(patsubst %.c,$(O)/%,$(BENCH_C))
BENCH_SKELS =	$(patsubst %.bpf.c,$(O)/%.skel.h,\
		$(wildcard regress/bench/*.bpf.c))
FUZZ_C =	$(wildcard regress/fuzz/*_fuzz.c)
FUZZ_BINS =	$(patsubst %.c,$(O)/%,$(FUZZ_C))

all: $(O)/packetframed $(O)/pfctl

$(O)/packetframed: $(O)/parent/main.o $(LINK_ROOMS)
	$(call say,LD,$@) $(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# Not below $(O)/pfctl, which is the program.
PFCTL_OBJS =	$(patsubst pfctl/%.c,$(O)/pfctl-objs/%.o,$(wildcard pfctl/*.c))

$(O)/pfctl-objs/%.o: pfctl/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# pfctl without its main, for tests.
PFCTL_ARCHIVE =	$(O)/pfctl-objs/pfctl.a

$(PFCTL_ARCHIVE): $(filter-out %/main.o,$(PFCTL_OBJS))
	$(call say,AR,$@) rm -f $@; ar rcs $@ $^

$(O)/pfctl: $(PFCTL_OBJS) $(call archive,lib)
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

$(O)/%.bpf.o: %.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$<) $(BPF_CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -c -o $@ $<

$(O)/%.skel.h: $(O)/%.bpf.o
	$(call say,SKEL,$@) $(BPFTOOL) gen skeleton $< name $(notdir $*) >$@.tmp && \
	    mv $@.tmp $@

# The only users of skeletons.
$(call objs,parent) $(TEST_BINS:%=%.o) $(BENCH_BINS:%=%.o): | $(SKELS)
$(BENCH_BINS:%=%.o): | $(BENCH_SKELS)

$(TEST_BINS): $(O)/%: $(O)/%.o $(PFCTL_ARCHIVE) $(LINK_ROOMS)
	$(call say,LD,$@) $(CC) $(LDFLAGS) -o $@ $^ -latf-c $(LIBS)

$(BENCH_BINS) $(TOOLS): $(O)/%: $(O)/%.o $(LINK_ROOMS)
	$(call say,LD,$@) $(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lm

$(TEST_SCRIPTS): $(O)/%: %.sh
	@mkdir -p $(@D)
	$(call say,SH,$@) { echo '#!/usr/bin/env atf-sh'; cat $<; } >$@ && chmod +x $@

$(O)/%/Kyuafile: %/Kyuafile
	@mkdir -p $(@D)
	@cp $< $@

KYUAFILES =	$(patsubst %,$(O)/%,$(wildcard regress/Kyuafile regress/*/Kyuafile))

SUBRS =		$(patsubst %,$(O)/%,$(wildcard regress/net/*.subr))

$(O)/regress/%.subr: regress/%.subr
	@mkdir -p $(@D)
	@cp $< $@

tests: all $(TEST_BINS) $(TEST_SCRIPTS) $(TOOLS) $(KYUAFILES) $(SUBRS)

# What a Debian 12 lacks: to build, to run, to test.
DEPS_BUILD =	gcc libc6-dev make clang llvm bpftool byacc pkg-config \
		libbpf-dev libelf-dev zlib1g-dev libevent-dev libcap-ng-dev \
		libseccomp-dev libmnl-dev libbsd-dev linux-libc-dev
DEPS_TEST =	kyua libatf-dev atf-sh bird2 iproute2 iputils-ping ethtool \
		procps jq libcap2-bin gobgpd frr openbgpd exabgp
DEPS_LINT =	cppcheck mandoc shellcheck
DEPS_FUZZ =	libclang-rt-14-dev

# Asks the package manager only if something is missing.
install_deps =	@missing=; for p in $(1); do \
	    dpkg-query -W -f '$${Status}' $$p 2>/dev/null | \
	    grep -q 'ok installed' || missing="$$missing $$p"; done; \
	[ -z "$$missing" ] || { echo "installing$$missing"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends $$missing \
	    >/dev/null; }

deps:
	$(call install_deps,$(DEPS_BUILD) $(DEPS_TEST) $(DEPS_LINT) $(DEPS_FUZZ))
deps-test:
	$(call install_deps,$(DEPS_BUILD) $(DEPS_TEST))
deps-lint:
	$(call install_deps,$(DEPS_BUILD) $(DEPS_LINT))
deps-fuzz:
	$(call install_deps,$(DEPS_BUILD) $(DEPS_FUZZ))

# The dependencies come first even under -j: the rest is a make of its own.
demo: deps-test
	@$(MAKE) --no-print-directory all $(O)/regress/tools/udp
	@BUILD=$(abspath $(O)) sh regress/net/demo.sh

tools: $(TOOLS)

check: deps-test deps-fuzz
	@$(MAKE) --no-print-directory tests fuzz-short
	@sh regress/run.sh $(abspath $(O)) $(CURDIR)

SAN_FLAGS =	-fsanitize=address,undefined -fno-sanitize-recover=all
check-san: deps-test
	@$(MAKE) --no-print-directory O=$(O)-san SAN="$(SAN_FLAGS)" tests
	@sh regress/run.sh $(abspath $(O)-san) $(CURDIR)

# Fuzzers are built apart, by clang; a short run is part of check.
FUZZ_FLAGS =	-fsanitize=fuzzer-no-link,address,undefined
FUZZ_RUNS ?=	20000
FUZZ_SECONDS ?=	300

$(FUZZ_BINS): $(O)/%: $(O)/%.o $(LINK_ROOMS)
	$(call say,LD,$@) $(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

fuzz-bins: $(FUZZ_BINS)

fuzz-short:
	@$(MAKE) --no-print-directory O=$(O)-fuzz CC=clang \
	    SAN="$(FUZZ_FLAGS)" fuzz-bins
	@sh regress/fuzz/run.sh $(O)-fuzz -runs=$(FUZZ_RUNS)

fuzz: deps-fuzz
	@$(MAKE) --no-print-directory O=$(O)-fuzz CC=clang \
	    SAN="$(FUZZ_FLAGS)" fuzz-bins
	@sh regress/fuzz/run.sh $(O)-fuzz -max_total_time=$(FUZZ_SECONDS)

bench: deps-test
	@$(MAKE) --no-print-directory all tools $(BENCH_BINS)
	@BUILD=$(abspath $(O)) sh regress/bench/run.sh

LINT_C =	$(wildcard bpf/*.[ch] lib/*.[ch] conf/*.[ch] parent/*.[ch] \
		rde/*.[ch] bgpe/*.[ch] bmpe/*.[ch] control/*.[ch] \
		pfctl/*.[ch] regress/*/*.[ch])
LINT_SH =	$(wildcard regress/*.sh regress/*/*.sh regress/*/*.subr .ci/run)

lint: deps-lint
	@$(MAKE) --no-print-directory $(SKELS)
	@sh regress/style.sh $(LINT_C)
	@cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	    --enable=warning,portability -DVERSION='""' -D_GNU_SOURCE \
	    --suppress=missingIncludeSystem --suppress=ctuuninitvar -I$(O) \
	    --include=/usr/include/bsd/sys/queue.h \
	    --include=/usr/include/bsd/sys/tree.h \
	    '-DLIBBPF_OPTS(t, n, ...)=struct t n = { __VA_ARGS__ }' \
	    $(filter-out bpf/% regress/%,$(filter %.c,$(LINT_C)))
	@mandoc -T lint -W warning $(wildcard man/*.[58])
	@shellcheck -s sh $(LINT_SH)
	@echo lint: ok

install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(UNITDIR) \
	    $(DESTDIR)$(SYSCONFDIR)/packetframe \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d
	install -m 755 $(O)/packetframed $(O)/pfctl $(DESTDIR)$(PREFIX)/sbin
	install -m 644 man/packetframe.conf.5 $(DESTDIR)$(MANDIR)/man5
	install -m 644 man/packetframed.8 man/pfctl.8 $(DESTDIR)$(MANDIR)/man8
	install -m 644 etc/packetframe.service $(DESTDIR)$(UNITDIR)
	install -m 644 etc/packetframe.sysusers \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d/packetframe.conf
	install -m 640 etc/packetframe.conf.example \
	    $(DESTDIR)$(SYSCONFDIR)/packetframe/packetframe.conf.example

.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all tests tools deps deps-test deps-lint deps-fuzz demo check \
	check-san fuzz fuzz-bins fuzz-short bench lint install clean

clean:
	rm -rf $(O) $(O)-san $(O)-fuzz

-include $(shell find $(O) -type f -name '*.d' 2>/dev/null)
