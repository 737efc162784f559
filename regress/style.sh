#!/bin/sh
# style.sh FILE...: the parts of style(9) that a line shows. Columns of
# declarations and tables are aligned by hand, which clang-format (whose
# settings for editors are in .clang-format) cannot keep.
set -u
awk '
function bad(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; n++ }
FNR == 1 { code = FILENAME ~ /\.[ch]$/; if ($0 !~ /SPDX-License-Identifier/)
	bad("no SPDX line") }
{
	line = $0
	width = 0
	for (i = 1; i <= length(line); i++)
		width = substr(line, i, 1) == "\t" ? \
		    width + 8 - width % 8 : width + 1
	if (width > 80) bad("longer than 80 columns")
}
/[ \t]$/ { bad("blanks at the end of the line") }
/^        / { bad("indented with spaces") }
/ \t/ && !/^[ \t]*\*/ && !/"/ && !/^[ \t]*$/ && !/[^ \t]/ {
	bad("a space before a tab") }
code && /(^|[^:"])\/\/ / { bad("a // comment") }
code && /(^|[^_a-z])(if|for|while|switch)\(/ && !/^#/ && !/"/ {
	bad("no space behind a keyword") }
code && /^[ \t]*return [^(;]/ { bad("return without parentheses") }
code && /^[ \t]*else/ && prev ~ /^[ \t]*}[ \t]*$/ { bad("} and else apart") }
code && /\)[ \t]*{[ \t]*$/ && /^[a-z]/ && !/^(struct|union|enum|static const)/ {
	bad("a function opens on a line of its own") }
{ prev = $0 }
END { exit n > 0 }
' "$@"
