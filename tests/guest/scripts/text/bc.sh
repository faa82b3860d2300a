echo '1+2*3' | bc; echo 'scale=10; 1/3; sqrt(2)' | bc; echo '2^100' | bc
echo 'ibase=16; FF' | bc; echo 'obase=2; 10' | bc
bc <<END
define f(n) { if (n <= 1) return 1; return n * f(n - 1); }
f(30)
for (i = 0; i < 3; i++) i
x = 5; x += 3; x
"text
"
1 < 2; 3 == 4; !0
END
echo 'scale=20; s(1); a(1)*4; e(1); l(2)' | bc -l
echo '2 3 + p 4 * p' | dc; echo '10 k 2 v p' | dc; echo '16 i FF p' | dc
echo '[la1+dsa5>b]sb0salbxlap' | dc; echo '3 4 5 f' | dc
echo '1/0' | bc 2>/dev/null; echo "status $?"
