seq 1 10 > a; sed 's/5/five/; 8d' a > b; echo 11 >> b
diff a b; echo "status $?"; diff -u a b | sed 's/\t.*//'; diff a a; echo "status $?"
diff -q a b; diff -i a b | wc -l; diff -U 1 a b | sed 's/\t.*//'
diff -u a b > p; cp a c; patch c < p; cmp b c; echo "status $?"; patch -R c < p; cmp a c; echo "status $?"
mkdir x y; cp a x/f; cp b y/f; echo only > x/only; diff -r x y; diff -rq x y; diff -rN x y | head -n 2
printf 'a b\n' > s; printf 'a  b\n' > t; diff -b s t; echo "status $?"
diff -w s t; echo "status $?"; printf 'x' > u; printf 'x\n' > v; diff u v
cp a z; patch --dry-run z < p; cmp a z; echo garbage | patch z; echo "status $?"
diff a missing; echo "status $?"
