printf 'a\na\nb\nc\nc\nc\na\n' > f
uniq f; uniq -c f; uniq -d f; uniq -u f; sort f | uniq -c | sort -rn
printf 'A\na\n' | uniq -i; printf '1 x\n2 x\n' | uniq -f 1; printf 'ax\nbx\n' | uniq -s 1
printf 'a\nb\nc\n' > one; printf 'b\nc\nd\n' > two
cmp one one; echo "status $?"; cmp one two; echo "status $?"
cmp -s one two; echo "status $?"; cmp -l one two; printf 'a\nb\n' > short
cmp one short; echo "status $?"
