echo text > f; ln f hard; ln -s f soft; ln -s /tmp/f absolute; ln -s missing broken
stat -c '%h %F' f hard soft; cat hard soft absolute; cat broken; echo "status $?"
readlink soft; readlink absolute; readlink broken; readlink -f soft; readlink -f absolute
readlink f; echo "status $?"; realpath soft; realpath broken/..; echo "status $?"
ln f hard; echo "status $?"; ln -f f hard; ln -s x soft; echo "status $?"
ln -sf hard soft; readlink soft; mkdir d; ln -s d dl; ln f dl/; ls d
ln -sn x dl; echo "status $?"; ln -sfn x dl; readlink dl; ln d hd; echo "status $?"
ln missing y; echo "status $?"
ln -s loop loop; cat loop; echo "status $?"; ln -s b a; ln -s a b; ls a/; echo "status $?"
rm f; cat hard; echo more >> hard; cat soft; mkdir -p t/u; ln -s t/u tu; touch tu/file
ls t/u; cd tu; pwd; pwd -P; cd ..; ls tu/..
i=0; echo end > l0; while [ $i -lt 45 ]; do ln -s l$i l$((i + 1)); i=$((i + 1)); done
cat l40; cat l41; echo "status $?"; echo through > soft; cat hard
test -h soft && test ! -h hard && echo kinds; ln -s '' nothing; echo "status $?"
ln -s "$(printf '%04095d' 0)" long; readlink long | wc -c
