seq 1 25 > f; cat f - f < /dev/null | wc -l; cat missing f | wc -l
echo piped | cat - f | head -n 1; cat /dev/null; echo $?; cat .; echo "status $?"
cat f f > g; cmp f g; echo "status $?"; printf 'a\n\n\nb\t\001\n' | cat -v
printf 'a\n\nb\n' | cat -b; printf 'x' | cat - /dev/null; echo; cat < f > h
cmp f h && echo equal; seq 1 60000 > big
cat big big | wc -c; cat big | cat | cat | md5sum; md5sum < big
