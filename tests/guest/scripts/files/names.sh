# Odd names, long paths, deep directories, dot and slash rules.
touch 'a b' "it's" 'new
line' '*' '?' -- '-x' 'ünïcode' '\back'; ls -1 | wc -l; for f in *; do test -e "$f" && echo ok; done; rm -- *; ls
mkdir -p d/e; touch d/f; cat d/f/; echo "status $?"; cat d//f; ls d/./e/.././f
ls d/f/..; echo "status $?"; ls d/f/.; echo "status $?"; test -e d/; echo $?
rm d/e/; echo "status $?"; rmdir d/e/.; echo "status $?"; rmdir d/e/; mkdir d/e
rmdir d; echo "status $?"; ls ''; echo "status $?"; mv d/f d/g/; echo "status $?"
touch new/; echo "status $?"; > d/; echo "status $?"; cat d; echo "status $?"
deep=; i=0; while [ $i -lt 50 ]; do deep=$deep/level$i; i=$((i + 1)); done
mkdir -p /tmp$deep; touch /tmp$deep/bottom; ls /tmp$deep; cd /tmp$deep; pwd | wc -c
cd /tmp; n=$(printf '%0250d' 0); mkdir $n; i=0
(while cd $n 2>/dev/null; do mkdir $n || break; i=$((i + 1)); [ $i -ge 20 ] && break; done; echo "depth $i")
rm -rf $n level0; ls | wc -l; ls $n$n; echo "status $?"; cd /; ls -d ..; ls -d /../../tmp
