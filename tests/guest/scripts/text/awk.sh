printf 'alice 30 tall\nbob 25 short\ncarol 35 tall\n' > people
awk '{print $1, $NF, NF, NR}' people; awk '$2 > 28' people; awk '/bob/{print "found " $0}' people
awk '{s += $2} END {print s, s / NR}' people
awk 'BEGIN {printf "%5.2f|%-5s|%05d|%x|%c|%e\n", 3.14159, "ab", 42, 255, 65, 12345.678}'
awk -F: '{print $2}' <<END
a:b:c
END
awk '{count[$3]++} END {for (k in count) print k, count[k]}' people | sort
awk 'BEGIN {while (i < 3) print i++; do print "d" i--; while (i > 1); for (;;) {if (++n > 2) break} print n}'
awk 'BEGIN {print length("hello"), substr("hello", 2, 3), index("hello", "l"), toupper("abc"), tolower("ABC")}'
awk 'BEGIN {n = split("a,b,c", parts, ","); print n, parts[1], parts[3]; s = "aaa"; print gsub(/a/, "b", s), s; print match("foobar", /o+/), RSTART, RLENGTH}'
awk 'function f(n) {return n <= 1 ? 1 : n * f(n - 1)} BEGIN {print f(10), f(15)}'
awk -v x=5 'BEGIN {print x * 2, x ^ 3, x % 3, -x, !x, x == 5 ? "yes" : "no"}'
awk 'BEGIN {print int(3.9), sqrt(16), int(-3.9), 7 % 4, 2 ^ 0.5}'
awk 'BEGIN {"echo from command" | getline line; print line; print "to command" | "cat"; close("cat"); system("echo system")}'
awk 'NR == 1, NR == 2 {print NR ": " $1}' people; awk 'END {print $0}' people
awk '{$2 = "X"; print}' OFS=- people
awk 'BEGIN {OFS = "-"; $3 = "c"; $1 = "a"; print; print NF}'
awk 'BEGIN {printf "%s\n", 1e6; print 0.1 + 0.2, 1 / 3, 100000000 * 10}'
awk 'BEGIN {exit 3}'; echo "status $?"; awk '{print > $1 ".txt"}' people; cat bob.txt
awk 'BEGIN {print ENVIRON["HOME"], ARGC, ARGV[1]}' arg
awk 'BEGIN {while ((getline line < "people") > 0) n++; print n}'
awk 'BEGIN { print substr("x", 0), "a" "b" + 1; print 1 == 1.0, "a" < "b" }'
seq 1000 | awk '{s += $1 * $1} END {print s}'
