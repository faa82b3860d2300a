printf 'one two\nthree\n' > f
wc f; wc -l f; wc -w f; wc -c f; wc -m f; wc -L f; wc f f; printf 'no newline' | wc
printf '' | wc; wc < f; wc -lw f
printf 'caf\303\251\n' | wc -c; wc missing; echo "status $?"
cat /bin/busybox | wc -c > size; stat -L -c %s /bin/busybox | cmp - size; echo "status $?"
