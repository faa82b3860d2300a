cat /dev/null | wc -c; head -c 10 /dev/zero | od -An -tx1; echo x > /dev/null
echo x > /dev/full; echo "status $?"; head -c 8 /dev/urandom | wc -c
head -c 8 /dev/random | wc -c
ls -l /dev/null /dev/zero /dev/full | awk '{print $1, $5, $6}'
: < /dev/tty; echo "status $?"; echo to stdout > /dev/stdout; echo to stderr > /dev/stderr
echo in | cat /dev/stdin; test -c /dev/urandom; echo $?
ls -l /dev/stdin | awk '{print $NF}'
dd if=/dev/full bs=4 count=1 2>/dev/null | od -An -tx1
echo x | tee /dev/full; echo "status $?"; cat /dev/zero | head -c 100000 | wc -c
truncate -s 0 /dev/null; echo $?; test -w /dev/null; echo $?
